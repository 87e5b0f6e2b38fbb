package index

import (
	"math"
	"slices"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// vectorUnits are the units of a likeness, and of a fused score, per 1.0. Scores
// are whole numbers where they are compared, so that they are the same in a
// cursor; a float64 holds each one exactly.
const vectorUnits = 1 << 32

// vectorQuery is the vector of a query, ready to be compared.
type vectorQuery struct {
	unit  []float32 // of length 1
	signs []uint64
}

// set takes a vector over. Its errors are domain errors.
func (q *vectorQuery) set(v []float32, dims int) error {
	length, err := vectorLength(v, dims)
	if err != nil {
		return domain.Errorf(domain.CodeInvalid, "the vector of the query does not fit the index: %v", err)
	}
	q.unit, q.signs = q.unit[:0], append(q.signs[:0], make([]uint64, (dims+63)/64)...)
	for i, x := range v {
		q.unit = append(q.unit, float32(float64(x)/length))
		if x > 0 {
			q.signs[i>>6] |= 1 << (i & 63)
		}
	}
	return nil
}

// likeness returns the cosine of a chunk's vector and the query in vectorUnits.
func (q *vectorQuery) likeness(v *Vectors, chunk int) int64 {
	cosine := float64(dot(q.unit, v.components(chunk))) * float64(v.scale(chunk))
	return int64(math.RoundToEven(cosine * vectorUnits))
}

// dot returns the product of a vector and components of one signed byte each. The
// order of additions is fixed, and the conversions keep a compiler from fusing
// them with the products, so that it is the same on every machine.
func dot(q []float32, components []byte) float32 {
	components = components[:len(q)]
	var a, b, c, d float32
	i := 0
	for ; i+3 < len(q); i += 4 {
		a += float32(q[i] * float32(int8(components[i])))
		b += float32(q[i+1] * float32(int8(components[i+1])))
		c += float32(q[i+2] * float32(int8(components[i+2])))
		d += float32(q[i+3] * float32(int8(components[i+3])))
	}
	for ; i < len(q); i++ {
		a += float32(q[i] * float32(int8(components[i])))
	}
	return a + b + (c + d)
}

// Long documents are compared by their nearest passages only: of more than
// longDocument chunks with a vector the longDocumentNear with the nearest signs.
const (
	longDocument     = 64
	longDocumentNear = 16
)

// best returns the likeness of the most alike of the chunks [first, end) that are
// eligible and have a vector; ok is false when none has.
func (q *vectorQuery) best(v *view, first, end int, eligible bitset) (score int64, chunk uint32, ok bool) {
	vectors := v.vectorsFile()
	if vectors == nil {
		return 0, 0, false
	}
	offer := func(c int) {
		if s := q.likeness(vectors, c); !ok || s > score {
			score, chunk, ok = s, uint32(c), true
		}
	}
	var chunks []int
	for c := first; c < end; c++ {
		if eligible != nil && !eligible.has(c) || !vectors.Has(c) {
			continue
		}
		if end-first <= longDocument {
			offer(c)
		} else {
			chunks = append(chunks, c)
		}
	}
	if len(chunks) > longDocument {
		slices.SortStableFunc(chunks, func(a, b int) int {
			return distance(vectors.signs(a), q.signs) - distance(vectors.signs(b), q.signs)
		})
		chunks = chunks[:longDocumentNear]
		slices.Sort(chunks)
	}
	for _, c := range chunks {
		offer(c)
	}
	return score, chunk, ok
}
