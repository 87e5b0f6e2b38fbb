package search

import (
	"encoding/binary"
	"errors"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/index"
)

// A kept answer is a header for this process, and the part of the JSON that is
// the same for everybody who asks the same:
//
//	0  4  results on this page
//	4  8  total, the highest bit set when it is a lower bound
//	12 8  generation of the snapshot that answered
//	20    JSON without its opening brace and first fields
const (
	keptHeader = 20
	lowerBound = 1 << 63
)

var errKeptAnswer = errors.New("search: a kept answer is too short")

// encodeAnswer returns the kept form of a result.
func encodeAnswer(r *Request, res *index.Result, by branches) []byte {
	b := make([]byte, keptHeader, 256+estimate(res))
	total := uint64(max(res.Total, 0))
	if res.TotalIsLowerBound {
		total |= lowerBound
	}
	binary.BigEndian.PutUint32(b, uint32(len(res.Hits)))
	binary.BigEndian.PutUint64(b[4:], total)
	binary.BigEndian.PutUint64(b[12:], res.Generation)
	b = append(b, `,"type":"`...)
	b = append(append(b, r.Type...), '"')
	b = appendBranches(b, r, res, by)
	b = appendReading(b, res)
	b = appendResults(b, r, res)
	b = append(b, `,"total_results":`...)
	b = strconv.AppendInt(b, int64(res.Total), 10)
	b = append(b, `,"total_relation":"`...)
	if res.TotalIsLowerBound {
		b = append(b, `gte"`...)
	} else {
		b = append(b, `eq"`...)
	}
	b = append(b, `,"next_cursor":`...)
	if next, ok := r.next(res); ok {
		b = append(b, '"')
		b = appendCursor(b, next, len(r.Sort), r.binding())
		b = append(b, '"')
	} else {
		b = append(b, "null"...)
	}
	if len(r.Facets) > 0 {
		b = appendFacets(b, res.Facets)
	}
	b = append(b, `,"generation":`...)
	b = strconv.AppendUint(b, res.Generation, 10)
	return append(b, '}')
}

// estimate is about how many bytes the hits take.
func estimate(res *index.Result) int {
	n := 0
	for i := range res.Hits {
		h := &res.Hits[i]
		n += 512 + len(h.Title) + len(h.Heading) + len(h.Content)*17/16 + len(h.Metadata) + len(h.SourceURL)
		for _, f := range h.Highlights {
			n += 64 + len(f.Text)*17/16 + 12*len(f.Matches)
		}
	}
	return n
}

func appendHit(b []byte, r *Request, h *index.Hit) []byte {
	b = append(b, `{"document_id":`...)
	b = appendID(b, h.DocumentID)
	b = appendChunkID(append(b, `,"chunk_id":`...), h.DocumentID, h.ChunkOrdinal)
	b = appendFloat(append(b, `,"score":`...), h.Score)
	b = appendTexts(b, r.Include, h)
	if r.Explain && h.Explanation != nil {
		b = append(b, `,"score_details":`...)
		b = appendExplanation(b, h)
	}
	return append(b, '}')
}

func appendField(b []byte, name, value string) []byte {
	return appendString(append(b, name...), value)
}

func appendChunkID(b []byte, document uuid.UUID, ordinal int) []byte {
	b = appendID(b, document)
	b[len(b)-1] = '-'
	b = strconv.AppendInt(b, int64(ordinal), 10)
	return append(b, '"')
}

func appendFragment(b []byte, f *index.Fragment) []byte {
	b = appendField(b, `{"text":`, f.Text)
	b = append(b, `,"start":`...)
	b = strconv.AppendInt(b, int64(f.Start), 10)
	b = append(b, `,"matches":[`...)
	for i, m := range f.Matches {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, '['), int64(m[0]), 10)
		b = strconv.AppendInt(append(b, ','), int64(m[1]), 10)
		b = append(b, ']')
	}
	return append(b, `]}`...)
}

// appendKeywordScore appends the part of the keyword branch; part is nil when
// that branch answered alone.
func appendKeywordScore(b []byte, h *index.Hit, part *index.BranchScore) []byte {
	b = append(b, `"keyword":{`...)
	if part != nil {
		b = appendBranchScore(b, part, h.Explanation.Fusion)
	} else {
		b = appendNumber(b, `"score":`, h.Explanation.Score)
	}
	b = append(b, `,"passages":[`...)
	for i := range h.Explanation.Passages {
		p := &h.Explanation.Passages[i]
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"chunk_id":`...)
		b = appendChunkID(b, h.DocumentID, p.ChunkOrdinal)
		b = appendNumber(b, `,"weight":`, p.Weight)
		b = appendNumber(b, `,"score":`, p.Score)
		b = append(b, `,"terms":[`...)
		for j := range p.Terms {
			if j > 0 {
				b = append(b, ',')
			}
			b = appendTerm(b, &p.Terms[j])
		}
		b = append(b, `]}`...)
	}
	return append(b, `]}`...)
}

func appendTerm(b []byte, t *index.TermScore) []byte {
	b = appendField(b, `{"term":`, t.Term)
	b = appendField(b, `,"field":`, t.Field)
	b = appendCount(b, `,"tf":`, t.TF)
	b = appendCount(b, `,"df":`, t.DF)
	b = appendCount(b, `,"docs":`, t.Docs)
	b = appendNumber(b, `,"idf":`, t.IDF)
	b = appendCount(b, `,"length":`, t.Length)
	b = appendNumber(b, `,"average_length":`, t.AverageLength)
	b = appendNumber(b, `,"query_weight":`, t.QueryWeight)
	b = appendNumber(b, `,"contribution":`, t.Contribution)
	if t.Variant != "" {
		b = appendField(b, `,"variant":`, t.Variant)
		b = appendNumber(b, `,"factor":`, t.Factor)
	}
	if t.Lead > 0 {
		b = appendNumber(b, `,"lead":`, t.Lead)
	}
	return append(b, '}')
}

func appendCount(b []byte, name string, n int) []byte {
	return strconv.AppendInt(append(b, name...), int64(n), 10)
}

func appendNumber(b []byte, name string, f float64) []byte {
	return appendFloat(append(b, name...), f)
}

// appendTime appends Unix milliseconds as RFC 3339 in UTC.
func appendTime(b []byte, ms int64) []byte {
	b = time.UnixMilli(ms).UTC().AppendFormat(append(b, '"'), "2006-01-02T15:04:05.999Z07:00")
	return append(b, '"')
}
