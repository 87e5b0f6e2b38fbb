package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/store/db"
)

// embeddingCacheRetention is how long a vector is kept after its last use. An
// index that is built anew within it pays for nothing.
const embeddingCacheRetention = 90 * 24 * time.Hour

// EmbeddingCacheGet returns what is known of the texts with these hashes
// (SHA-256), by hash: the bytes that EmbeddingCachePutMany was given.
func (s *Store) EmbeddingCacheGet(ctx context.Context, tenant uuid.UUID, model string, hashes [][]byte) (map[string][]byte, error) {
	found := make(map[string][]byte, len(hashes))
	err := s.inTenant(ctx, tenant, func(q *db.Queries) error {
		rows, err := q.EmbeddingCacheGet(ctx, db.EmbeddingCacheGetParams{TenantID: tenant, Model: model, TextHashes: hashes})
		for _, r := range rows {
			found[string(r.TextHash)] = r.Vector
		}
		return err
	})
	return found, err
}

// EmbeddingCachePutMany keeps the vectors of texts, in one statement: vectors[i]
// is of the text with hashes[i]. What is known already stays as it is.
func (s *Store) EmbeddingCachePutMany(ctx context.Context, tenant uuid.UUID, model string, hashes, vectors [][]byte) error {
	if len(hashes) != len(vectors) {
		return fmt.Errorf("%d hashes for %d vectors", len(hashes), len(vectors))
	}
	return s.inTenant(ctx, tenant, func(q *db.Queries) error {
		return q.EmbeddingCachePutMany(ctx, db.EmbeddingCachePutManyParams{
			TenantID: tenant, Model: model, TextHashes: hashes, Vectors: vectors,
		})
	})
}
