package store_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// withQuota gives the bundle's tenant a quota.
func (b *bundle) withQuota(set func(*domain.Quota)) {
	b.t.Helper()
	var q domain.Quota
	set(&q)
	require.NoError(b.t, b.SetTenantPlan(b.ctx, b.tenant, domain.Plan{Tier: domain.TierUnlimited, Override: q}))
}

// tryIngest is ingest that may be refused.
func (b *bundle) tryIngest(parts bool, docs ...domain.DocumentInput) (out []store.Accepted, err error) {
	_, err = b.Ingest(b.ctx, b.tenant, store.IngestOptions{PartsMayBeRejected: parts}, func(in *store.Ingest) (r store.Reply, err error) {
		out, err = in.Add(b.ctx, docs)
		return r, err
	})
	return out, err
}

func excess(t *testing.T, err error) domain.QuotaExcess {
	t.Helper()
	var e *domain.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, domain.CodeQuotaExceeded, e.Code)
	return *e.Excess
}

// quotaEvents are the quota events of the tenant so far, such as "documents 1".
func (b *bundle) quotaEvents() (out []string) {
	b.t.Helper()
	rows, err := connect(b.t, b.url, "").Query(b.ctx,
		`SELECT type, payload FROM outbox WHERE tenant_id = $1 AND type LIKE 'quota.%' ORDER BY created_at, id`, b.tenant)
	require.NoError(b.t, err)
	defer rows.Close()
	for rows.Next() {
		var kind string
		var payload []byte
		require.NoError(b.t, rows.Scan(&kind, &payload))
		var p struct {
			Quota string
			Used  int64
		}
		require.NoError(b.t, json.Unmarshal(payload, &p))
		out = append(out, fmt.Sprintf("%s %s %d", strings.TrimPrefix(kind, "quota."), p.Quota, p.Used))
	}
	return out
}

func limit(n int64) *int64 { return &n }

func TestOfManyRacingForTheLastPlacesExactlySoManyWin(t *testing.T) {
	b := setup(t)
	b.withQuota(func(q *domain.Quota) { q.Documents, q.APIKeys, q.Webhooks = limit(5), limit(5), limit(5) })
	race := func(act func(n int) error) (won int64) {
		var wins atomic.Int64
		var wg sync.WaitGroup
		for n := range 16 {
			wg.Go(func() {
				err := act(n)
				if err == nil {
					wins.Add(1)
				} else if domain.CodeOf(err) != domain.CodeQuotaExceeded {
					t.Errorf("refused for another reason: %v", err)
				}
			})
		}
		wg.Wait()
		return wins.Load()
	}
	require.Equal(t, int64(5), race(func(n int) error {
		_, err := b.tryIngest(n%2 == 0, doc(fmt.Sprint(n), fmt.Sprint(n)))
		if err == nil && n%2 == 0 { // a bulk request tells by the line
			docs, listErr := b.Documents(b.ctx, b.tenant, store.DocumentFilter{ExternalID: fmt.Sprint(n), Limit: 1})
			if listErr == nil && len(docs) == 0 {
				return domain.QuotaExceeded(domain.QuotaExcess{Quota: domain.QuotaDocuments})
			}
		}
		return err
	}))
	require.Equal(t, int64(5), race(func(int) error {
		_, err := b.CreateAPIKey(b.ctx, b.tenant, store.NewAPIKey{Name: "k", Key: auth.Generate(), Scopes: auth.Scopes(auth.ScopeSearch)})
		return err
	}))
	require.Equal(t, int64(5), race(func(int) error {
		_, err := b.CreateEndpoint(b.ctx, domain.Endpoint{
			TenantID: b.tenant, ID: uuid.Must(uuid.NewV7()), URL: "https://example.com", Events: []string{"*"}, State: domain.EndpointActive, MaxConcurrency: 1,
		})
		return err
	}))
	used, err := b.Usage(b.ctx, b.tenant)
	require.NoError(t, err)
	require.Equal(t, int64(5), used.Documents)
	require.Equal(t, int64(5), used.APIKeys)
	require.Equal(t, int64(5), used.Webhooks)
}

