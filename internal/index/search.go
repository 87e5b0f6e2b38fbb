package index

import (
	"context"
	"math"
	"sync"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index/analysis"
)

// Bounds of a Request.
const (
	MaxLimit = 10000
	maxK1    = 100
	maxBoost = 100
)

// Search answers a request. Its errors are domain errors for a request that
// makes no sense, the context's error, or ErrCorrupt.
func (s *Snapshot) Search(ctx context.Context, r Request) (result *Result, err error) {
	if err := r.prepare(s.settings); err != nil {
		return nil, err
	}
	defer protect(&err)()
	q := searches.Get().(*search)
	var matched collector // where more than the best by score is wanted
	if len(r.Facets) > 0 {
		matched.matched = make([]bitset, len(s.views))
	}
	if len(r.Sort) > 0 || r.GroupBy != "" {
		result, err = q.searchOrdered(ctx, s, &r, &matched)
	} else {
		result, err = q.searchBest(ctx, s, &r)
	}
	if err != nil {
		return nil, err // a search that failed is not used again
	}
	q.release()
	if len(r.Facets) > 0 {
		err = s.addFacets(ctx, &r, &matched, result)
	}
	return result, err
}

// searchBest answers a request for the best hits.
func (q *search) searchBest(ctx context.Context, s *Snapshot, r *Request) (result *Result, err error) {
	result = &Result{Generation: s.generation, Vectors: Coverage{Covered: s.stats.Seen, Chunks: s.stats.Chunks}}
	if result.Vectors.Used, err = q.byVectors(s, r); err != nil {
		return nil, err
	}
	if result.Vectors.Used {
		result.Hits, err = q.searchVectors(ctx, s, r)
	} else if err = q.run(ctx, s, r); err == nil {
		result.Hits, err = q.hits()
	}
	if err != nil {
		return nil, err
	}
	result.Total, result.TotalIsLowerBound = q.total, q.lowerBound
	q.explainReading(result)
	return result, nil
}

// prepare fills in defaults and refuses what cannot be evaluated.
func (r *Request) prepare(settings *querySettings) error {
	if r.Limit == 0 {
		r.Limit = DefaultLimit
	}
	if r.Limit < 0 || r.Limit > MaxLimit {
		return domain.Errorf(domain.CodeInvalid, "limit must be between 1 and %d", MaxLimit)
	}
	if r.CountLimit <= 0 {
		r.CountLimit = DefaultCountLimit
	}
	if r.Fragments <= 0 {
		r.Fragments = DefaultFragments
	}
	if r.FragmentSize <= 0 {
		r.FragmentSize = DefaultFragmentSize
	}
	switch {
	case r.Params != nil:
	case settings != nil:
		r.Params = &settings.params
	default:
		r.Params = &DefaultParams
	}
	if r.Mode > ModeHybrid || r.Fusion > FusionRRF {
		return domain.Errorf(domain.CodeInvalid, "the mode or the fusion is unknown")
	}
	if r.MinScore != nil && (math.IsNaN(*r.MinScore) || math.IsInf(*r.MinScore, 0)) {
		return domain.Errorf(domain.CodeInvalid, "the least score is not a number")
	}
	if err := r.Weights.check(); err != nil {
		return err
	}
	p := r.Params
	if !(p.K1 >= 0 && p.K1 <= maxK1) || !(p.B >= 0 && p.B <= 1) || !(p.TitleBoost >= 0 && p.TitleBoost <= maxBoost) {
		return domain.Errorf(domain.CodeInvalid, "ranking parameters are out of range")
	}
	if r.Filter != nil {
		if err := r.Filter.Validate(); err != nil {
			return err
		}
	}
	if err := ValidateSort(r.Sort); err != nil {
		return err
	}
	if err := r.validateGroup(); err != nil {
		return err
	}
	return ValidateFacets(r.Facets)
}

