package reindex

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/store"
)

// Held is a version of a document that a segment holds.
type Held struct {
	ID      uuid.UUID
	Version uint64
}

// Compare says what segments lack of what is indexed, which is in the order of
// ids. behind are the documents of which they hold no copy, or an older one; dead
// hide those that are not indexed any more. The order of held is changed.
func Compare(indexed []store.IndexedVersion, held []Held) (behind []uuid.UUID, dead []index.Tombstone) {
	slices.SortFunc(held, func(a, b Held) int {
		return cmp.Or(bytes.Compare(a.ID[:], b.ID[:]), cmp.Compare(b.Version, a.Version))
	})
	held = slices.CompactFunc(held, func(a, b Held) bool { return a.ID == b.ID })
	for _, want := range indexed {
		for len(held) > 0 && bytes.Compare(held[0].ID[:], want.ID[:]) < 0 {
			dead = append(dead, index.Tombstone{DocumentID: held[0].ID, Version: held[0].Version})
			held = held[1:]
		}
		if len(held) == 0 || held[0].ID != want.ID {
			behind = append(behind, want.ID)
			continue
		}
		if held[0].Version < uint64(want.Version) {
			behind = append(behind, want.ID)
		}
		held = held[1:]
	}
	for _, h := range held {
		dead = append(dead, index.Tombstone{DocumentID: h.ID, Version: h.Version})
	}
	return behind, dead
}
