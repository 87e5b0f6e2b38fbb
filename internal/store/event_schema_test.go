package store_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/internal/webhook"
)

// schemas compiles the catalogue's schemas, by event.
func schemas(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	out := map[string]*jsonschema.Schema{}
	for _, e := range webhook.Catalogue(domain.SearchesBatched) {
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(e.Schema))
		require.NoError(t, err)
		compiler := jsonschema.NewCompiler()
		compiler.AssertFormat()
		require.NoError(t, compiler.AddResource("schema.json", document))
		out[string(e.Type)], err = compiler.Compile("schema.json")
		require.NoError(t, err)
	}
	return out
}

// everyEvent makes something happen for each event that the store writes.
func (b *bundle) everyEvent() {
	b.t.Helper()
	watched := b.endpoint("webhook.*")
	_, err := b.TestEndpoint(b.ctx, b.tenant, watched.ID)
	require.NoError(b.t, err)
	accepted, job := b.ingest(doc("a", "one"))
	_, err = b.commit(job)
	require.NoError(b.t, err)
	_, job = b.ingest(doc("a", "two"))
	_, err = b.commit(job)
	require.NoError(b.t, err)
	_, job = b.ingest(doc("b", "fails"))
	require.NoError(b.t, b.FailItems(b.ctx, b.tenant, job.ID, domain.SeqRange{From: 1, To: 1}, "chunk", "chunking_failed", "made to fail", 1))
	_, job = b.ingest(doc("c", "canceled"))
	_, err = b.CancelJob(b.ctx, b.tenant, job.ID)
	require.NoError(b.t, err)
	_, err = b.DeleteDocuments(b.ctx, b.tenant, []uuid.UUID{accepted[0].DocumentID})
	require.NoError(b.t, err)

	key, err := b.CreateAPIKey(b.ctx, b.tenant, store.NewAPIKey{Name: "k", Key: auth.Generate(), Scopes: auth.Scopes(auth.ScopeSearch)})
	require.NoError(b.t, err)
	_, err = b.RotateAPIKey(b.ctx, b.tenant, key.ID, auth.Generate(), time.Hour, func(*domain.APIKey) error { return nil })
	require.NoError(b.t, err)
	require.NoError(b.t, b.RevokeAPIKey(b.ctx, b.tenant, key.ID))
	s := b.telling(domain.SearchEvents{Emission: domain.SearchesBatched})
	one := searched(b.tenant, time.Now(), "go")
	one.UserID = "user-42"
	require.NoError(b.t, s.RecordSearches(b.ctx, []domain.SearchEvent{one}))

	b.everyTenantEvent()

	b.record(b.claim(watched), gone)
	_, err = b.ChangeEndpoint(b.ctx, b.tenant, watched.ID, func(e *domain.Endpoint) error { e.State = domain.EndpointActive; return nil })
	require.NoError(b.t, err)
	b.withQuota(func(q *domain.Quota) { q.Documents = limit(2) })
}

// everyTenantEvent makes them happen to another tenant: they are told to the platform's.
func (b *bundle) everyTenantEvent() {
	b.t.Helper()
	_, err := b.EnsureTenant(b.ctx, domain.DefaultTenantSlug, "Default")
	require.NoError(b.t, err)
	made, err := b.ProvisionTenant(b.ctx, store.NewTenant{
		ID: uuid.Must(uuid.NewV7()), RequestID: uuid.New(), Slug: "short-lived", Name: "Short", Plan: domain.Plan{Tier: domain.TierFree},
	})
	require.NoError(b.t, err)
	_, err = b.ActivateTenant(b.ctx, made.ID)
	require.NoError(b.t, err)
	_, _, err = b.SuspendTenant(b.ctx, "short-lived")
	require.NoError(b.t, err)
	_, _, err = b.ResumeTenant(b.ctx, "short-lived")
	require.NoError(b.t, err)
	op, err := b.OffboardTenant(b.ctx, "short-lived", "short-lived", false)
	require.NoError(b.t, err)
	require.NoError(b.t, b.BeginPurge(b.ctx, made.ID, op.ID))
	_, err = b.PurgeTenant(b.ctx, made.ID, op.ID, func(string, int64) bool { return true })
	require.NoError(b.t, err)
	left, err := b.CertifyPurge(b.ctx, made.ID, op.ID)
	require.NoError(b.t, err)
	require.Empty(b.t, left)
}

