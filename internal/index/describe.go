package index

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/index/analysis"
)

// Section is a part of a segment file.
type Section struct {
	Kind  int    `json:"kind"`
	Name  string `json:"name"`
	Bytes int    `json:"bytes"`
}

// sectionNames are for people; a kind that is not listed has only its number.
var sectionNames = map[sectionKind]string{
	sectionMeta: "meta", sectionDocs: "documents", sectionFirstChunks: "first chunks", sectionChunkDocs: "chunk documents",
	sectionOrdinals: "ordinals", sectionLengths: "lengths", sectionTitleLengths: "title lengths", sectionPostings: "postings",
	sectionTerms: "terms", sectionKeywords: "keywords", sectionKeywordTerms: "keyword terms", sectionNumbers: "numbers",
	sectionStored: "stored fields", sectionStoredIndex: "stored index",
}

// Description is what a segment is made of, for people.
type Description struct {
	Meta Meta
	// Live are the documents that are not hidden.
	Live     int
	Terms    int
	Sections []Section
}

// Describe describes a segment of the snapshot.
func (s *Snapshot) Describe(segment uuid.UUID) (d Description, err error) {
	defer protect(&err)()
	i := slices.IndexFunc(s.views, func(v *view) bool { return v.ref.ID == segment })
	if i < 0 {
		return d, fmt.Errorf("segment %s is not in generation %d", segment, s.generation)
	}
	v := s.views[i]
	d = Description{Meta: v.file, Live: v.liveDocs, Terms: v.terms.Len()}
	for kind, data := range v.sections {
		d.Sections = append(d.Sections, Section{Kind: int(kind), Name: sectionNames[kind], Bytes: len(data)})
	}
	slices.SortFunc(d.Sections, func(a, b Section) int { return a.Kind - b.Kind })
	return d, nil
}

// TermInfo says where a term occurs.
type TermInfo struct {
	Term string
	// Chunks and Titles count live ones.
	Chunks, Titles int
	// Segments has the live chunks by segment, without segments that have none.
	Segments map[uuid.UUID]int
}

// Term looks up a word as a query would: analysed, and without what is hidden.
func (s *Snapshot) Term(word string) (info TermInfo, err error) {
	defer protect(&err)()
	a := analysis.New()
	info.Segments = make(map[uuid.UUID]int)
	a.Scan(word, func(t *analysis.Token) {
		if info.Term == "" {
			info.Term = a.Term(t.Text)
		}
	})
	if info.Term == "" {
		return info, nil
	}
	for _, v := range s.views {
		offset, ok, err := v.findTerm([]byte(info.Term))
		if err != nil {
			return info, err
		}
		if !ok {
			continue
		}
		postings, err := readTerm(v.postings, offset)
		if err != nil {
			return info, err
		}
		text, title, err := v.liveDF(offset, &postings)
		if err != nil {
			return info, err
		}
		if text > 0 {
			info.Segments[v.ref.ID] = text
		}
		info.Chunks += text
		info.Titles += title
	}
	return info, nil
}
