package index

import (
	"context"
	"math"
	"slices"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// fusedSearch is what a search needs in addition when vectors have a part in it.
type fusedSearch struct {
	query   vectorQuery
	branch  vectorBranch
	keyword []candidate // the best of the keyword branch
	pool    []pooled
	sets    []bitset  // eligible chunks by view; nil for all
	buffers []*bitset // memory of sets
	rest    bitset    // memory of what is eligible behind the pool
	sums    []uint32
	best    []uint32
	bounds  fusionBounds
	beside  besideScan
}

// release lets go of everything that points into segments.
func (f *fusedSearch) release() {
	if f == nil {
		return
	}
	f.branch.release()
	clear(f.keyword[:cap(f.keyword)])
	clear(f.pool[:cap(f.pool)])
	clear(f.sets)
	f.keyword, f.pool, f.sets = f.keyword[:0], f.pool[:0], f.sets[:0]
}

// byVectors decides whether vectors have a part in the answer, and reads the
// query's.
func (q *search) byVectors(s *Snapshot, r *Request) (bool, error) {
	phase := PhaseKeyword
	if r.After != nil {
		phase = r.After.Phase
	}
	able := r.Mode != ModeKeyword && r.Vector != nil && s.stats.Vectors > 0
	switch {
	case phase >= phases, phase != PhaseKeyword && r.Mode == ModeKeyword, phase == PhaseRest && r.Mode != ModeHybrid:
		return false, domain.Errorf(domain.CodeInvalid, "the cursor is of a search of another type")
	case phase != PhaseKeyword && !able:
		return false, &domain.Error{
			Code:              domain.CodeUnavailable,
			Message:           "these results were ranked by vectors, which are not available at the moment: try again, or start anew without the cursor",
			RetryAfterSeconds: cursorRetrySeconds,
		}
	case !able, r.After != nil && phase == PhaseKeyword: // goes on as it began
		return false, nil
	}
	if q.fused == nil {
		q.fused = &fusedSearch{}
	}
	return true, q.fused.query.set(r.Vector, s.dimensions)
}

// cursorRetrySeconds is when vectors may be there again.
const cursorRetrySeconds = 5

// searchVectors answers by vectors, alone or with keywords.
func (q *search) searchVectors(ctx context.Context, s *Snapshot, r *Request) ([]Hit, error) {
	f := q.fused
	defer func() { _ = f.beside.wait() }() // after an error of the other branch
	if err := q.rankKeyword(ctx, s, r); err != nil {
		return nil, err
	}
	if r.Mode == ModeSemantic {
		f.branch.run(q, f.sets, r.depthOf())
		f.poolVectors(q)
	} else if err := q.fuse(); err != nil {
		return nil, err
	}
	return q.fusedPage(ctx)
}

// rankKeyword ranks the keyword branch and finds what is eligible in each view.
// Without anything to score the branch has no hits: every document is as good.
// ModeSemantic only needs to know what is eligible, unless a phrase is required:
// whether it is given up depends on what it finds.
func (q *search) rankKeyword(ctx context.Context, s *Snapshot, r *Request) error {
	f := q.fused
	if err := q.begin(s, r); err != nil {
		return err
	}
	f.beside.start(q)
	q.fusing = true
	defer func() { q.fusing = false }()
	if r.Mode == ModeHybrid || len(q.plan.required) > 0 {
		if err := q.relax(ctx); err != nil {
			return err
		}
	} else {
		q.relaxed = nil
		q.weigh()
		f.start()
		for i := range s.views {
			if _, err := q.eligibleIn(i); err != nil {
				return err
			}
		}
	}
	f.keyword = f.keyword[:0]
	if r.Mode == ModeHybrid && q.scoring() {
		f.keyword = append(f.keyword, q.ranked...)
	}
	return nil
}

// scoring reports whether the query has words that are scored.
func (q *search) scoring() bool { return !q.unscored && q.plan.scored() }

// start forgets what a narrower reading of the query has found.
func (f *fusedSearch) start() { f.sets = f.sets[:0] }

// buffer returns the memory for what is eligible in a view.
func (f *fusedSearch) buffer(view int) *bitset {
	for len(f.buffers) <= view {
		f.buffers = append(f.buffers, new(bitset))
	}
	return f.buffers[view]
}

// fuse fills the pool from both branches and ranks it.
func (q *search) fuse() error {
	f := q.fused
	if f.beside.running {
		if err := f.beside.wait(); err != nil {
			return err
		}
	} else {
		f.branch.run(q, f.sets, q.request.depthOf())
	}
	f.join(q)
	if err := f.lookUpKeyword(q); err != nil {
		return err
	}
	f.lookUpVectors(q)
	f.score(q)
	return nil
}

// fusedPage returns the hits of a list that begins with the pool.
func (q *search) fusedPage(ctx context.Context) ([]Hit, error) {
	f, r := q.fused, q.request
	floor := q.leastVectorUnits()
	listed := 0
	for listed < len(f.pool) && f.pool[listed].score >= floor {
		listed++
	}
	q.countFused(listed)
	from := listed
	if r.After == nil || r.After.Phase == PhaseVectors {
		from = f.behind(r, listed)
	}
	page := f.pool[from:min(listed, from+r.Limit)]
	q.ranked = q.ranked[:0]
	for i := range page {
		q.ranked = append(q.ranked, page[i].candidate())
	}
	fused := len(q.ranked)
	if r.Mode == ModeHybrid && fused < r.Limit && (r.MinScore == nil || *r.MinScore <= 0) {
		if err := q.appendRest(ctx, r.Limit-fused); err != nil {
			return nil, err
		}
	}
	hits, err := q.read()
	if err != nil {
		return nil, err
	}
	for i := range page {
		hits[i].Score, hits[i].phase = vectorScore(page[i].score), PhaseVectors
	}
	for i := fused; i < len(hits); i++ {
		hits[i].rest, hits[i].Score, hits[i].phase = hits[i].Score, 0, PhaseRest
	}
	if r.Explain {
		f.explain(q, hits, page)
	}
	return hits, nil
}

// behind returns the first of the listed hits of the pool behind the cursor.
func (f *fusedSearch) behind(r *Request, listed int) int {
	if r.After == nil {
		return 0
	}
	after := candidate{score: int64(math.Round(r.After.Score * vectorUnits)), key: r.After.DocumentID[:], ordinal: r.After.Ordinal}
	if r.Group == GroupDocument {
		after.ordinal = maxOrdinal
	}
	for i := range f.pool[:listed] {
		if c := f.pool[i].rankedBy(); after.before(&c) {
			return i
		}
	}
	return listed
}

// countFused sets the total of a list with so many hits of the pool.
func (q *search) countFused(listed int) {
	r := q.request
	switch {
	case r.Mode == ModeSemantic:
		q.total = listed
		q.lowerBound = q.fused.branch.more && listed == len(q.fused.pool)
	case r.MinScore != nil && *r.MinScore > 0:
		q.total, q.lowerBound = listed, false
	case q.scoring():
		for i := range q.fused.pool {
			if q.fused.pool[i].keyword == 0 {
				q.total++
			}
		}
	}
}

// appendRest appends the keyword hits that are not in the pool to q.ranked. They
// are there only when the keyword branch had more than it gave to the pool.
func (q *search) appendRest(ctx context.Context, n int) error {
	f := q.fused
	if q.scoring() && len(f.keyword) < q.request.depthOf().hits {
		return nil
	}
	total, lowerBound := q.total, q.lowerBound
	defer func() { q.total, q.lowerBound = total, lowerBound }()
	var after *candidate
	if r := q.request; r.After != nil && r.After.Phase == PhaseRest {
		after = q.cursor()
	}
	q.top.reset(n, after)
	q.counting = false
	for i := range q.snapshot.views {
		if err := ctx.Err(); err != nil {
			return err
		}
		set := f.outsidePool(q, i)
		if !q.scoring() {
			q.matchAll(i, set)
		} else if err := q.window.search(q, i, set); err != nil {
			return err
		}
	}
	fused := slices.Clone(q.ranked)
	q.ranked = append(fused, q.top.sorted(q.ranked)...)
	return nil
}

// outsidePool returns the eligible chunks of a view without those of the pool.
func (f *fusedSearch) outsidePool(q *search, view int) bitset {
	chunks := q.snapshot.views[view].meta.Chunks
	if words := bitsetWords(chunks); cap(f.rest) < words {
		f.rest = make(bitset, words)
	}
	set := f.rest[:bitsetWords(chunks)]
	if f.sets[view] != nil {
		copy(set, f.sets[view])
	} else {
		clear(set)
		set.setRange(0, chunks)
	}
	for i := range f.pool {
		if p := &f.pool[i]; p.segment == view {
			for c := p.first; c < p.end; c++ {
				set.unset(int(c))
			}
		}
	}
	return set
}
