package index

import (
	"bytes"
	"fmt"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/blevesearch/vellum"
)

// dictionaryWriter builds an FST in memory while another section is written.
type dictionaryWriter struct {
	buf     bytes.Buffer
	builder *vellum.Builder
}

func newDictionaryWriter() (*dictionaryWriter, error) {
	d := &dictionaryWriter{}
	b, err := vellum.New(&d.buf, nil)
	if err != nil {
		return nil, fmt.Errorf("start dictionary: %w", err)
	}
	d.builder = b
	return d, nil
}

// insert adds a key; keys come in increasing order.
func (d *dictionaryWriter) insert(key []byte, value uint64) error {
	if err := d.builder.Insert(key, value); err != nil {
		return fmt.Errorf("insert %q into dictionary: %w", key, err)
	}
	return nil
}

// finish writes the dictionary as a section.
func (d *dictionaryWriter) finish(out *sectionWriter, kind sectionKind) error {
	if err := d.builder.Close(); err != nil {
		return fmt.Errorf("finish dictionary: %w", err)
	}
	out.section(kind, d.buf.Bytes())
	return nil
}

// keywordWriter writes sectionKeywords and its dictionary. The value of a key
// is a document << 1 | 1 for a key of one document, else the offset of a
// roaring bitmap << 1.
type keywordWriter struct {
	out  *sectionWriter
	dict *dictionaryWriter
}

// newKeywordWriter begins the section.
func newKeywordWriter(out *sectionWriter) (*keywordWriter, error) {
	dict, err := newDictionaryWriter()
	out.begin(sectionKeywords)
	return &keywordWriter{out: out, dict: dict}, err
}

// add writes a key with its documents, in increasing order of keys.
func (w *keywordWriter) add(key []byte, docs *roaring.Bitmap) error {
	switch docs.GetCardinality() {
	case 0:
		return nil
	case 1:
		return w.dict.insert(key, uint64(docs.Minimum())<<1|1)
	}
	docs.RunOptimize()
	offset := w.out.length()
	if _, err := docs.WriteTo(w.out); err != nil {
		return fmt.Errorf("write keyword bitmap: %w", err)
	}
	return w.dict.insert(key, offset<<1)
}

func (w *keywordWriter) finish() error {
	w.out.end()
	return w.dict.finish(w.out, sectionKeywordTerms)
}
