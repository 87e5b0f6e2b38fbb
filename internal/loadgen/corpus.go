package loadgen

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
)

// Corpus makes passages that look like documentation to an index: words follow Zipf's law, passages are about 1 KB, and
// titles use the words of their text. The same seed gives the same corpus.
type Corpus struct {
	seed  uint64
	words []string
}

const (
	corpusWords   = 60_000
	passageWords  = 105 // on average
	wordsExponent = 1.07
)

// NewCorpus makes the vocabulary.
func NewCorpus(seed uint64) *Corpus {
	r := rand.New(rand.NewPCG(seed, 0))
	syllables := strings.Fields("ba con de ex for ge hy in ja ker lo man net op pro que re ser ta un ver work xy zon ing er ed tion ment ly")
	c := &Corpus{seed: seed, words: make([]string, corpusWords)}
	seen := map[string]bool{}
	for i := range c.words {
		word := ""
		for n := 1 + r.IntN(2); n > 0 || seen[word]; n-- {
			word += syllables[r.IntN(len(syllables))] + syllables[r.IntN(len(syllables))]
		}
		seen[word] = true
		c.words[i] = word
	}
	return c
}

// Documents streams n documents as NDJSON. mark is in each of them, so that another mark makes other documents of the
// same ids.
func (c *Corpus) Documents(n int, mark string) io.Reader {
	r := rand.New(rand.NewPCG(c.seed, 1))
	return &corpusReader{corpus: c, left: n, mark: mark, zipf: rand.NewZipf(r, wordsExponent, 3, corpusWords-1), r: r}
}

type corpusReader struct {
	corpus *Corpus
	left   int
	number int
	mark   string
	zipf   *rand.Zipf
	r      *rand.Rand
	buf    bytes.Buffer
}

// Read implements io.Reader.
func (c *corpusReader) Read(p []byte) (int, error) {
	for c.buf.Len() < len(p) && c.left > 0 {
		c.left--
		c.number++
		title, text := c.sentence(4), &strings.Builder{}
		for words := passageWords/2 + c.r.IntN(passageWords); words > 0; words -= 14 {
			text.WriteString(c.sentence(6+c.r.IntN(16)) + ". ")
		}
		fmt.Fprintf(&c.buf, `{"external_id":"bench/%d","title":"%s","doc_type":"bench","content":"%s%s %s"}`+"\n", c.number, title, text, c.mark, title)
	}
	if c.buf.Len() == 0 {
		return 0, io.EOF
	}
	return c.buf.Read(p)
}

func (c *corpusReader) sentence(n int) string {
	words := make([]string, n)
	for i := range words {
		words[i] = c.corpus.words[c.zipf.Uint64()]
	}
	return strings.Join(words, " ")
}

// Queries makes n queries of that many words each, which are not those that every passage holds.
func (c *Corpus) Queries(n, words int) []string {
	r := rand.New(rand.NewPCG(c.seed, uint64(words)+2))
	zipf := rand.NewZipf(r, wordsExponent, 3, corpusWords/4)
	out := make([]string, n)
	for i := range out {
		parts := make([]string, words)
		for j := range parts {
			parts[j] = c.words[min(int(zipf.Uint64())+30, corpusWords-1)]
		}
		out[i] = strings.Join(parts, " ")
	}
	return out
}
