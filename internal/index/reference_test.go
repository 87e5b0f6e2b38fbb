package index

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/embed"
	"github.com/rustassistant/rustassistant/internal/index/analysis"
)

// reference is the search engine written the obvious way: it keeps documents
// in a map and looks at every word of every chunk for every query. It shares
// with the real one the analysis of text, the parsing of queries and the
// definition of the score, and none of the data structures.
type reference struct {
	docs   map[uuid.UUID]Document
	dead   map[uuid.UUID]uint64
	chunks []refChunk // nil after a change
	// languages are those that the segments of the index hold, of hidden copies
	// too; settings are the tenant's.
	languages languageSet
	settings  *querySettings
}

func newReference() *reference {
	return &reference{docs: map[uuid.UUID]Document{}, dead: map[uuid.UUID]uint64{}}
}

func (r *reference) add(d Document) {
	r.chunks = nil
	if old, ok := r.docs[d.ID]; !ok || d.Version >= old.Version {
		r.docs[d.ID] = d
	}
}

func (r *reference) remove(id uuid.UUID, version uint64) {
	r.chunks = nil
	r.dead[id] = max(r.dead[id], version)
}

// refChunk is a live chunk with its words.
type refChunk struct {
	doc         Document
	ordinal     int
	terms       map[string][]int // positions of the flat text
	length      int
	titleTerms  map[string]int
	titleLength int
}

func scanInto(a *analysis.Analyzer, l analysis.Language, terms map[string][]int, text string, base int) (length, next int) {
	if text == "" {
		return 0, base
	}
	highest := base
	a.Scan(text, func(t *analysis.Token) {
		highest = base + t.Position
		if analysis.IsStopIn(l, t.Text) {
			return
		}
		if t.Leaf {
			length++
		}
		term := a.TermIn(l, t)
		terms[term] = append(terms[term], highest)
	})
	return length, highest + fieldGap
}

func (r *reference) live() []refChunk {
	if r.chunks != nil {
		return r.chunks
	}
	a := analysis.New()
	var chunks []refChunk
	for _, d := range r.docs {
		if version, ok := r.dead[d.ID]; ok && d.Version <= version {
			continue
		}
		title, l := map[string][]int{}, analysis.LanguageOf(d.Language)
		titleLength, _ := scanInto(a, l, title, d.Title, 0)
		for _, c := range d.Chunks {
			rc := refChunk{doc: d, ordinal: c.Ordinal, terms: map[string][]int{}, titleTerms: map[string]int{}, titleLength: titleLength}
			for t, p := range title {
				rc.titleTerms[t] = len(p)
			}
			l1, _ := scanInto(a, l, rc.terms, d.Title, 0)
			base := 0
			if len(title) > 0 { // the gap follows the title's last indexed word
				last := 0
				for _, p := range title {
					last = max(last, p[len(p)-1])
				}
				base = last + fieldGap
			}
			l2, after := scanInto(a, l, rc.terms, embed.HeadingBelowTitle(c.Heading, d.Title), base)
			l3, _ := scanInto(a, l, rc.terms, c.Content, after)
			rc.length = l1 + l2 + l3
			chunks = append(chunks, rc)
		}
	}
	slices.SortFunc(chunks, func(x, y refChunk) int {
		if c := bytes.Compare(x.doc.ID[:], y.doc.ID[:]); c != 0 {
			return c
		}
		return cmp.Compare(x.ordinal, y.ordinal)
	})
	r.chunks = chunks
	return chunks
}

// refHit is a hit of the reference.
type refHit struct {
	id      uuid.UUID
	ordinal int
	score   float64
}

func (r *reference) search(req Request) (hits []refHit, total int) {
	hits, total, _ = r.read(req)
	return hits, total
}

