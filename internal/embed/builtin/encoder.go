package builtin

import (
	"encoding/binary"
	"math"

	"github.com/rustassistant/rustassistant/internal/index/analysis"
)

// maxCachedWords bounds the words whose numbers an Encoder remembers.
const maxCachedWords = 1 << 16

// Encoder makes vectors with memory of its own: it must not be used by two
// goroutines at once.
type Encoder struct {
	model    *Model
	analyzer *analysis.Analyzer
	words    map[string]uint32 // folded word to its number, or unknown
	counts   []uint32          // per word: occurrences in the current text
	distinct []uint32          // words with a count
	weights  []float64         // per distinct word
	sums     [Half / 2]uint64
	collect  func(*analysis.Token)
}

// Encoder returns an Encoder of the model. Release it after use.
func (m *Model) Encoder() *Encoder {
	if e, ok := m.encoders.Get().(*Encoder); ok {
		return e
	}
	e := &Encoder{
		model: m, analyzer: analysis.New(), words: make(map[string]uint32), counts: make([]uint32, m.words),
	}
	e.collect = e.token
	return e
}

// Release gives the Encoder back to the model. It must not be used afterwards.
func (e *Encoder) Release() { e.model.encoders.Put(e) }

// Encode sets dst, Dimensions long, to the vector of a text and reports whether
// the model knows anything of it; otherwise dst is zero.
func (e *Encoder) Encode(dst []float32, text string) bool {
	e.analyzer.Scan(text, e.collect)
	known := false
	for half := range 2 {
		out := dst[half*Half : (half+1)*Half]
		if e.sum(out, half) {
			scale(out, e.model.weight[half])
			known = true
		}
	}
	for _, word := range e.distinct {
		e.counts[word] = 0
	}
	e.distinct = e.distinct[:0]
	if !known {
		return false
	}
	mix(dst)
	return normalise(dst)
}

// mix rotates each number of the LSA half and its fellow of the PPMI half by 45
// degrees, so that in binary codes, too, each half counts by its weight.
func mix(v []float32) {
	a, b := v[:Half], v[Half:Dimensions]
	for i, x := range a {
		y := b[i]
		a[i], b[i] = (x+y)*math.Sqrt2/2, (x-y)*math.Sqrt2/2
	}
}

func (e *Encoder) token(t *analysis.Token) {
	word, ok := e.words[string(t.Text)]
	if !ok {
		word = e.addWord(t.Text)
	}
	if word == unknown {
		return
	}
	if e.counts[word] == 0 {
		e.distinct = append(e.distinct, word)
	}
	e.counts[word]++
}

func (e *Encoder) addWord(folded []byte) uint32 {
	if len(e.words) >= maxCachedWords {
		clear(e.words)
	}
	word := unknown
	if term, ok := termOf(e.analyzer, folded); ok {
		if n, ok := e.model.find(term); ok {
			word = n
		}
	}
	e.words[string(folded)] = word
	return word
}

// weightSum is what the weights of a text sum up to at most as integers, so
// that 255 times it fits into 32 bits.
const weightSum = 1<<24 - 1<<10

// sum sets out to the unit-length weighted sum of the rows of the distinct
// words in a half, and reports false when it is zero. Two numbers of 32 bits
// are summed in each word of 64, so no step is rounded and the order of the
// words is of no importance.
func (e *Encoder) sum(out []float32, half int) bool {
	total := 0.0
	e.weights = e.weights[:0]
	for _, word := range e.distinct {
		w := float64(math.Float32frombits(u32(e.model.scales, 2*int(word)+half)))
		if n := e.counts[word]; half == 0 {
			w *= logTF(int(n))
		} else {
			w *= float64(n)
		}
		total += w
		e.weights = append(e.weights, w)
	}
	if total == 0 {
		clear(out)
		return false
	}
	clear(e.sums[:])
	added := uint64(0)
	for i, word := range e.distinct {
		w := uint64(e.weights[i] / total * weightSum)
		start := (2*int(word) + half) * Half
		addRow(&e.sums, e.model.rows[start:start+Half], w)
		added += w
	}
	zero := int64(zeroStep * added)
	for i, s := range e.sums {
		at := i/4*8 + i%4
		out[at], out[at+4] = float32(int64(s&math.MaxUint32)-zero), float32(int64(s>>32)-zero)
	}
	return normalise(out)
}

// addRow adds w times each byte of row to its number in sums.
func addRow(sums *[Half / 2]uint64, row []byte, w uint64) {
	const lanes = 0x000000ff_000000ff
	for k := range Half / 8 {
		x := binary.LittleEndian.Uint64(row[8*k:])
		s := sums[4*k : 4*k+4 : 4*k+4]
		s[0] += x & lanes * w
		s[1] += x >> 8 & lanes * w
		s[2] += x >> 16 & lanes * w
		s[3] += x >> 24 & lanes * w
	}
}