// search is the evaluation of one request. It is pooled with its memory.
type search struct {
	analyzer     *analysis.Analyzer
	snapshot     *Snapshot
	request      *Request
	plan         *plan
	norms        *norms
	weights      []termWeights
	groupWeights []groupWeights
	relaxed      []relaxedWord
	postings     []termPostings // views × terms
	scale        float64        // score units per 1.0

	top        topK
	total      int
	counting   bool
	lowerBound bool
	ranked     []candidate

	collect  *collector // takes all hits instead of top; nil for none
	unscored bool       // every document that is not excluded is a hit

	window   window
	eligible bitset
	filter   filterEval
	phrases  phraseMatcher
	block    storedBlock
	fused    *fusedSearch // nil until vectors are searched with
	fusing   bool         // the keyword branch is ranked for fused
}

// termWeights are a term's numbers over the whole snapshot.
type termWeights struct {
	df, titleDF           int
	idf, titleIDF         float64
	text, title           float64 // score of a posting of infinite frequency
	textWeight, titleUnit float32 // the same in score units
}

var searches = sync.Pool{New: func() any { return &search{analyzer: analysis.New()} }}

func (q *search) release() {
	q.snapshot, q.request, q.plan, q.norms = nil, nil, nil, nil
	clear(q.postings) // they point into segments
	clear(q.top.heap[:cap(q.top.heap)])
	clear(q.ranked[:cap(q.ranked)])
	q.window.release()
	q.fused.release()
	searches.Put(q)
}

func (q *search) run(ctx context.Context, s *Snapshot, r *Request) error {
	if err := q.begin(s, r); err != nil {
		return err
	}
	return q.relax(ctx)
}

// begin reads the query and looks up its terms.
func (q *search) begin(s *Snapshot, r *Request) error {
	q.snapshot, q.request = s, r
	q.plan = parse(r.Query, s.queryRules(r.Language), q.analyzer)
	q.norms = s.normsOf(*r.Params)
	return q.lookUp()
}

// evaluate ranks the hits of the plan as it is.
func (q *search) evaluate(ctx context.Context) error {
	q.weigh()
	q.startRanking()
	q.startCounting()
	if q.collect != nil {
		q.collect.start(q.request.After)
	}
	for i := range q.snapshot.views {
		if err := ctx.Err(); err != nil {
			return err
		}
		if q.collect != nil {
			if err := q.collect.open(i); err != nil {
				return err
			}
		}
		if err := q.searchView(i); err != nil {
			return err
		}
	}
	q.ranked = q.top.sorted(q.ranked)
	return nil
}

// startRanking prepares to rank what the request asks for: a page of hits, or
// what a list by vectors begins with.
func (q *search) startRanking() {
	if q.fusing {
		q.fused.start()
		q.top.reset(q.request.depthOf().hits, nil)
		return
	}
	q.top.reset(q.request.Limit, q.cursor())
	q.top.least = q.leastUnits()
}

// cursor returns the request's cursor in score units.
func (q *search) cursor() *candidate {
	after := q.request.After
	if after == nil {
		return nil
	}
	c := &candidate{score: q.units(after.Score), key: after.DocumentID[:], ordinal: after.Ordinal}
	if q.request.Group == GroupDocument {
		c.ordinal = maxOrdinal // a document has one hit
	}
	return c
}

// viewPostings returns the postings of all terms in a view.
func (q *search) viewPostings(view int) []termPostings {
	n := len(q.plan.terms)
	return q.postings[view*n : (view+1)*n]
}

// lookUp finds every term in every segment and sums the document frequencies.
func (q *search) lookUp() error {
	terms, views := q.plan.terms, q.snapshot.views
	q.weights = append(q.weights[:0], make([]termWeights, len(terms))...)
	if n := len(terms) * len(views); cap(q.postings) < n {
		q.postings = make([]termPostings, n)
	} else {
		q.postings = q.postings[:n]
		clear(q.postings)
	}
	for i, v := range views {
		postings := q.viewPostings(i)
		for t := range terms {
			if terms[t].words != nil {
				continue
			}
			offset, ok, err := v.findTerm(terms[t].key)
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			if postings[t], err = readTerm(v.postings, offset); err != nil {
				return err
			}
			text, title, err := v.liveDF(offset, &postings[t])
			if err != nil {
				return err
			}
			q.weights[t].df += text
			q.weights[t].titleDF += title
		}
	}
	return q.lookUpExpressions()
}

