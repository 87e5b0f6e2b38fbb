package index

import "github.com/RoaringBitmap/roaring/v2"

// MergeInput is a segment to merge, and the documents to leave out.
type MergeInput struct {
	Segment *Segment
	Hidden  *roaring.Bitmap
}