func TestLinesBeyondTheQuotaAreRejectedOneByOne(t *testing.T) {
	b := setup(t)
	b.ingest(doc("a", "12345"), doc("b", "12345"))
	b.withQuota(func(q *domain.Quota) { q.Documents, q.StorageBytes = limit(3), limit(30) })
	out, err := b.tryIngest(true,
		doc("c", "12345"),                 // the last place
		doc("d", "1"),                     // one too many
		doc("a", "12345"),                 // unchanged costs nothing
		doc("b", "1234567890"),            // grows by 5: 20
		doc("c", strings.Repeat("x", 15)), // 30 of 30
		doc("c", strings.Repeat("x", 16)), // a byte too many
		doc("a", "1234"),                  // gives a byte back
		doc("c", strings.Repeat("x", 16)), // which this takes
		doc("", "unnamed"),
	)
	require.NoError(t, err)
	var got []store.AcceptOutcome
	for _, a := range out {
		got = append(got, a.Outcome)
	}
	require.Equal(t, []store.AcceptOutcome{
		store.AcceptCreated, store.AcceptRejected, store.AcceptUnchanged, store.AcceptUpdated, store.AcceptUpdated, store.AcceptRejected,
		store.AcceptUpdated, store.AcceptUpdated, store.AcceptRejected,
	}, got)
	require.Equal(t, domain.QuotaExcess{Quota: domain.QuotaDocuments, Limit: 3, Used: 3}, excess(t, out[1].Reason))
	require.Equal(t, domain.QuotaExcess{Quota: domain.QuotaStorageBytes, Limit: 30, Used: 30}, excess(t, out[5].Reason))
	used, err := b.Usage(t.Context(), b.tenant)
	require.NoError(t, err)
	require.Equal(t, int64(3), used.Documents)
	require.Equal(t, int64(30), used.StorageBytes)
}

func TestDeletionsGiveBackAndAreAlwaysAllowed(t *testing.T) {
	b := setup(t)
	out, _ := b.ingest(docs(10)...)
	b.withQuota(func(q *domain.Quota) { q.Documents, q.StorageBytes = limit(4), limit(20) })
	_, err := b.tryIngest(false, doc("new", "x"))
	require.Equal(t, domain.QuotaExcess{Quota: domain.QuotaDocuments, Limit: 4, Used: 10}, excess(t, err))
	_, err = b.tryIngest(false, doc("doc-0", "less"))
	require.NoError(t, err, "a shorter version is allowed also above the quota")
	_, err = b.tryIngest(false, doc("doc-0", "longer than before"))
	require.Equal(t, domain.QuotaStorageBytes, excess(t, err).Quota)
	var ids []uuid.UUID
	for _, a := range out[:8] {
		ids = append(ids, a.DocumentID)
	}
	_, err = b.DeleteDocuments(t.Context(), b.tenant, ids)
	require.NoError(t, err)
	_, err = b.tryIngest(false, doc("new", "x"))
	require.NoError(t, err, "two of 9 bytes each are left")
	_, err = b.tryIngest(false, doc("another", "xx"))
	require.Equal(t, domain.QuotaExcess{Quota: domain.QuotaStorageBytes, Limit: 20, Used: 19}, excess(t, err))
}

// Whatever happens to documents, the counters are what a recount finds, and nothing
// exceeds the quota.
func TestCountersEqualTheRows(t *testing.T) {
	b := setup(t)
	rapid.Check(t, func(t *rapid.T) {
		tenant, err := b.CreateTenant(b.ctx, "t"+uuid.NewString(), "")
		require.NoError(t, err)
		most := rapid.Int64Range(1, 12).Draw(t, "documents")
		room := rapid.Int64Range(10, 100).Draw(t, "bytes")
		require.NoError(t, b.SetTenantPlan(b.ctx, tenant.ID, domain.Plan{Tier: domain.TierFree, Override: domain.Quota{Documents: &most, StorageBytes: &room}}))
		b := &bundle{Store: b.Store, t: b.t, ctx: b.ctx, url: b.url, tenant: tenant.ID}
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			step(t, b)
			r, err := b.RecountUsage(b.ctx, tenant.ID)
			require.NoError(t, err)
			require.False(t, r.Corrected(), "%+v", r)
			require.LessOrEqual(t, r.Documents, most)
			require.LessOrEqual(t, r.StorageBytes, room)
		}
	})
}

