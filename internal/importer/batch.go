package importer

import (
	"crypto/sha256"
	"encoding/hex"
	"iter"

	"github.com/cespare/xxhash/v2"
)

// batch is the body of one bulk request, and what is needed to speak about its lines.
type batch struct {
	number  int // from 0
	body    []byte
	origins []origin
	ids     []string // external ids, "" for none
	input   int64    // bytes of input read when the batch was full
}

// hash identifies what is sent.
func (b *batch) hash() string {
	sum := sha256.Sum256(b.body)
	return hex.EncodeToString(sum[:16])
}

// keys are hashes of the external ids in the batch.
func (b *batch) keys() map[uint64]struct{} {
	keys := make(map[uint64]struct{}, len(b.ids))
	for _, id := range b.ids {
		if id != "" {
			keys[xxhash.Sum64String(id)] = struct{}{}
		}
	}
	return keys
}

func (b *batch) add(r record) {
	b.body = append(append(b.body, r.line...), '\n')
	b.origins = append(b.origins, r.origin)
	b.ids = append(b.ids, r.externalID)
	b.input = r.input
}

// batches groups records by number and size. A record that is larger than a batch travels alone.
func batches(records iter.Seq2[record, error], maxLines, maxBytes int) iter.Seq2[*batch, error] {
	return func(yield func(*batch, error) bool) {
		current := &batch{}
		for r, err := range records {
			if err != nil {
				yield(nil, err)
				return
			}
			full := len(current.origins) >= maxLines || len(current.body)+len(r.line)+1 > maxBytes
			if full && len(current.origins) > 0 {
				if !yield(current, nil) {
					return
				}
				current = &batch{number: current.number + 1, body: make([]byte, 0, min(len(current.body)+len(current.body)/8, maxBytes))}
			}
			current.add(r)
		}
		if len(current.origins) > 0 {
			yield(current, nil)
		}
	}
}
