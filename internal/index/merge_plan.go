package index

import (
	"bytes"
	"cmp"
	"math"
	"slices"

	"github.com/google/uuid"
)

// SegmentInfo is what PlanMerge looks at.
type SegmentInfo struct {
	ID uuid.UUID
	// Docs are all documents of the segment, LiveDocs those that are not hidden.
	Docs, LiveDocs int
	Bytes          int64
}

// liveBytes estimates the size of the segment without its hidden documents.
func (s SegmentInfo) liveBytes() int64 {
	if s.Docs == 0 {
		return 0
	}
	return int64(float64(s.Bytes) * float64(s.LiveDocs) / float64(s.Docs))
}

// MergePolicy says when segments are worth merging.
type MergePolicy struct {
	// Fanout segments of about one size become one of the next size, so that a
	// document is rewritten once per size and a tenant of n bytes has at most
	// Fanout*log(n) segments.
	Fanout int
	// Start is how many segments of a size are merged; at least Fanout.
	Start int
	// FloorBytes is the size up to which all segments count as equally small.
	FloorBytes int64
	// MaxBytes bounds the result; a segment of more than half of it is left
	// alone while most of it is live.
	MaxBytes int64
	// MaxSegments bounds a group.
	MaxSegments int
	// MaxDead is the fraction of hidden documents above which a segment is
	// rewritten for its own sake. 0 turns this off.
	MaxDead float64
}

// DefaultMergePolicy is for compaction in the background, while commits come: it
// leaves some more segments than PlanQuietMerge, and an import is not slowed down
// by merges of what is merged again at its end.
func DefaultMergePolicy() MergePolicy {
	return MergePolicy{Fanout: 8, Start: 16, FloorBytes: 16 << 10, MaxBytes: 4 << 30, MaxSegments: 32, MaxDead: 0.2}
}

// TailMergePolicy is for the merge right after a commit: it only touches tiny
// segments and takes milliseconds. Its sizes are those of DefaultMergePolicy:
// two ladders would make each policy undo the other's rest.
func TailMergePolicy() MergePolicy {
	p := DefaultMergePolicy()
	p.MaxBytes, p.MaxDead, p.Start = 2<<20, 0, p.Fanout
	return p
}

// PlanMerge returns groups of segments to merge, the most useful first. Groups
// do not overlap. A group of one segment is rewritten to drop what is hidden.
func PlanMerge(segments []SegmentInfo, p MergePolicy) [][]uuid.UUID {
	left := bySize(segments)
	var groups [][]uuid.UUID
	for start := 0; start < len(left); {
		tier, end := p.tier(left[start].liveBytes()), start
		for end < len(left) && p.tier(left[end].liveBytes()) == tier {
			end++
		}
		groups = append(groups, p.mergeTier(left[start:end])...)
		start = end
	}
	return p.addDead(groups, left)
}

// tier returns the size class of a segment.
func (p MergePolicy) tier(size int64) int {
	if size <= p.FloorBytes {
		return 0
	}
	return 1 + int(math.Log(float64(size)/float64(p.FloorBytes))/math.Log(float64(p.Fanout)))
}

// mergeTier groups the segments of a tier, smallest first.
func (p MergePolicy) mergeTier(tier []SegmentInfo) (groups [][]uuid.UUID) {
	for len(tier) >= max(p.Start, p.Fanout) {
		var group []uuid.UUID
		size := int64(0)
		for len(tier) > 0 && len(group) < p.MaxSegments && size+tier[0].liveBytes() <= p.MaxBytes {
			size += tier[0].liveBytes()
			group = append(group, tier[0].ID)
			tier = tier[1:]
		}
		if len(group) < 2 {
			return groups
		}
		groups = append(groups, group)
	}
	return groups
}

// A merge of a quiet tenant has at least quietSegments and quietBytes: fewer cost
// searches little.
const (
	quietSegments = 4
	quietBytes    = 1 << 20
)

// PlanQuietMerge returns a group of segments that is worth merging once no more
// commits come, though they are of different sizes and too few for PlanMerge: each
// search looks into every segment. None is larger than all smaller ones of the
// group together, so that the result is at least twice as large as any of them
// and a document is rewritten at most log2(n) times, however often a tenant falls
// quiet.
func PlanQuietMerge(segments []SegmentInfo, p MergePolicy) []uuid.UUID {
	left := bySize(segments)
	for start := range left {
		sum, end := left[start].liveBytes(), start+1
		for end < len(left) && end-start < p.MaxSegments {
			size, most := left[end].liveBytes(), sum
			if end == start+1 {
				most = 2 * sum // the second has but one before it
			}
			if size > most || sum+size > p.MaxBytes {
				break
			}
			sum += size
			end++
		}
		if end-start >= quietSegments && sum >= quietBytes {
			group := make([]uuid.UUID, 0, end-start)
			for _, s := range left[start:end] {
				group = append(group, s.ID)
			}
			return group
		}
	}
	return nil
}

// bySize returns the segments by rising size.
func bySize(segments []SegmentInfo) []SegmentInfo {
	sorted := slices.Clone(segments)
	slices.SortFunc(sorted, func(a, b SegmentInfo) int {
		if c := cmp.Compare(a.liveBytes(), b.liveBytes()); c != 0 {
			return c
		}
		return bytes.Compare(a.ID[:], b.ID[:])
	})
	return sorted
}

// addDead adds the segments that are not in a group and mostly hidden.
func (p MergePolicy) addDead(groups [][]uuid.UUID, segments []SegmentInfo) [][]uuid.UUID {
	if p.MaxDead == 0 {
		return groups
	}
	for _, s := range segments {
		grouped := slices.ContainsFunc(groups, func(g []uuid.UUID) bool { return slices.Contains(g, s.ID) })
		if !grouped && float64(s.Docs-s.LiveDocs) > p.MaxDead*float64(s.Docs) {
			groups = append(groups, []uuid.UUID{s.ID})
		}
	}
	return groups
}
