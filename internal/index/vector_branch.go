package index

import (
	"cmp"
	"slices"
)

// How far the vector branch looks. Of the chunks with the nearest signs, many
// more than are asked for are scored by their components, since signs alone order
// chunks roughly.
var (
	fusedDepth    = vectorDepth{hits: 200, nearest: 2000, beside: 20_000}
	semanticDepth = vectorDepth{hits: 1000, nearest: 3000}
)

// vectorDepth is how many hits are ranked out of how many chunks with the nearest
// signs. Of the keyword branch as many hits are fused. From beside vectors on the
// branches run side by side: for fewer, a goroutine costs more than it saves.
type vectorDepth struct{ hits, nearest, beside int }

// depthOf returns the depth of a request.
func (r *Request) depthOf() vectorDepth {
	switch {
	case r.depth != nil:
		return *r.depth
	case r.Mode == ModeSemantic:
		return semanticDepth
	}
	return fusedDepth
}

// maxNearestTies is how many times what is asked for equally near chunks may make
// it.
const maxNearestTies = 4

// vectorBranch ranks hits by the likeness of their best chunk.
type vectorBranch struct {
	query *vectorQuery
	scan  hammingScan
	top   topK
	hits  []candidate // best first; scores in vectorUnits
	// docs counts the hits that were offered, more says that there may be others.
	docs int
	more bool
}

// run ranks the best hits.
func (b *vectorBranch) run(q *search, sets []bitset, depth vectorDepth) {
	views := q.snapshot.views
	b.query = &q.fused.query
	b.scan.reset(b.query.signs, q.snapshot.dimensions, depth.nearest)
	for i, v := range views {
		if v.vectors != nil {
			b.scan.view(v, i, sets[i])
		}
	}
	b.scan.compact()
	b.cutTies(views)
	b.top.reset(depth.hits, nil)
	b.docs = 0
	b.rank(views, q.request.Group)
	b.more = len(b.scan.found) >= depth.nearest || b.docs > depth.hits
	b.hits = b.top.sorted(b.hits)
}

// cutTies keeps the work bounded where very many chunks are equally near: those
// of the lowest document ids are kept, in whichever segment they are.
func (b *vectorBranch) cutTies(views []*view) {
	found := b.scan.found
	if len(found) <= maxNearestTies*b.scan.want {
		return
	}
	b.top.reset(b.scan.want, nil)
	for _, c := range found {
		v := views[c.segment]
		b.top.offer(candidate{
			score: -int64(c.distance), segment: c.segment, chunk: c.chunk,
			key: v.docKey(v.docOf(int(c.chunk))), ordinal: v.ordinalOf(int(c.chunk)),
		})
	}
	b.scan.found = found[:0]
	for _, c := range b.top.heap {
		b.scan.found = append(b.scan.found, nearChunk{c.segment, c.chunk, int(-c.score)})
	}
	slices.SortFunc(b.scan.found, func(x, y nearChunk) int {
		return cmp.Or(cmp.Compare(x.segment, y.segment), cmp.Compare(x.chunk, y.chunk))
	})
}

// rank scores what was found, which stands in the order of segments and chunks,
// and offers each document, or chunk, to b.top.
func (b *vectorBranch) rank(views []*view, group Group) {
	found := b.scan.found
	for at := 0; at < len(found); {
		v, segment := views[found[at].segment], found[at].segment
		vectors := v.vectorsFile()
		doc, end := v.docOf(int(found[at].chunk)), uint32(0)
		if group == GroupDocument {
			_, last := v.chunksOf(doc)
			end = uint32(last)
		}
		best := candidate{segment: segment, chunk: found[at].chunk, score: b.query.likeness(vectors, int(found[at].chunk))}
		for at++; at < len(found) && found[at].segment == segment && found[at].chunk < end; at++ {
			if s := b.query.likeness(vectors, int(found[at].chunk)); s > best.score {
				best.score, best.chunk = s, found[at].chunk
			}
		}
		best.key, best.ordinal = v.docKey(doc), v.ordinalOf(int(best.chunk))
		b.top.offer(best)
		b.docs++
	}
}

// release lets go of everything that points into segments.
func (b *vectorBranch) release() {
	clear(b.top.heap[:cap(b.top.heap)])
	clear(b.hits[:cap(b.hits)])
	b.hits = b.hits[:0]
}
