package index

import (
	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// ChunkText is one chunk as an embedding model is given it.
type ChunkText struct {
	Chunk                   int
	Title, Heading, Content string
	// Hidden is set for a chunk that no search of the snapshot can find: its
	// document was deleted or replaced.
	Hidden bool
}

// ChunkTexts yields the chunks of one of the snapshot's segments in their order,
// and returns how many there are. The texts must not be kept. It stops at the
// first error of yield, which it returns. A segment that the snapshot does not
// have is not found.
func (s *Snapshot) ChunkTexts(segment uuid.UUID, yield func(ChunkText) error) (int, error) {
	for _, v := range s.views {
		if v.ref.ID != segment {
			continue
		}
		return v.meta.Chunks, v.Segment.ChunkTexts(func(chunk int, title, heading, content string) error {
			hidden := v.live != nil && !v.live.has(chunk)
			return yield(ChunkText{Chunk: chunk, Title: title, Heading: heading, Content: content, Hidden: hidden})
		})
	}
	return 0, domain.NotFound("index segment")
}

// LiveChunks returns how many chunks of one of the snapshot's segments can be
// found, 0 for a segment that it does not have.
func (s *Snapshot) LiveChunks(segment uuid.UUID) int {
	for _, v := range s.views {
		if v.ref.ID == segment {
			return v.liveChunks
		}
	}
	return 0
}
