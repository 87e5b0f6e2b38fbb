package store_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/internal/testenv"
)

// BenchmarkBulkWrite measures four clients of one tenant that write requests of a
// hundred new documents: without limits, far from them, and near them, where requests
// take turns.
//
//	make test PKG=./internal/store ARGS='-run NONE -bench BulkWrite'
func BenchmarkBulkWrite(b *testing.B) {
	s, err := store.Open(b.Context(), store.Options{URL: testenv.DatabaseURL(b), PoolSize: 8})
	require.NoError(b, err)
	b.Cleanup(s.Close)
	for name, documents := range map[string]int64{"unlimited": domain.NoLimit, "far": 1 << 40, "near": nearQuota} {
		b.Run(name, func(b *testing.B) { writeBulks(b, s, documents) })
	}
}

// nearQuota is near enough for turns, and more than the benchmark writes.
const nearQuota = 9_999

var benchTenants atomic.Int64

func writeBulks(b *testing.B, s *store.Store, documents int64) {
	b.Helper()
	tenant, err := s.CreateTenantWithPlan(b.Context(), fmt.Sprint("bench-", benchTenants.Add(1)), "", domain.Plan{
		Tier: domain.TierUnlimited, Override: domain.Quota{Documents: &documents},
	})
	require.NoError(b, err)
	var n atomic.Int64
	b.SetParallelism(2) // of two processors
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			batch := make([]domain.DocumentInput, 100)
			for i := range batch {
				id := n.Add(1)
				batch[i] = doc(fmt.Sprint("d", id), fmt.Sprintf("content %d of some length, as a paragraph of text has", id))
			}
			_, err := s.Ingest(context.Background(), tenant.ID, store.IngestOptions{PartsMayBeRejected: true}, func(in *store.Ingest) (store.Reply, error) {
				_, err := in.Add(context.Background(), batch)
				return store.Reply{}, err
			})
			if err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(n.Load())/b.Elapsed().Seconds(), "documents/s")
}

// BenchmarkVerifyCold measures a key that no cache knows: one look at the database.
func BenchmarkVerifyCold(b *testing.B) {
	s, err := store.Open(b.Context(), store.Options{URL: testenv.DatabaseURL(b), PoolSize: 4})
	require.NoError(b, err)
	b.Cleanup(s.Close)
	tenant, err := s.CreateTenant(b.Context(), "acme", "Acme")
	require.NoError(b, err)
	key := auth.Generate()
	_, err = s.CreateAPIKey(b.Context(), tenant.ID, store.NewAPIKey{Name: "k", Key: key, Scopes: auth.Scopes(auth.ScopeSearch)})
	require.NoError(b, err)
	v := auth.NewVerifier(s, auth.VerifierOptions{})
	for b.Loop() {
		v.Invalidate(key.Hash())
		if _, err := v.Verify(b.Context(), key.Reveal()); err != nil {
			b.Fatal(err)
		}
	}
}