func TestEveryEventThatIsWrittenFitsItsSchema(t *testing.T) {
	b := setup(t)
	b.endpoint("*")
	b.everyEvent()
	schema := schemas(t)
	conn, err := pgx.Connect(b.ctx, b.url)
	require.NoError(t, err)
	defer conn.Close(b.ctx)
	_, err = conn.Exec(b.ctx, "set role rustassistant_system")
	require.NoError(t, err)
	rows, err := conn.Query(b.ctx, "SELECT type, payload::text FROM outbox UNION ALL SELECT event_type, payload::text FROM webhook_deliveries")
	require.NoError(t, err)
	seen := map[string]bool{}
	for rows.Next() {
		var kind, payload string
		require.NoError(t, rows.Scan(&kind, &payload))
		require.Contains(t, schema, kind, "every event is in the catalogue")
		data, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(payload)))
		require.NoError(t, err)
		require.NoError(t, schema[kind].Validate(data), "%s: %s", kind, payload)
		seen[kind] = true
	}
	require.NoError(t, rows.Err())
	for _, e := range webhook.Catalogue(domain.SearchesBatched) {
		require.Equal(t, e.Emission != webhook.EmissionOff, seen[string(e.Type)], "%s is %s", e.Type, e.Emission)
	}
}

func TestKeysAreToldOnceAndNeverThemselves(t *testing.T) {
	b := setup(t)
	e := b.endpoint("api_key.*")
	key := auth.Generate()
	in := store.NewAPIKey{Name: "deploy", Key: key, Scopes: auth.Scopes(auth.ScopeSearch)}
	made, err := b.CreateAPIKey(b.ctx, b.tenant, in)
	require.NoError(t, err)
	for range 2 {
		created, err := b.EnsureAPIKey(b.ctx, b.tenant, in)
		require.NoError(t, err)
		require.False(t, created)
		require.NoError(t, b.RevokeAPIKey(b.ctx, b.tenant, made.ID))
	}
	require.Equal(t, domain.CodeNotFound, domain.CodeOf(b.RevokeAPIKey(b.ctx, b.tenant, uuid.New())))
	_, err = b.EnsureAPIKey(b.ctx, b.tenant, store.NewAPIKey{Name: "bootstrap", Key: auth.Generate(), Scopes: auth.Scopes(auth.ScopePlatform)})
	require.NoError(t, err)
	var types []domain.EventType
	for _, d := range b.deliveries(e, "") {
		types = append(types, d.EventType)
		require.NotContains(t, string(d.Payload), key.Reveal())
	}
	require.ElementsMatch(t, []domain.EventType{domain.EventAPIKeyCreated, domain.EventAPIKeyRevoked, domain.EventAPIKeyCreated}, types)
}

func TestTheStateOfWebhooksIsCounted(t *testing.T) {
	b := setup(t)
	state := func() domain.WebhookState {
		s, err := b.WebhookState(b.ctx)
		require.NoError(t, err)
		return s
	}
	require.Equal(t, map[domain.EndpointState]int{domain.EndpointActive: 0, domain.EndpointPaused: 0, domain.EndpointDisabled: 0}, state().Endpoints)
	require.Zero(t, state().Oldest)
	e, paused := b.endpoint("document.*"), b.endpoint("job.*")
	b.index(3)
	_, err := b.ChangeEndpoint(b.ctx, b.tenant, paused.ID, func(e *domain.Endpoint) error { e.State = domain.EndpointPaused; return nil })
	require.NoError(t, err)
	b.exec("UPDATE webhook_deliveries SET next_attempt_at = now() - interval '90 seconds' WHERE endpoint_id = $1", e.ID)
	b.exec("UPDATE webhook_deliveries SET next_attempt_at = now() - interval '1 day' WHERE endpoint_id = $1", paused.ID)
	s := state()
	require.Equal(t, 4, s.Pending)
	require.InDelta(t, 90, s.Oldest.Seconds(), 30, "a paused endpoint makes nothing overdue")
	require.Equal(t, 1, s.Endpoints[domain.EndpointActive])
	require.Equal(t, 1, s.Endpoints[domain.EndpointPaused])
	b.record(b.claim(e), delivered)
	require.Equal(t, 1, state().Pending)
	require.Zero(t, state().Oldest)
}