// read searches and returns how the query was read in the end.
func (r *reference) read(req Request) (hits []refHit, total int, p *plan) {
	must(req.prepare(r.settings))
	chunks := r.live()
	rules := rulesFor(req.Language, r.languages, r.settings)
	p = parse(req.Query, &rules, analysis.New())
	wider := relaxer{plan: p, request: &req, lexicon: refLexicon(chunks), df: func(t int) int { return refDF(chunks, p, t) }}
	widen := func(change func() (bool, error)) {
		_, err := change()
		must(err)
	}
	widen(wider.unknownWords)
	hits = r.evaluate(req, p)
	if len(hits) == 0 && !wider.strict() && r.drop(p) {
		widen(wider.unknownWords)
		hits = r.evaluate(req, p)
	}
	if len(hits) < tooFew && !wider.strict() {
		widen(wider.rareWords)
		hits = r.evaluate(req, p)
	}
	total = len(hits)
	if req.After != nil {
		hits = slices.DeleteFunc(hits, func(h refHit) bool { return !refBehind(h, req.After, req.Group) })
	}
	return hits[:min(len(hits), req.Limit)], total, p
}

// drop gives up the required phrases that no chunk has.
func (r *reference) drop(p *plan) bool {
	var kept []phrases
	for i, ph := range p.required {
		if slices.ContainsFunc(r.live(), func(c refChunk) bool { return c.hasAny(p, ph) }) {
			kept = append(kept, ph)
			continue
		}
		for k := range p.words {
			if p.words[k].quote == i {
				p.words[k].quote = -1
			}
		}
	}
	dropped := len(kept) < len(p.required)
	p.required = kept
	return dropped
}

// evaluate returns all hits of a plan.
func (r *reference) evaluate(req Request, p *plan) []refHit {
	chunks := r.live()
	units, scale := refUnits(chunks, p, *req.Params)
	scores := refScores(chunks, p, units, *req.Params)
	excluded := map[uuid.UUID]bool{}
	for i := range chunks {
		for _, ph := range p.excluded {
			if chunks[i].hasAny(p, ph) {
				if req.Group == GroupDocument {
					excluded[chunks[i].doc.ID] = true
				} else {
					scores[i] = -1
				}
			}
		}
	}
	for i := range chunks {
		c := &chunks[i]
		ok := !excluded[c.doc.ID] && (req.Filter == nil || refMatches(req.Filter, &c.doc))
		for _, ph := range p.required {
			ok = ok && c.hasAny(p, ph)
		}
		if !ok || (scores[i] == 0 && p.scored()) {
			scores[i] = -1
		}
	}
	hits := refGroup(chunks, scores, req.Group, scale)
	slices.SortFunc(hits, func(x, y refHit) int {
		if c := cmp.Compare(y.score, x.score); c != 0 {
			return c
		}
		if c := bytes.Compare(x.id[:], y.id[:]); c != 0 {
			return c
		}
		return cmp.Compare(x.ordinal, y.ordinal)
	})
	return hits
}

// refBehind reports whether a hit ranks behind a cursor.
func refBehind(h refHit, a *Cursor, group Group) bool {
	if h.score != a.Score {
		return h.score < a.Score
	}
	if c := bytes.Compare(h.id[:], a.DocumentID[:]); c != 0 || group == GroupDocument {
		return c > 0
	}
	return h.ordinal > a.Ordinal
}

func refContribution(weight float32, tf, length int, average float64, p Params) int64 {
	relative := 1.0
	if average > 0 {
		relative = float64(length) / average
	}
	inverse := float32(1 / (p.K1 * (1 - p.B + p.B*relative)))
	x := float32(tf) * inverse
	return int64(weight-weight/(1+x)) + 1
}