func step(t *rapid.T, b *bundle) {
	name := rapid.SampledFrom([]string{"", "a", "b", "c", "d", "e"})
	text := rapid.StringMatching(`[ab]{1,30}`)
	switch rapid.IntRange(0, 3).Draw(t, "step") {
	case 0:
		_, err := b.tryIngest(false, doc(name.Draw(t, "name"), text.Draw(t, "text")))
		allowed(t, err)
	case 1:
		var batch []domain.DocumentInput
		for range rapid.IntRange(1, 12).Draw(t, "size") {
			batch = append(batch, doc(name.Draw(t, "name"), text.Draw(t, "text")))
		}
		_, err := b.tryIngest(true, batch...)
		require.NoError(t, err, "what was judged before is not refused at the end")
	case 2:
		list, err := b.Documents(b.ctx, b.tenant, store.DocumentFilter{Limit: 3})
		require.NoError(t, err)
		var ids []uuid.UUID
		for _, d := range list {
			ids = append(ids, d.ID)
		}
		_, err = b.DeleteDocuments(b.ctx, b.tenant, ids)
		require.NoError(t, err)
	default:
		list, err := b.Documents(b.ctx, b.tenant, store.DocumentFilter{Limit: 1})
		require.NoError(t, err)
		if len(list) == 0 {
			return
		}
		_, err = b.Ingest(b.ctx, b.tenant, store.IngestOptions{}, func(in *store.Ingest) (r store.Reply, err error) {
			_, err = in.Replace(b.ctx, list[0].ID, func(d domain.DocumentInput) (domain.DocumentInput, error) {
				d.Content = text.Draw(t, "text")
				return d, nil
			})
			return r, err
		})
		allowed(t, err)
	}
}

func allowed(t *rapid.T, err error) {
	if err != nil && domain.CodeOf(err) != domain.CodeConflict {
		require.Equal(t, domain.CodeQuotaExceeded, domain.CodeOf(err), "%v", err)
	}
}

func TestConcurrentWritersOfOneTenantNeitherDeadlockNorMiscount(t *testing.T) {
	b := setup(t)
	b.withQuota(func(q *domain.Quota) { q.Documents, q.StorageBytes = limit(400), limit(1<<20) })
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for round := range 10 {
				batch := make([]domain.DocumentInput, 10)
				for i := range batch { // each worker in another order
					batch[(i*(n+1)+n)%10] = doc(fmt.Sprintf("d-%d-%d", i, round%3), fmt.Sprint(n, round, i))
				}
				compact := batch[:0]
				for _, d := range batch {
					if d.Content != "" {
						compact = append(compact, d)
					}
				}
				if _, err := b.tryIngest(round%2 == 0, compact...); err != nil && domain.CodeOf(err) != domain.CodeConflict {
					t.Errorf("write: %v", err)
				}
				if n%4 == 0 {
					list, err := b.Documents(b.ctx, b.tenant, store.DocumentFilter{Limit: 2})
					if err == nil && len(list) > 0 {
						_, err = b.DeleteDocuments(b.ctx, b.tenant, []uuid.UUID{list[0].ID})
					}
					if err != nil && domain.CodeOf(err) != domain.CodeConflict {
						t.Errorf("delete: %v", err)
					}
				}
			}
		})
	}
	wg.Wait()
	r, err := b.RecountUsage(t.Context(), b.tenant)
	require.NoError(t, err)
	require.False(t, r.Corrected(), "%+v", r)
}

func TestEachCrossingIsToldOnceUntilTheQuotaFellBelowIt(t *testing.T) {
	b := setup(t)
	b.withQuota(func(q *domain.Quota) { q.Documents = limit(5) })
	var ids []uuid.UUID
	add := func(n int) {
		for range n {
			out, err := b.tryIngest(false, doc(uuid.NewString(), "x"))
			require.NoError(t, err)
			ids = append(ids, out[0].DocumentID)
		}
	}
	remove := func(n int) {
		_, err := b.DeleteDocuments(t.Context(), b.tenant, ids[:n])
		require.NoError(t, err)
		ids = ids[n:]
	}
	add(3)
	require.Empty(t, b.quotaEvents())
	add(1)
	add(1)
	require.Equal(t, []string{"warning documents 4", "exceeded documents 5"}, b.quotaEvents())
	remove(1)
	add(1) // 5 again: below 100 %, never below 80 %
	require.Equal(t, []string{"warning documents 4", "exceeded documents 5", "exceeded documents 5"}, b.quotaEvents())
	remove(3)
	add(2)
	require.Equal(t, "warning documents 4", b.quotaEvents()[3])
	b.withQuota(func(q *domain.Quota) { q.Documents = limit(4) })
	require.Equal(t, "exceeded documents 4", b.quotaEvents()[4], "a quota that is lowered to what is used")
	b.withQuota(func(q *domain.Quota) { q.Documents = limit(100) })
	b.withQuota(func(q *domain.Quota) { q.Documents = limit(4) })
	require.Len(t, b.quotaEvents(), 7, "it fell below both when the quota was raised")
}

