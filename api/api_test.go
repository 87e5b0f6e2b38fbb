package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/search"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/internal/telemetry"
	"github.com/rustassistant/rustassistant/internal/testenv"
)

// TestMain keeps the log of thousands of refused requests out of the results, and what
// it must not tell.
func TestMain(m *testing.M) {
	slog.SetDefault(telemetry.NewLogger(&leakedLog, telemetry.LogOptions{Level: slog.LevelDebug}))
	os.Exit(m.Run())
}

// fakeStarter records what was started: Temporal is not what these tests are about.
type fakeStarter struct {
	mu   sync.Mutex
	jobs []domain.Job
	// trainings counts the models asked for, trainErr is what that answers.
	trainings int
	trainErr  error

	rebuilt, compacted []uuid.UUID
	recoveries         []domain.Recovery
	// signaled are the jobs whose workflow was told to pause or to go on, as
	// "pause <id> <reason>"; away has Temporal not answer.
	signaled  []string
	away      error
	backfills []domain.Backfill
	// canceled are the workflows that were asked to end.
	canceled []string
}

func (f *fakeStarter) StartRecovery(_ context.Context, r domain.Recovery) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.recoveries = append(f.recoveries, r)
	return nil
}

func (f *fakeStarter) StartBackfill(_ context.Context, b domain.Backfill) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.backfills = append(f.backfills, b)
	return nil
}

func (f *fakeStarter) StartRebuild(_ context.Context, tenant uuid.UUID, _ string) (uuid.UUID, string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rebuilt = append(f.rebuilt, tenant)
	if len(f.rebuilt) > 1 {
		return uuid.Nil, "", domain.Errorf(domain.CodeConflict, "a rebuild of this index runs already")
	}
	return uuid.Max, "rebuild/" + tenant.String(), nil
}

func (f *fakeStarter) RequestCompaction(_ context.Context, tenant uuid.UUID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.compacted = append(f.compacted, tenant)
	return nil
}

func (f *fakeStarter) StartJob(_ context.Context, job domain.Job) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.jobs = append(f.jobs, job)
}

func (f *fakeStarter) SignalJob(_ context.Context, job domain.Job, paused bool, reason domain.PauseReason) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	verb := "resume"
	if paused {
		verb = "pause"
	}
	f.signaled = append(f.signaled, verb+" "+job.ID.String()+" "+string(reason))
	return f.away
}

func (f *fakeStarter) CancelWorkflow(_ context.Context, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.canceled = append(f.canceled, id)
	return nil
}
func (f *fakeStarter) WorkflowURL(id string) string { return "http://temporal.test/" + id }

func (f *fakeStarter) TrainEmbeddings(context.Context, uuid.UUID, string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.trainings++
	return f.trainErr
}
func (f *fakeStarter) CancelTraining(context.Context, uuid.UUID) error { return nil }
func (f *fakeStarter) RequestVectors(context.Context, uuid.UUID) error { return nil }
func (f *fakeStarter) EmbeddingsWorkflowID(_ uuid.UUID, training bool) string {
	if training {
		return "train"
	}
	return "embed"
}

func (f *fakeStarter) UIURL() string                        { return "http://temporal.test" }
func (f *fakeStarter) Health(context.Context) error         { return nil }
func (f *fakeStarter) Workers(context.Context) (int, error) { return 1, nil }

func (f *fakeStarter) started() []domain.Job {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]domain.Job(nil), f.jobs...)
}

// fakeSearch stands for the search service, which has its own tests.
type fakeSearch struct{}

func (fakeSearch) Search(context.Context, uuid.UUID, *search.Request, search.Options) (*search.Answer, error) {
	return nil, domain.Errorf(domain.CodeUnavailable, "not here")
}

func (fakeSearch) SearchSeveral(context.Context, uuid.UUID, []search.Outcome, search.Options) error {
	return domain.Errorf(domain.CodeUnavailable, "not here")
}

func (fakeSearch) Suggest(context.Context, uuid.UUID, string, int) ([]search.Suggestion, error) {
	return nil, domain.Errorf(domain.CodeUnavailable, "not here")
}
func (fakeSearch) Stats() search.Stats { return search.Stats{} }

// env is a server on a database of its own, with two tenants.
type env struct {
	t        *testing.T
	server   *Server
	http     *httptest.Server
	store    *store.Store
	starter  *fakeStarter
	tenants  *fakeTenants
	verifier *auth.Verifier
	url      string // of the database
	tenant   domain.Tenant
	other    domain.Tenant
	admin    string // key of platform scope in tenant
	foreign  string // key of admin scope in other
}

