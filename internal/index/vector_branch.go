package index

import (
	"cmp"
	"slices"
)

// How far the vector branch looks. Of the chunks with the nearest signs, many
// more than are asked for are scored by their components, since signs alone order
// chunks roughly.
const (
	// fusedDepth is how many hits of each branch hybrid fuses.
	fusedDepth     = 200
	fusedNearest   = 2000 // chunks
	semanticDepth  = 1000 // hits of a semantic search
	semanticNear   = 5000 // chunks
	maxNearestTies = 4    // times what is asked for
)

// vectorBranch ranks hits by the likeness of their best chunk.
type vectorBranch struct {
	query vectorQuery
	scan  hammingScan
	top   topK
	hits  []candidate // best first; scores in vectorUnits
	// docs counts the hits that were offered, more says that there may be others.
	docs int
	more bool
}

// run ranks the depth best hits out of the chunks with the nearest signs.
func (b *vectorBranch) run(q *search, sets []bitset, depth, nearest int) {
	views := q.snapshot.views
	b.scan.reset(b.query.signs, q.snapshot.dimensions, nearest)
	for i, v := range views {
		if v.vectors != nil {
			b.scan.view(v, i, sets[i])
		}
	}
	b.scan.compact()
	b.cutTies(views)
	b.top.reset(depth, nil)
	b.docs = 0
	b.rank(views, q.request.Group)
	b.more = len(b.scan.found) >= nearest || b.docs > depth
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
