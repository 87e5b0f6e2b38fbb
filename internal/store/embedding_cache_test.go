package store_test

import (
	"crypto/sha256"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

func hashOf(text string) []byte {
	h := sha256.Sum256([]byte(text))
	return h[:]
}

func TestCachedVectorsAreOfOneModelAndOneTenant(t *testing.T) {
	b := setup(t)
	other, err := b.CreateTenant(b.ctx, "other", "Other")
	require.NoError(t, err)
	hashes := [][]byte{hashOf("one"), hashOf("two")}
	require.NoError(t, b.EmbeddingCachePutMany(b.ctx, b.tenant, "m1", hashes, [][]byte{{1, 2}, {}}))
	require.NoError(t, b.EmbeddingCachePutMany(b.ctx, b.tenant, "m2", hashes[:1], [][]byte{{3, 4}}))
	require.NoError(t, b.EmbeddingCachePutMany(b.ctx, b.tenant, "m1", hashes, [][]byte{{9, 9}, {9, 9}}), "the first vector stays")

	found, err := b.EmbeddingCacheGet(b.ctx, b.tenant, "m1", append(hashes, hashOf("three")))
	require.NoError(t, err)
	require.Equal(t, map[string][]byte{string(hashes[0]): {1, 2}, string(hashes[1]): {}}, found)
	found, err = b.EmbeddingCacheGet(b.ctx, b.tenant, "m2", hashes)
	require.NoError(t, err)
	require.Equal(t, map[string][]byte{string(hashes[0]): {3, 4}}, found)
	found, err = b.EmbeddingCacheGet(b.ctx, other.ID, "m1", hashes)
	require.NoError(t, err)
	require.Empty(t, found)
	require.Error(t, b.EmbeddingCachePutMany(b.ctx, b.tenant, "m1", hashes, [][]byte{{1}}))
}

func TestCachedVectorsThatAreUsedOutliveThePurge(t *testing.T) {
	b := setup(t)
	used, unused := hashOf("used"), hashOf("unused")
	require.NoError(t, b.EmbeddingCachePutMany(b.ctx, b.tenant, "m", [][]byte{used, unused}, [][]byte{{1, 2}, {3, 4}}))
	conn, err := pgx.Connect(b.ctx, b.url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(b.ctx) })
	_, err = conn.Exec(b.ctx, "UPDATE embedding_cache SET used_at = now() - interval '91 days'")
	require.NoError(t, err)
	_, err = b.EmbeddingCacheGet(b.ctx, b.tenant, "m", [][]byte{used})
	require.NoError(t, err)

	purged, err := b.PurgeExpired(b.ctx, time.Hour, time.Hour, func() {})
	require.NoError(t, err)
	require.EqualValues(t, 1, purged.CachedVectors)
	found, err := b.EmbeddingCacheGet(b.ctx, b.tenant, "m", [][]byte{used, unused})
	require.NoError(t, err)
	require.Equal(t, map[string][]byte{string(used): {1, 2}}, found)
}