func TestARotatedKeyIsItsSuccessorsPlace(t *testing.T) {
	b := setup(t)
	b.withQuota(func(q *domain.Quota) { q.APIKeys = limit(1) })
	key := store.NewAPIKey{Name: "k", Key: auth.Generate(), Scopes: auth.Scopes(auth.ScopeSearch)}
	first, err := b.CreateAPIKey(t.Context(), b.tenant, key)
	require.NoError(t, err)
	next, err := b.RotateAPIKey(t.Context(), b.tenant, first.ID, auth.Generate(), time.Hour, func(*domain.APIKey) error { return nil })
	require.NoError(t, err, "rotation needs no room")
	key.Key = auth.Generate()
	_, err = b.CreateAPIKey(t.Context(), b.tenant, key)
	require.Equal(t, domain.QuotaExcess{Quota: domain.QuotaAPIKeys, Limit: 1, Used: 1}, excess(t, err))
	require.NoError(t, b.RevokeAPIKey(t.Context(), b.tenant, next.ID))
	_, err = b.CreateAPIKey(t.Context(), b.tenant, key)
	require.NoError(t, err)
	require.Equal(t, []string{"warning api_keys 1", "exceeded api_keys 1", "warning api_keys 1", "exceeded api_keys 1"}, b.quotaEvents())
}

func TestThePlanIsChangedWithItsAuditRow(t *testing.T) {
	b := setup(t)
	ctx := domain.WithActor(t.Context(), domain.Actor{Kind: domain.ActorAPIKey, Name: "root"})
	require.NoError(t, b.SetTenantPlan(ctx, b.tenant, domain.Plan{Tier: domain.TierFree, Override: domain.Quota{Webhooks: limit(9)}}))
	got, err := b.TenantBySlug(t.Context(), "acme")
	require.NoError(t, err)
	require.Equal(t, domain.TierFree, got.Plan.Tier)
	require.Equal(t, int64(9), *got.Plan.Override.Webhooks)
	log, err := b.AuditLog(t.Context(), b.tenant, store.AuditFilter{Action: "tenant.plan_changed", Limit: 5})
	require.NoError(t, err)
	require.Len(t, log, 1)
	require.Equal(t, "root", log[0].Actor.Name)
	require.JSONEq(t, `{"tier": "unlimited"}`, string(log[0].Before))
	require.JSONEq(t, `{"tier": "free", "quota": {"webhooks": 9}}`, string(log[0].After))
	require.Equal(t, domain.CodeInvalid, domain.CodeOf(b.SetTenantPlan(ctx, b.tenant, domain.Plan{Tier: "gold"})))
	require.Equal(t, domain.CodeNotFound, domain.CodeOf(b.SetTenantPlan(ctx, uuid.New(), domain.Plan{Tier: domain.TierFree})))
}

// A counter that is wrong, by a fault nobody knows of, is found and put right.
func TestARecountPutsAWrongCounterRight(t *testing.T) {
	b := setup(t)
	b.ingest(docs(3)...)
	_, err := connect(t, b.url, "rustassistant_system").Exec(t.Context(),
		`UPDATE tenant_usage SET documents = 7, storage_bytes = 0 WHERE tenant_id = $1`, b.tenant)
	require.NoError(t, err)
	r, err := b.RecountUsage(t.Context(), b.tenant)
	require.NoError(t, err)
	require.Equal(t, store.Recount{Documents: 3, StorageBytes: 27, CountedDocuments: 7}, r)
	require.True(t, r.Corrected())
	again, err := b.RecountUsage(t.Context(), b.tenant)
	require.NoError(t, err)
	require.False(t, again.Corrected())
}
