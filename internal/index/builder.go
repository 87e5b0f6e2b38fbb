package index

import (
	"bytes"
	"fmt"
	"io"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/embed"
	"github.com/rustassistant/rustassistant/internal/index/analysis"
)

// Options tunes a Builder. The zero value is good.
type Options struct {
	// ExpectedDocs sizes the first allocations.
	ExpectedDocs int
}

// fieldGap separates title, heading and content, so that no phrase crosses.
const fieldGap = 8

// maxPosition keeps positions of absurdly long chunks in range.
const maxPosition = 1<<31 - 1

// occurrence is a term at a position of a text.
type occurrence struct{ term, position uint32 }

// chunkSpan is a chunk's part of Builder.text.
type chunkSpan struct {
	end    int
	length uint16
}

// builtDoc is a document after analysis.
type builtDoc struct {
	doc         Document
	attributes  attributes
	language    analysis.Language
	chunks      []chunkSpan
	textStart   int
	titleStart  int
	titleEnd    int
	titleLength uint16
}

// stopTerm marks a stop word in Builder.words.
const stopTerm = ^uint32(0)

// Builder turns documents into a segment. It is not safe for concurrent use.
// The order of Add does not change the bytes.
type Builder struct {
	analyzer *analysis.Analyzer
	words    map[string]uint32                         // folded word to term, or stopTerm
	wordsIn  [analysis.LanguageCount]map[string]uint32 // likewise, by word as written
	language analysis.Language                         // of the text being analysed
	ids      map[string]uint32                         // term to its number
	terms    []string
	docs     []*builtDoc
	byID     map[uuid.UUID]int
	text     []occurrence
	titles   []occurrence
	chunks   int
	meta     Meta

	// scratch of the text being analysed
	current  []occurrence
	length   int
	base     int
	highest  int
	scanned  string // the field being scanned
	collect  func(*analysis.Token)
	titleBuf []occurrence
}

// NewBuilder returns an empty Builder.
func NewBuilder(o Options) *Builder {
	b := &Builder{
		analyzer: analysis.New(),
		words:    make(map[string]uint32),
		ids:      make(map[string]uint32),
		docs:     make([]*builtDoc, 0, o.ExpectedDocs),
		byID:     make(map[uuid.UUID]int, o.ExpectedDocs),
	}
	b.collect = b.addToken
	return b
}

// Docs returns the number of documents, Chunks that of their chunks.
func (b *Builder) Docs() int { return len(b.byID) }

// Chunks returns the number of chunks of the documents.
func (b *Builder) Chunks() int { return b.chunks }

// Add analyses a document. Of several versions of one document the highest is
// kept; an equal version replaces the earlier one. The Document must not be
// changed afterwards.
func (b *Builder) Add(d Document) error {
	if err := d.validate(); err != nil {
		return err
	}
	attributes, err := attributesOf(&d)
	if err != nil {
		return err
	}
	if i, ok := b.byID[d.ID]; ok {
		if b.docs[i].doc.Version > d.Version {
			return nil
		}
		b.chunks -= len(b.docs[i].chunks)
		b.docs[i] = nil // its occurrences are skipped when the segment is written
	}
	b.language = analysis.LanguageOf(d.Language)
	built := &builtDoc{doc: d, attributes: attributes, language: b.language, textStart: len(b.text), titleStart: len(b.titles)}
	b.analyseTitle(built)
	for i := range d.Chunks {
		b.analyseChunk(built, &d.Chunks[i])
	}
	b.byID[d.ID] = len(b.docs)
	b.docs = append(b.docs, built)
	b.chunks += len(d.Chunks)
	return nil
}

func (b *Builder) analyseTitle(built *builtDoc) {
	b.begin(b.titles)
	b.scan(built.doc.Title)
	b.titles = b.current
	built.titleEnd = len(b.titles)
	built.titleLength = uint16(min(b.length, maxLength))
	b.titleBuf = append(b.titleBuf[:0], b.titles[built.titleStart:]...)
}

// analyseChunk appends the flat text of a chunk: title, heading, content. The
// title's occurrences are copied, not analysed again.
func (b *Builder) analyseChunk(built *builtDoc, c *Chunk) {
	b.begin(append(b.text, b.titleBuf...))
	b.length = int(built.titleLength)
	if n := len(b.titleBuf); n > 0 {
		b.base = int(b.titleBuf[n-1].position) + fieldGap
	}
	b.scan(embed.HeadingBelowTitle(c.Heading, built.doc.Title))
	b.scan(c.Content)
	b.text = b.current
	built.chunks = append(built.chunks, chunkSpan{end: len(b.text), length: uint16(min(b.length, maxLength))})
}

// begin starts a flat text whose occurrences are appended to dst.
func (b *Builder) begin(dst []occurrence) {
	b.current, b.length, b.base, b.highest = dst, 0, 0, 0
}

// scan appends a field of the flat text.
func (b *Builder) scan(text string) {
	if text == "" {
		return
	}
	b.highest, b.scanned = b.base, text
	b.analyzer.Scan(text, b.collect)
	b.base = b.highest + fieldGap
}

func (b *Builder) addToken(t *analysis.Token) {
	position := min(b.base+t.Position, maxPosition)
	b.highest = position
	term := b.termOf(t)
	if term == stopTerm {
		return
	}
	if t.Leaf {
		b.length++
	}
	b.current = append(b.current, occurrence{term, uint32(position)})
}

// termOf returns the number of a token's term in the current language.
func (b *Builder) termOf(t *analysis.Token) uint32 {
	if b.language != analysis.English {
		return b.termIn(t)
	}
	term, ok := b.words[string(t.Text)]
	if ok {
		return term
	}
	word := string(t.Text)
	if analysis.IsStop(t.Text) {
		b.words[word] = stopTerm
		return stopTerm
	}
	term = b.number(b.analyzer.Term(t.Text))
	b.words[word] = term
	return term
}

// termIn is termOf for another language than English.
func (b *Builder) termIn(t *analysis.Token) uint32 {
	words := b.wordsIn[b.language]
	source := b.scanned[t.Start:t.End]
	if term, ok := words[source]; ok {
		return term
	}
	if words == nil {
		words = make(map[string]uint32)
		b.wordsIn[b.language] = words
	}
	term := stopTerm
	if !analysis.IsStopIn(b.language, t.Text) {
		term = b.number(b.analyzer.TermIn(b.language, t))
	}
	words[source] = term
	return term
}

// number returns the number of a term, which is new perhaps.
func (b *Builder) number(term string) uint32 {
	id, ok := b.ids[term]
	if !ok {
		id = uint32(len(b.terms))
		b.terms = append(b.terms, term)
		b.ids[term] = id
	}
	return id
}

// Bytes returns the segment. The Builder must not be used afterwards.
func (b *Builder) Bytes() ([]byte, Meta, error) {
	var buf bytes.Buffer
	_, err := b.WriteTo(&buf)
	return buf.Bytes(), b.meta, err
}

// WriteTo writes the segment; Meta then describes it. The Builder must not be
// used afterwards.
func (b *Builder) WriteTo(w io.Writer) (int64, error) {
	if b.Chunks() > maxChunks {
		return 0, fmt.Errorf("a segment holds at most %d chunks", maxChunks)
	}
	var err error
	b.meta, err = newSegmentWriter(b, w).write()
	return b.meta.Bytes, err
}

// Meta describes the segment that WriteTo has written.
func (b *Builder) Meta() Meta { return b.meta }
