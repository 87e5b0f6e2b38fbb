package analytics_test

import (
	"bytes"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/analytics"
)

func hasher(t testing.TB, fill byte) *analytics.UserHasher {
	t.Helper()
	h, err := analytics.NewUserHasher(bytes.Repeat([]byte{fill}, 32))
	require.NoError(t, err)
	return h
}

func TestAUserHashDependsOnKeyTenantAndUser(t *testing.T) {
	t.Parallel()
	h, tenant := hasher(t, 1), uuid.MustParse("0198c0de-0000-7000-8000-000000000001")
	ann := h.Hash(tenant, "ann@example.org")
	require.Regexp(t, `^h1:[A-Za-z0-9_-]{43}$`, ann)
	require.Equal(t, ann, hasher(t, 1).Hash(tenant, "ann@example.org"), "after a restart")
	require.Equal(t, ann, h.Hash(tenant, ann), "what an export shows can be asked for")
	for _, other := range []string{
		h.Hash(tenant, "ann"), h.Hash(uuid.New(), "ann@example.org"), hasher(t, 2).Hash(tenant, "ann@example.org"),
		h.Hash(tenant, ann+"x"), h.Hash(tenant, "h1:short"),
	} {
		require.NotEqual(t, ann, other)
		require.Regexp(t, `^h1:`, other)
		require.NotContains(t, other, "ann")
	}
	require.Empty(t, h.Hash(tenant, ""))
	var off *analytics.UserHasher
	require.Equal(t, "ann", off.Hash(tenant, "ann"))
	_, err := analytics.NewUserHasher([]byte("short"))
	require.Error(t, err)
}

// What a search pays for the hash of its user, beside being recorded.
func BenchmarkHashUser(b *testing.B) {
	h, tenant := hasher(b, 1), uuid.New()
	b.ReportAllocs()
	for b.Loop() {
		h.Hash(tenant, "ann@example.org")
	}
}
