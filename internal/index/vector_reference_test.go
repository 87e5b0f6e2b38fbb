package index

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/index/analysis"
)

// testVector is the vector of a chunk in these tests: always the same for the same
// version, and missing for some.
func testVector(id uuid.UUID, version uint64, ordinal, dims int) []float32 {
	rng := rand.New(rand.NewPCG(binary.BigEndian.Uint64(id[:]), version<<8|uint64(ordinal)))
	if rng.IntN(8) == 0 {
		return nil
	}
	v := make([]float32, dims)
	for i := range v {
		v[i] = float32(rng.NormFloat64())
	}
	return v
}

// embed writes the vectors of a segment as a worker would, from the segment.
func (l *lab) embed(i int) {
	s := l.open(l.refs[i])
	var out bytes.Buffer
	meta, err := WriteVectors(&out, l.dims, s.meta.Chunks, func(chunk int) []float32 {
		doc := s.docOf(chunk)
		return testVector(s.docID(doc), s.docVersion(doc), s.ordinalOf(chunk), l.dims)
	})
	require.NoError(l.t, err)
	l.addVectors(i, out.Bytes(), meta)
}

func (l *lab) addVectors(i int, data []byte, meta VectorsMeta) {
	l.segments++
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[8:], uint64(l.segments))
	l.bytes[id] = data
	require.EqualValues(l.t, len(data), meta.Bytes)
	l.refs[i].Vectors = &VectorsRef{ID: id, Bytes: meta.Bytes, Checksum: meta.Checksum, Chunks: meta.Chunks, Missing: meta.Missing}
}

func (l *lab) openVectors(ref SegmentRef) *Vectors {
	if ref.Vectors == nil {
		return nil
	}
	v, err := OpenVectorsBytes(l.bytes[ref.Vectors.ID])
	require.NoError(l.t, err)
	require.Equal(l.t, ref.Vectors.Checksum, v.Meta().Checksum)
	return v
}

// fill gives the segments that have none their vectors.
func (l *lab) fill() {
	for i := range l.refs {
		if l.refs[i].Vectors == nil {
			l.embed(i)
		}
	}
	l.generation++
	l.refresh(nil)
	// Some have no vector, but the model has seen them all.
	require.Equal(l.t, l.current.Stats().Chunks, l.current.Stats().Seen)
}

// refPooled is a hit of the reference by vectors.
type refPooled struct {
	id                      uuid.UUID
	ordinal                 int
	keyword, vector         int64
	keywordRank, vectorRank int
	hasVector               bool
	score                   int64
}

func compareRef(a, b refPooled, score func(refPooled) int64) int {
	return cmp.Or(cmp.Compare(score(b), score(a)), bytes.Compare(a.id[:], b.id[:]), cmp.Compare(a.ordinal, b.ordinal))
}

// refVectors ranks by vectors: it looks at every chunk, and knows none of how the
// index finds the nearest.
type refVectors struct {
	*reference
	dims    int
	req     Request
	query   vectorQuery
	covered func(id uuid.UUID, version uint64) bool // whether its segment has vectors
	plan    *plan
	keyword []refHit
	scale   float64
}

func (r *refVectors) eligible() []refChunk {
	excluded := map[uuid.UUID]bool{}
	chunks := slices.Clone(r.live())
	for i := range chunks {
		for _, ph := range r.plan.excluded {
			if r.req.Group == GroupDocument && chunks[i].hasAny(r.plan, ph) {
				excluded[chunks[i].doc.ID] = true
			}
		}
	}
	return slices.DeleteFunc(chunks, func(c refChunk) bool {
		ok := !excluded[c.doc.ID] && (r.req.Filter == nil || refMatches(r.req.Filter, &c.doc))
		for _, ph := range r.plan.required {
			ok = ok && c.hasAny(r.plan, ph)
		}
		for _, ph := range r.plan.excluded {
			ok = ok && (r.req.Group == GroupDocument || !c.hasAny(r.plan, ph))
		}
		return !ok
	})
}

// refVector is a chunk with its likeness to the query and its distance.
type refVector struct {
	refPooled
	distance int
}

// compared returns the eligible chunks with a vector.
func (r *refVectors) compared() (out []refVector) {
	for _, c := range r.eligible() {
		v := testVector(c.doc.ID, c.doc.Version, c.ordinal, r.dims)
		if v == nil || !r.covered(c.doc.ID, c.doc.Version) {
			continue
		}
		distance := 0
		for i, x := range v {
			if (x > 0) != (r.query.unit[i] > 0) {
				distance++
			}
		}
		var file bytes.Buffer
		_, err := WriteVectors(&file, r.dims, 1, func(int) []float32 { return v })
		must(err)
		one, err := OpenVectorsBytes(file.Bytes())
		must(err)
		p := refPooled{id: c.doc.ID, ordinal: c.ordinal, vector: r.query.likeness(one, 0), hasVector: true}
		out = append(out, refVector{p, distance})
	}
	return out
}

// group keeps the most alike chunk of each document.
func (r *refVectors) group(chunks []refVector) (hits []refPooled) {
	for _, c := range chunks {
		i := slices.IndexFunc(hits, func(h refPooled) bool {
			return h.id == c.id && (r.req.Group == GroupDocument || h.ordinal == c.ordinal)
		})
		switch {
		case i < 0:
			hits = append(hits, c.refPooled)
		case c.vector > hits[i].vector:
			hits[i] = c.refPooled
		}
	}
	slices.SortFunc(hits, func(a, b refPooled) int { return compareRef(a, b, func(p refPooled) int64 { return p.vector }) })
	return hits
}

