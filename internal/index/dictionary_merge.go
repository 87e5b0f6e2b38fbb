package index

import (
	"bytes"
	"errors"

	"github.com/blevesearch/vellum"
)

// dictionaryMerger walks several dictionaries in the order of their keys.
type dictionaryMerger struct {
	iterators []*vellum.FSTIterator // nil when at its end
	keys      [][]byte
	values    []uint64
	// key is the current key, sources the dictionaries that have it.
	key     []byte
	sources []int
}

func newDictionaryMerger(dictionaries []*vellum.FST) (*dictionaryMerger, error) {
	n := len(dictionaries)
	m := &dictionaryMerger{iterators: make([]*vellum.FSTIterator, n), keys: make([][]byte, n), values: make([]uint64, n)}
	for i, d := range dictionaries {
		it, err := d.Iterator(nil, nil)
		if errors.Is(err, vellum.ErrIteratorDone) {
			continue
		}
		if err != nil {
			return nil, corrupt("dictionary: %v", err)
		}
		m.iterators[i] = it
		m.keys[i], m.values[i] = it.Current()
	}
	return m, nil
}

// next moves to the next key.
func (m *dictionaryMerger) next() (bool, error) {
	for _, i := range m.sources {
		err := m.iterators[i].Next()
		switch {
		case errors.Is(err, vellum.ErrIteratorDone):
			m.iterators[i] = nil
			continue
		case err != nil:
			return false, corrupt("dictionary: %v", err)
		}
		m.keys[i], m.values[i] = m.iterators[i].Current()
		if bytes.Compare(m.keys[i], m.key) <= 0 {
			return false, corrupt("dictionary is out of order")
		}
	}
	m.sources = m.sources[:0]
	for i, it := range m.iterators {
		if it == nil {
			continue
		}
		if len(m.sources) > 0 {
			c := bytes.Compare(m.keys[i], m.keys[m.sources[0]])
			if c > 0 {
				continue
			}
			if c < 0 {
				m.sources = m.sources[:0]
			}
		}
		m.sources = append(m.sources, i)
	}
	if len(m.sources) == 0 {
		return false, nil
	}
	m.key = append(m.key[:0], m.keys[m.sources[0]]...)
	return true, nil
}