// idf is that of Lucene: never negative.
func idf(n, df int) float64 {
	return math.Log(1 + (float64(n)-float64(df)+0.5)/(float64(df)+0.5))
}

// maxUnits bounds the sum of all contributions, so that it fits into 32 bits
// and a float32 holds each one with the precision that is kept.
const (
	maxUnits     = 1 << 31
	defaultScale = 1 << 16
)

// weigh computes the weights of all terms and the scale of score units.
func (q *search) weigh() {
	p, st := q.request.Params, &q.snapshot.stats
	sum := 0.0
	for t := range q.weights {
		w, count := &q.weights[t], float64(q.plan.terms[t].count)
		w.idf, w.titleIDF = idf(st.Chunks, w.df), idf(st.Docs, w.titleDF)
		if w.df > 0 {
			w.text = count * w.idf * (p.K1 + 1)
		}
		if w.titleDF > 0 {
			w.title = count * p.TitleBoost * w.titleIDF * (p.K1 + 1)
		}
		sum += w.text + w.title
	}
	if len(q.plan.groups) > 0 {
		sum += q.weighGroups()
	}
	q.scale = defaultScale
	for sum*q.scale > maxUnits/2 {
		q.scale /= 2
	}
	for t := range q.weights {
		w := &q.weights[t]
		w.textWeight, w.titleUnit = float32(w.text*q.scale), float32(w.title*q.scale)
	}
	if len(q.plan.groups) > 0 {
		q.scaleGroups()
	}
}

// startCounting decides whether matches have to be counted. They need not be
// when one term alone has enough of them.
func (q *search) startCounting() {
	q.total, q.lowerBound, q.counting = 0, false, true
	if q.collect != nil || q.request.Filter != nil || q.request.MinScore != nil || len(q.plan.required) > 0 || len(q.plan.excluded) > 0 {
		return
	}
	scored, most := 0, 0
	documents := q.request.Group == GroupDocument && q.snapshot.stats.Chunks != q.snapshot.stats.Docs
	for t, w := range q.weights {
		if q.plan.terms[t].count == 0 || w.df == 0 {
			continue
		}
		scored++
		hits := w.df
		if documents {
			hits = w.titleDF // chunks of one document count once
		}
		most = max(most, hits)
	}
	for g := range q.plan.groups {
		most = max(most, q.groupHits(g, documents))
	}
	exact := scored == 1 && len(q.plan.groups) == 0 && (q.request.Group == GroupNone || q.snapshot.stats.Chunks == q.snapshot.stats.Docs)
	if exact || most >= q.countLimit() {
		q.total, q.lowerBound, q.counting = most, !exact, false
	}
}

// counted adds matches, and ends counting at the limit.
func (q *search) counted(n int) {
	q.total += n
	if q.total >= q.countLimit() && q.collect == nil {
		q.counting, q.lowerBound = false, true
	}
}

func (q *search) searchView(i int) error {
	eligible, err := q.eligibleIn(i)
	if err != nil {
		return err
	}
	if !q.scoring() {
		q.matchAll(i, eligible)
		return nil
	}
	return q.window.search(q, i, eligible)
}

// eligibleIn returns the chunks of a view that may be hits, nil for all. They are
// valid until it is called for the next view, or when q.fusing to its end.
func (q *search) eligibleIn(i int) (bitset, error) {
	e := eligibility{
		v: q.snapshot.views[i], p: q.plan, terms: q.viewPostings(i), group: q.request.Group, buffer: &q.eligible,
		phrase: q.phrases, filter: &q.filter,
	}
	if q.fusing {
		e.buffer = q.fused.buffer(i)
	}
	eligible, err := e.chunks(q.request.Filter)
	q.phrases = e.phrase
	if q.fusing {
		q.fused.sets = append(q.fused.sets, eligible)
	}
	return eligible, err
}
