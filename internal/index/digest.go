package index

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"maps"
	"math/bits"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/blevesearch/vellum"
	"github.com/cespare/xxhash/v2"
	"github.com/google/uuid"
)

// DocumentDigest stands for all that a segment holds of one document: version,
// passages, terms with positions, attributes, numbers and stored fields.
type DocumentDigest struct {
	ID      uuid.UUID
	Version uint64
	Sum     uint64
}

// Digest stands for the logical content of a set of documents. It does not
// depend on how they are spread over segments, nor on the order of the list.
func Digest(documents []DocumentDigest) [sha256.Size]byte {
	documents = slices.Clone(documents)
	slices.SortFunc(documents, func(a, b DocumentDigest) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	h := sha256.New()
	var b [32]byte
	for _, d := range documents {
		copy(b[:], d.ID[:])
		binary.LittleEndian.PutUint64(b[16:], d.Version)
		binary.LittleEndian.PutUint64(b[24:], d.Sum)
		h.Write(b[:])
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// Digests returns the digest of each document that is not hidden, by id. Two
// segments that hold the same document give the same digest of it, however they
// came to be: the bytes of a merge differ from those of a Builder (blocks are cut
// elsewhere), what they say does not.
//
// The segment is walked once from end to end, with 16 bytes of memory per chunk.
func (s *Segment) Digests(ctx context.Context, hidden *roaring.Bitmap) (digests []DocumentDigest, err error) {
	defer protect(&err)()
	d := &digester{Segment: s, ctx: ctx, docs: make([]uint64, s.meta.Docs), chunks: make([]uint64, s.meta.Chunks)}
	for _, step := range []func() error{d.tables, d.postings, d.keywordKeys, d.numberColumns, d.storedItems} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	for doc, sum := range d.docs {
		if hidden != nil && hidden.Contains(uint32(doc)) {
			continue
		}
		first, end := s.chunksOf(doc)
		for c := first; c < end; c++ {
			sum = mix(sum, d.chunks[c])
		}
		digests = append(digests, DocumentDigest{s.docID(doc), s.docVersion(doc), sum})
	}
	return digests, nil
}

// digester folds what is met in the order of the segment into one running sum
// per document and one per chunk. What is folded into one sum comes in an order
// that does not depend on its neighbours: terms by their bytes, keys by theirs.
type digester struct {
	*Segment
	ctx    context.Context //nolint:containedctx // of one walk
	docs   []uint64
	chunks []uint64
}

// mix folds a value into a sum; the order matters.
func mix(sum, value uint64) uint64 {
	return bits.RotateLeft64(sum^(value*0x9E3779B97F4A7C15), 29)*0xBF58476D1CE4E5B9 + 0x94D049BB133111EB
}

// Marks keep apart what stands at the same place with the same numbers.
const (
	digestText = iota + 1
	digestTitle
	digestNumber
)

func (d *digester) tables() error {
	for doc := range d.docs {
		first, end := d.chunksOf(doc)
		d.docs[doc] = mix(mix(d.docVersion(doc), uint64(end-first)), uint64(u16(d.titleLengths, first)))
		for c := first; c < end; c++ {
			d.chunks[c] = mix(uint64(d.ordinalOf(c)), uint64(u16(d.lengths, c)))
		}
	}
	return d.ctx.Err()
}

func (d *digester) postings() error {
	c := cursors.Get().(*cursor)
	defer cursors.Put(c)
	var positions []uint32
	return d.eachKey(d.terms, func(term []byte, offset uint64) error {
		t, err := readTerm(d.Segment.postings, offset)
		if err != nil {
			return err
		}
		name := xxhash.Sum64(term)
		for c.open(&t.text, d.meta.Chunks); c.chunk != noMore; c.next() {
			sum := mix(d.chunks[c.chunk], name+digestText)
			positions = c.positions(positions[:0])
			for _, p := range positions {
				sum = mix(sum, uint64(p))
			}
			d.chunks[c.chunk] = sum
		}
		if t.titleDocs == 0 || c.bad {
			return badPostings(c)
		}
		for c.open(&t.title, d.meta.Chunks); c.chunk != noMore; c.next() {
			d.chunks[c.chunk] = mix(mix(d.chunks[c.chunk], name+digestTitle), uint64(c.freq()))
		}
		return badPostings(c)
	})
}

func badPostings(c *cursor) error {
	if c.bad {
		return corrupt("postings")
	}
	return nil
}

func (d *digester) keywordKeys() error {
	return d.eachKey(d.keywordTerms, func(key []byte, value uint64) error {
		docs, err := d.keywordBitmap(value)
		if err != nil {
			return err
		}
		name := xxhash.Sum64(key)
		for it := docs.Iterator(); it.HasNext(); {
			doc := it.Next()
			if int(doc) >= len(d.docs) {
				return corrupt("keyword of a document that does not exist")
			}
			d.docs[doc] = mix(d.docs[doc], name)
		}
		return nil
	})
}

func (d *digester) numberColumns() error {
	for _, field := range slices.Sorted(maps.Keys(d.numbers)) {
		column, name := d.numbers[field], xxhash.Sum64String(field)
		for i := range column.n {
			doc := column.doc(i)
			if int(doc) >= len(d.docs) {
				return corrupt("number of a document that does not exist")
			}
			d.docs[doc] = mix(mix(d.docs[doc], name+digestNumber), column.value(i))
		}
	}
	return d.ctx.Err()
}

func (d *digester) storedItems() error {
	block := storedBlock{block: -1}
	for doc := range d.docs {
		if doc%1024 == 0 && d.ctx.Err() != nil {
			return d.ctx.Err()
		}
		first, end := d.chunksOf(doc)
		from := d.docItem(doc)
		for item := from; item <= from+end-first; item++ {
			if block.block < 0 || item < block.first || item >= block.end {
				if err := block.read(&d.stored, d.stored.blockOf(item)); err != nil {
					return err
				}
			}
			sum := xxhash.Sum64(block.item(item))
			if item == from {
				d.docs[doc] = mix(d.docs[doc], sum)
			} else {
				c := first + item - from - 1
				d.chunks[c] = mix(d.chunks[c], sum)
			}
		}
	}
	return nil
}

// eachKey walks a dictionary.
func (d *digester) eachKey(dictionary *vellum.FST, visit func(key []byte, value uint64) error) error {
	it, err := dictionary.Iterator(nil, nil)
	for n := 0; err == nil; n++ {
		if n%1024 == 0 && d.ctx.Err() != nil {
			return d.ctx.Err()
		}
		if err := visit(it.Current()); err != nil {
			return err
		}
		err = it.Next()
	}
	if !errors.Is(err, vellum.ErrIteratorDone) {
		return corrupt("dictionary: %v", err)
	}
	return nil
}
