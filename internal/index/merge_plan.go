package index

import "github.com/google/uuid"

// SegmentInfo is what PlanMerge looks at.
type SegmentInfo struct {
	ID       uuid.UUID
	Docs     int
	LiveDocs int
	Bytes    int64
}