// branch returns the best hits by vectors among the nearest chunks, and how many
// hits there were.
func (r *refVectors) branch(all []refVector, depth vectorDepth) (hits []refPooled, more bool) {
	near := slices.Clone(all)
	slices.SortFunc(near, func(a, b refVector) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), bytes.Compare(a.id[:], b.id[:]), cmp.Compare(a.ordinal, b.ordinal))
	})
	if n := depth.nearest; len(near) >= n {
		limit := near[n-1].distance
		end := slices.IndexFunc(near, func(c refVector) bool { return c.distance > limit })
		if end < 0 {
			end = len(near)
		}
		if end > maxNearestTies*n {
			end = n
		}
		near, more = near[:end], true
	}
	slices.SortFunc(near, func(a, b refVector) int {
		return cmp.Or(bytes.Compare(a.id[:], b.id[:]), cmp.Compare(a.ordinal, b.ordinal))
	})
	hits = r.group(near)
	more = more || len(hits) > depth.hits
	hits = hits[:min(len(hits), depth.hits)]
	for i := range hits {
		hits[i].vectorRank = i + 1
	}
	return hits, more
}

// refListed is a hit of the whole list.
type refListed struct {
	refHit
	phase Phase
}

// list returns the whole list of a request, and its total; atLeast says that this
// may be a lower bound.
func (r *refVectors) list() (hits []refListed, total int, atLeast bool) {
	all := r.req
	all.MinScore, all.CountLimit = nil, 1<<30
	r.readKeyword(all)
	depth, compared := r.req.depthOf(), r.compared()
	found, more := r.branch(compared, depth)
	floor := int64(math.MinInt64)
	if r.req.MinScore != nil {
		floor = int64(math.Ceil(*r.req.MinScore * vectorUnits))
	}
	if r.req.Mode == ModeSemantic {
		for i := range found {
			found[i].score = found[i].vector
		}
		hits = listed(found, floor)
		return hits, len(hits), more && len(hits) == len(found)
	}
	pool := r.pool(compared, found, depth)
	hits = listed(pool, floor)
	if r.req.MinScore != nil && *r.req.MinScore > 0 {
		return hits, len(hits), false
	}
	inPool := func(h refHit) bool {
		return slices.ContainsFunc(pool, func(p refPooled) bool {
			return p.id == h.id && (r.req.Group == GroupDocument || p.ordinal == h.ordinal)
		})
	}
	for _, h := range r.keyword {
		if !inPool(h) {
			hits = append(hits, refListed{refHit{h.id, h.ordinal, 0}, PhaseRest})
		}
	}
	return hits, len(hits), true
}

// readKeyword finds all that the keyword branch finds.
func (r *refVectors) readKeyword(all Request) {
	all.After, all.Limit = nil, MaxLimit
	r.keyword, _, r.plan = r.read(all)
	rules := rulesFor(all.Language, r.languages, r.settings)
	if written := parse(all.Query, &rules, analysis.New()); r.req.Mode == ModeSemantic && len(written.required) == 0 {
		r.plan = written
	}
	params := DefaultParams
	if all.Params != nil {
		params = *all.Params
	}
	_, r.scale = refUnits(r.live(), r.plan, params)
}

func listed(pool []refPooled, floor int64) (hits []refListed) {
	for _, p := range pool {
		if p.score >= floor {
			hits = append(hits, refListed{refHit{p.id, p.ordinal, float64(p.score) / vectorUnits}, PhaseVectors})
		}
	}
	return hits
}

// pool joins and scores both branches.
func (r *refVectors) pool(compared []refVector, found []refPooled, depth vectorDepth) []refPooled {
	scored := r.plan.scored()
	same := func(id uuid.UUID, ordinal int) func(refPooled) bool {
		return func(p refPooled) bool { return p.id == id && (r.req.Group == GroupDocument || p.ordinal == ordinal) }
	}
	every := r.group(compared)
	pool := slices.Clone(found)
	for rank, h := range r.keyword {
		units := int64(math.Round(h.score * r.scale * weightFirst))
		i := slices.IndexFunc(pool, same(h.id, h.ordinal))
		if !scored {
			break
		}
		if rank >= depth.hits {
			if i >= 0 {
				pool[i].keyword = units
			}
			continue
		}
		if i < 0 {
			p := refPooled{}
			if k := slices.IndexFunc(every, same(h.id, h.ordinal)); k >= 0 {
				p = every[k]
			}
			pool, i = append(pool, p), len(pool)
		}
		pool[i].id, pool[i].ordinal, pool[i].keyword, pool[i].keywordRank = h.id, h.ordinal, units, rank+1
	}
	r.score(pool, found)
	slices.SortFunc(pool, func(a, b refPooled) int { return compareRef(a, b, func(p refPooled) int64 { return p.score }) })
	return pool
}

func (r *refVectors) score(pool, found []refPooled) {
	best := int64(0)
	for _, p := range pool {
		best = max(best, p.keyword)
	}
	w := r.req.shares()
	for i := range pool {
		p := &pool[i]
		keyword, vector := 0.0, 0.0
		if r.req.Fusion == FusionRRF {
			if p.keywordRank > 0 {
				keyword = 1 / float64(60+p.keywordRank)
			}
			if p.vectorRank > 0 {
				vector = 1 / float64(60+p.vectorRank)
			}
		} else {
			if best > 0 {
				keyword = float64(p.keyword) / float64(best)
			}
			if p.hasVector && len(found) > 0 {
				low, high := found[len(found)-1].vector, found[0].vector
				switch {
				case p.vector >= high:
					vector = 1
				case p.vector > low:
					vector = float64(p.vector-low) / float64(high-low)
				}
			}
		}
		p.score = int64(math.RoundToEven((float64(w.Keyword*keyword) + float64(w.Vector*vector)) * vectorUnits))
	}
}