func newEnv(t *testing.T, change ...func(*Deps)) *env {
	t.Helper()
	ctx := context.Background()
	e := &env{t: t, starter: &fakeStarter{}, url: testenv.DatabaseURL(t)}
	var err error
	e.store, err = store.Open(ctx, store.Options{URL: e.url, PoolSize: 8})
	require.NoError(t, err)
	t.Cleanup(e.store.Close)
	e.tenants = &fakeTenants{store: e.store}
	e.tenant, err = e.store.EnsureTenant(ctx, domain.DefaultTenantSlug, "Default")
	require.NoError(t, err)
	e.other, err = e.store.EnsureTenant(ctx, "other", "Other")
	require.NoError(t, err)
	e.admin = e.key(e.tenant, auth.ScopePlatform)
	e.foreign = e.key(e.other, auth.ScopeAdmin)
	e.verifier = auth.NewVerifier(e.store, auth.VerifierOptions{})
	deps := Deps{
		Store: e.store, Verifier: e.verifier, Starter: e.starter, IndexKeeper: e.starter, Recoverer: e.starter, Backfiller: e.starter, Tenants: e.tenants, Search: fakeSearch{},
		Metrics: telemetry.NewMetrics("test", "test"), Version: "test",
	}
	for _, c := range change {
		c(&deps)
	}
	e.server, err = New(deps)
	require.NoError(t, err)
	e.http = httptest.NewServer(e.server)
	t.Cleanup(e.http.Close)
	return e
}

// key stores a key with the scopes and returns its text.
func (e *env) key(tenant domain.Tenant, scopes ...auth.Scope) string {
	e.t.Helper()
	key := auth.Generate()
	_, err := e.store.CreateAPIKey(context.Background(), tenant.ID, store.NewAPIKey{Name: "test", Key: key, Scopes: auth.Scopes(scopes...)})
	require.NoError(e.t, err)
	return key.Reveal()
}

// answer is a response that was read.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
}

// json decodes the body.
func (a answer) json() map[string]any {
	a.t.Helper()
	var m map[string]any
	require.NoError(a.t, json.Unmarshal(a.body, &m), string(a.body))
	return m
}

func (a answer) into(v any) {
	a.t.Helper()
	require.NoError(a.t, json.Unmarshal(a.body, v), string(a.body))
}

// is requires a status.
func (a answer) is(status int) answer {
	a.t.Helper()
	require.Equal(a.t, status, a.status, string(a.body))
	return a
}

// problem requires a problem of this status and code, and returns it.
func (a answer) problem(status int, code domain.Code) Problem {
	a.t.Helper()
	a.is(status)
	require.Equal(a.t, problemType, a.header.Get("Content-Type"), string(a.body))
	var p Problem
	require.NoError(a.t, json.Unmarshal(a.body, &p))
	require.Equal(a.t, code, p.Code, string(a.body))
	require.Equal(a.t, status, p.Status)
	require.NotEmpty(a.t, p.RequestID)
	require.Equal(a.t, a.header.Get("X-Request-Id"), p.RequestID)
	return p
}

// names requires that a problem names a field.
func (p Problem) names(t *testing.T, field string) {
	t.Helper()
	for _, f := range p.Errors {
		if f.Field == field {
			return
		}
	}
	t.Fatalf("no error names %q: %+v", field, p)
}

// do sends a request with the admin key. Headers are name, value, …; an empty
// X-API-Key sends none.
func (e *env) do(method, path string, body any, headers ...string) answer {
	e.t.Helper()
	var reader io.Reader
	kind := ""
	switch b := body.(type) {
	case nil:
	case io.Reader:
		reader = b
	case string:
		reader, kind = strings.NewReader(b), "application/json"
	case []byte:
		reader, kind = bytes.NewReader(b), "application/json"
	default:
		encoded, err := json.Marshal(b)
		require.NoError(e.t, err)
		reader, kind = bytes.NewReader(encoded), "application/json"
	}
	req, err := http.NewRequestWithContext(e.t.Context(), method, e.http.URL+path, reader)
	require.NoError(e.t, err)
	req.Header.Set("X-API-Key", e.admin)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	for i := 0; i < len(headers); i += 2 {
		switch {
		case headers[i] == "Host":
			req.Host = headers[i+1]
		case headers[i+1] == "":
			req.Header.Del(headers[i])
		default:
			req.Header.Set(headers[i], headers[i+1])
		}
	}
	return e.send(req)
}

func (e *env) send(req *http.Request) answer {
	e.t.Helper()
	client := &http.Client{
		Timeout:       time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	res, err := client.Do(req)
	require.NoError(e.t, err)
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	require.NoError(e.t, err)
	return answer{t: e.t, status: res.StatusCode, header: res.Header, body: data}
}

// create adds a document that is new.
func (e *env) create(doc map[string]any) AcceptedDocument {
	e.t.Helper()
	var out AcceptedDocument
	e.do("POST", "/api/documents", doc).is(http.StatusAccepted).into(&out)
	return out
}
