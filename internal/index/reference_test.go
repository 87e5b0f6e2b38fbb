package index

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

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

// refUnit is a word of the query: a text scores the best of its members.
type refUnit []refMember

type refMember struct {
	term        int
	text, title float32 // weights in score units
	base        int64
}

// refUnits weighs the words of a plan: each term that is scored on its own, and
// each group.
func refUnits(chunks []refChunk, p *plan, params Params) (units []refUnit, scale float64) {
	docs := map[uuid.UUID]bool{}
	for _, c := range chunks {
		docs[c.doc.ID] = true
	}
	groups := slices.Clone(p.groups)
	for t := range p.terms {
		if p.terms[t].count > 0 {
			groups = append(groups, group{members: []member{{term: t, factor: 1}}, count: p.terms[t].count})
		}
	}
	type weight struct{ text, title, lead float64 }
	var weights []weight
	sum := 0.0
	for _, g := range groups {
		df, titleDF, typo := 0, 0, 0.0
		for _, m := range g.members {
			df, titleDF = max(df, refDF(chunks, p, m.term)), max(titleDF, refTitleDF(chunks, p, m.term))
			if m.kind == variantTypo {
				typo = max(typo, m.factor)
			}
		}
		var w weight
		if df > 0 {
			w.text = float64(g.count) * idf(len(chunks), df) * (params.K1 + 1)
		}
		if titleDF > 0 {
			w.title = float64(g.count) * params.TitleBoost * idf(len(docs), titleDF) * (params.K1 + 1)
		}
		w.lead = 1.45 * typo * (w.text + w.title)
		weights = append(weights, w)
		sum += w.text + w.title + w.lead
	}
	scale = defaultScale
	for sum*scale > maxUnits/2 {
		scale /= 2
	}
	for i, g := range groups {
		w := weights[i]
		var u refUnit
		for _, m := range g.members {
			if m.factor == 0 {
				continue
			}
			base := int64(1)
			if w.lead > 0 && m.kind != variantTypo {
				base += int64(math.Ceil(w.lead*scale + 2*1.45))
			}
			u = append(u, refMember{m.term, float32(m.factor * w.text * scale), float32(m.factor * w.title * scale), base})
		}
		units = append(units, u)
	}
	return units, scale
}

// refTF returns how often a chunk has a term; an expression counts once.
func refTF(c *refChunk, p *plan, t int) int {
	if words := p.terms[t].words; words != nil {
		if c.has(p, words) {
			return 1
		}
		return 0
	}
	return len(c.terms[p.terms[t].term])
}

func refDF(chunks []refChunk, p *plan, t int) (df int) {
	for i := range chunks {
		df += min(refTF(&chunks[i], p, t), 1)
	}
	return df
}

func refTitleDF(chunks []refChunk, p *plan, t int) int {
	inTitle := map[uuid.UUID]bool{}
	for _, c := range chunks {
		if c.titleTerms[p.terms[t].term] > 0 {
			inTitle[c.doc.ID] = true
		}
	}
	return len(inTitle)
}

func refScores(chunks []refChunk, p *plan, units []refUnit, params Params) []int64 {
	length, titleLength, docs := 0, 0, map[uuid.UUID]int{}
	for _, c := range chunks {
		length += c.length
		docs[c.doc.ID] = c.titleLength
	}
	for _, l := range docs {
		titleLength += l
	}
	average := float64(length) / max(1, float64(len(chunks)))
	averageTitle := float64(titleLength) / max(1, float64(len(docs)))
	scores := make([]int64, len(chunks))
	for i := range chunks {
		c := &chunks[i]
		for _, u := range units {
			var text, title int64
			for _, m := range u {
				if tf := refTF(c, p, m.term); tf > 0 && m.text > 0 {
					text = max(text, refContribution(m.text, tf, c.length, average, params)+m.base-1)
				}
				if tf := c.titleTerms[p.terms[m.term].term]; tf > 0 && m.title > 0 {
					title = max(title, refContribution(m.title, tf, c.titleLength, averageTitle, params))
				}
			}
			scores[i] += text + title
		}
	}
	return scores
}

// refTerms is a lexicon that looks at every term: its number of live chunks.
type refTerms map[string]int

func refLexicon(chunks []refChunk) refTerms {
	terms := refTerms{}
	for _, c := range chunks {
		for t := range c.terms {
			terms[t]++
		}
	}
	return terms
}

func (r refTerms) completions(prefix string, most int) ([]string, error) {
	var found []string
	for t := range r {
		if strings.HasPrefix(t, prefix) && t != prefix {
			found = append(found, t)
		}
	}
	slices.SortFunc(found, func(a, b string) int { return cmp.Or(cmp.Compare(r[b], r[a]), strings.Compare(a, b)) })
	return found[:min(len(found), most)], nil
}

func (r refTerms) similar(term string, edits, most int) ([]similarTerm, error) {
	var found []similarTerm
	for t := range r {
		first, _ := utf8.DecodeRuneInString(term)
		other, _ := utf8.DecodeRuneInString(t)
		if d := refDistance([]rune(term), []rune(t)); first == other && d > 0 && d <= edits {
			found = append(found, similarTerm{t, d, r[t]})
		}
	}
	slices.SortFunc(found, func(a, b similarTerm) int {
		return cmp.Or(cmp.Compare(a.edits, b.edits), cmp.Compare(r[b.term], r[a.term]), strings.Compare(a.term, b.term))
	})
	return found[:min(len(found), most)], nil
}

// refDistance counts the edits from a to b, of which each letter is touched by
// one at most: insert, delete, replace, or swap two neighbours.
func refDistance(a, b []rune) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replace := d[i-1][j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			d[i][j] = min(replace, d[i-1][j]+1, d[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
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