func refGroup(chunks []refChunk, scores []int64, group Group, scale float64) (hits []refHit) {
	for i := 0; i < len(chunks); {
		j := i
		for j < len(chunks) && chunks[j].doc.ID == chunks[i].doc.ID {
			j++
		}
		var members []refHit
		var units []int64
		for k := i; k < j; k++ {
			if scores[k] >= 0 {
				members = append(members, refHit{chunks[k].doc.ID, chunks[k].ordinal, float64(scores[k]*20) / 20 / scale})
				units = append(units, scores[k])
			}
		}
		i = j
		if group == GroupNone {
			hits = append(hits, members...)
			continue
		}
		if len(members) == 0 {
			continue
		}
		best := 0
		for k := range units {
			if units[k] > units[best] {
				best = k
			}
		}
		hit := members[best]
		slices.SortFunc(units, func(a, b int64) int { return cmp.Compare(b, a) })
		units = append(units, 0, 0)
		hit.score = float64(20*units[0]+6*units[1]+3*units[2]) / 20 / scale
		hits = append(hits, hit)
	}
	return hits
}

// hasAny reports whether the chunk has one of the variants of a phrase.
func (c *refChunk) hasAny(p *plan, ph phrases) bool {
	return slices.ContainsFunc(ph.variants, func(v phrase) bool { return c.has(p, v) })
}

// has reports whether the chunk has a phrase, trying every start.
func (c *refChunk) has(p *plan, ph phrase) bool {
	var from func(k, position int) bool
	from = func(k, position int) bool {
		if k == len(ph) {
			return true
		}
		distance := ph[k].offset - ph[k-1].offset
		at0 := c.terms[p.terms[ph[k].term].term]
		for i, at := range at0 {
			again := ph[k].term != ph[k-1].term || (distance == 0 && i > 0 && at0[i-1] == at)
			if (at-position == max(distance, 1) || (at == position && again)) && from(k+1, at) {
				return true
			}
		}
		return false
	}
	for _, at := range c.terms[p.terms[ph[0].term].term] {
		if from(1, at) {
			return true
		}
	}
	return false
}

func refMatches(f *Filter, d *Document) bool {
	switch f.Op {
	case OpAnd:
		return !slices.ContainsFunc(f.Children, func(c *Filter) bool { return !refMatches(c, d) })
	case OpOr:
		return slices.ContainsFunc(f.Children, func(c *Filter) bool { return refMatches(c, d) })
	case OpNot:
		return !refMatches(f.Children[0], d)
	case OpExists:
		return len(refValues(f.Field, d)) > 0
	case OpIn:
		return slices.ContainsFunc(refValues(f.Field, d), func(v any) bool {
			return slices.ContainsFunc(f.Values, func(w Value) bool {
				switch w.Kind {
				case KindString:
					return v == w.String
				case KindNumber:
					return v == w.Number
				}
				return v == w.Bool
			})
		})
	}
	return slices.ContainsFunc(refValues(f.Field, d), func(v any) bool {
		n, ok := v.(float64)
		if f.Date {
			n, ok = refDate(v)
		}
		b := f.Bounds
		return ok && (b.GT == nil || n > *b.GT) && (b.GTE == nil || n >= *b.GTE) &&
			(b.LT == nil || n < *b.LT) && (b.LTE == nil || n <= *b.LTE)
	})
}

func refValues(field string, d *Document) (values []any) {
	text := map[string]string{
		FieldDocType: d.DocType, FieldSourceType: d.SourceType, FieldRepoID: d.RepoID,
		FieldExternalID: d.ExternalID, FieldLanguage: d.Language,
	}[field]
	if text != "" {
		return []any{text}
	}
	switch field {
	case FieldTags:
		for _, t := range d.Tags {
			values = append(values, t)
		}
		return values
	case FieldCreatedAt:
		return []any{float64(d.CreatedAt)}
	case FieldUpdatedAt:
		return []any{float64(d.UpdatedAt)}
	}
	path, ok := strings.CutPrefix(field, MetadataPrefix)
	if !ok || len(d.Metadata) == 0 {
		return nil
	}
	var value any
	must(json.Unmarshal(d.Metadata, &value))
	for _, key := range strings.Split(path, ".") {
		object, _ := value.(map[string]any)
		if value, ok = object[key]; !ok {
			return nil
		}
	}
	if list, ok := value.([]any); ok {
		return list
	}
	if value == nil {
		return nil
	}
	return []any{value}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// near reports whether two scores are the same but for the last digits.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Max(1, math.Abs(a)) }
