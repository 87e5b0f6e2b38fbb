package worker_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/rustassistant/rustassistant/activities"
	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/embed/registry"
	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/internal/testenv"
	"github.com/rustassistant/rustassistant/worker"
	"github.com/rustassistant/rustassistant/workflows"
)

// platform is a worker with an index, the default tenant and another one.
type platform struct {
	*product
	workflows *workflows.Client
	cache     string
	home      uuid.UUID // the default tenant
}

func newPlatform(t *testing.T) *platform {
	t.Helper()
	t.Parallel()
	url := testenv.DatabaseURL(t)
	s, err := store.Open(t.Context(), store.Options{URL: url, PoolSize: 12})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	address, namespace := testenv.TemporalNamespace(t)
	c, err := client.Dial(client.Options{HostPort: address, Namespace: namespace, Identity: "recorder"})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	home, err := s.EnsureTenant(t.Context(), domain.DefaultTenantSlug, "Default")
	require.NoError(t, err)
	acme, err := s.CreateTenant(t.Context(), "acme", "Acme")
	require.NoError(t, err)
	p := &platform{
		product:   &product{Store: s, t: t, url: url, temporal: c, namespace: namespace, tenant: acme.ID, stop: func() {}},
		workflows: workflows.NewClient(c, namespace, "").WithOffboardGrace(500 * time.Millisecond), cache: t.TempDir(), home: home.ID,
	}
	p.start = func() {
		m, err := index.NewManager(s, index.ManagerOptions{CacheDir: p.cache})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(context.Background())
		var gone sync.WaitGroup
		gone.Go(func() {
			_ = worker.Run(ctx, worker.Options{
				Temporal: c, Workflows: p.workflows, Store: s, Index: m, Models: registry.None(), WorkDir: t.TempDir(), Slots: 2, StopTimeout: time.Second,
			})
		})
		p.stop = func() { cancel(); gone.Wait(); m.Close(); p.stop = func() {} }
	}
	t.Cleanup(func() { p.stop() })
	// A new namespace does not know its search attributes at once.
	require.NoError(t, p.workflows.EnsureSearchAttributes(t.Context()))
	p.within("the search attributes are known", func() bool {
		_, err := p.workflows.EndTenantWork(t.Context(), uuid.New(), false)
		if err == nil {
			_, err = c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
				ID: "probe", TaskQueue: "nobody", WorkflowExecutionTimeout: time.Second,
				TypedSearchAttributes: temporal.NewSearchAttributes(workflows.TenantID.ValueSet("x"), workflows.JobKind.ValueSet("x")),
			}, "Probe")
		}
		return err == nil
	})
	p.start()
	return p
}

func provision(slug string) activities.ProvisionTenantInput {
	key := auth.Generate()
	hash := key.Hash()
	return activities.ProvisionTenantInput{
		TenantID: uuid.Must(uuid.NewV7()), RequestID: uuid.New(), Slug: slug, Name: slug, Tier: domain.TierFree,
		Key: &activities.TenantKey{
			ID: uuid.Must(uuid.NewV7()), Name: "First", Hash: hash[:], Prefix: key.Prefix(), LastFour: key.LastFour(), Scopes: []string{"admin"},
		},
	}
}

// events are those that the platform's own webhooks are told.
func (p *platform) events() (types []string) {
	rows, err := p.Query(p.t, p.url, "SELECT type FROM outbox WHERE tenant_id = $1 ORDER BY id", p.home)
	require.NoError(p.t, err)
	return rows
}

// operation waits until an operation has ended.
func (p *platform) operation(op *domain.TenantOperation) domain.TenantOperation {
	p.t.Helper()
	var now domain.TenantOperation
	p.within("the operation has ended", func() bool {
		var err error
		now, err = p.TenantOperation(p.t.Context(), op.TenantID, op.ID)
		require.NoError(p.t, err)
		return now.State != domain.OperationRunning
	})
	return now
}

func (p *platform) documents(n, bytes int) *domain.Job {
	p.t.Helper()
	docs := make([]domain.DocumentInput, n)
	for i := range docs {
		docs[i] = domain.DocumentInput{ExternalID: fmt.Sprint(i), Title: "t", Content: strings.Repeat(uuid.NewString()+" ", bytes/37+1)}
	}
	result, err := p.Ingest(p.t.Context(), p.tenant, store.IngestOptions{}, func(in *store.Ingest) (r store.Reply, err error) {
		_, err = in.Add(p.t.Context(), docs)
		return r, err
	})
	require.NoError(p.t, err)
	return result.Job
}

func TestATenantIsProvisionedByAWorkflowAndThePlatformHearsOfIt(t *testing.T) {
	p := newPlatform(t)
	in := provision("new")
	made, id, err := p.workflows.ProvisionTenant(t.Context(), in, patience)
	require.NoError(t, err)
	require.Equal(t, "tenant/new/provision", id)
	require.Equal(t, in.TenantID, made.TenantID)
	tenant, err := p.TenantBySlug(t.Context(), "new")
	require.NoError(t, err)
	require.Equal(t, domain.TenantActive, tenant.State)
	require.Equal(t, domain.TierFree, tenant.Plan.Tier)
	record, err := p.KeyLookup(t.Context(), in.Key.Hash)
	require.NoError(t, err)
	require.Equal(t, "new", record.TenantSlug)
	require.Contains(t, p.events(), "tenant.provisioned")
	p.record(id, "ProvisionTenant", "completed")
	// The same request again finds what it has made; another one is too late.
	again, _, err := p.workflows.ProvisionTenant(t.Context(), in, patience)
	require.NoError(t, err)
	require.Equal(t, made, again)
	other := provision("new")
	_, _, err = p.workflows.ProvisionTenant(t.Context(), other, patience)
	require.Equal(t, domain.CodeConflict, domain.CodeOf(err))
	p.record(id, "ProvisionTenant", "slug_taken")
	_, err = p.KeyLookup(t.Context(), other.Key.Hash)
	require.Equal(t, domain.CodeNotFound, domain.CodeOf(err))
}

func TestATenantWhoseKeyCannotBeStoredLeavesNothing(t *testing.T) {
	p := newPlatform(t)
	first := provision("first")
	_, _, err := p.workflows.ProvisionTenant(t.Context(), first, patience)
	require.NoError(t, err)
	in := provision("second")
	in.Key.Hash = first.Key.Hash // another tenant's key
	_, id, err := p.workflows.ProvisionTenant(t.Context(), in, patience)
	require.Error(t, err)
	_, err = p.TenantBySlug(t.Context(), "second")
	require.Equal(t, domain.CodeNotFound, domain.CodeOf(err), "the slug is free again")
	rows, err := p.Query(t, p.url, "SELECT tenant_leftovers($1)", in.TenantID)
	require.NoError(t, err)
	require.Empty(t, rows)
	p.record(id, "ProvisionTenant", "compensated")
	require.NotContains(t, strings.Join(p.events()[1:], " "), "tenant.provisioned")
	_, _, err = p.workflows.ProvisionTenant(t.Context(), provision("second"), patience)
	require.NoError(t, err)
}

func TestASuspendedTenantsJobsPauseAndGoOnWhenItIsResumed(t *testing.T) {
	p := newPlatform(t)
	p.stop()
	job := p.documents(2500, 10) // two batches
	release := p.holdDocuments()
	require.NoError(t, p.workflows.StartJob(t.Context(), *job))
	_, suspend, err := p.SuspendTenant(t.Context(), "acme")
	require.NoError(t, err)
	require.NoError(t, p.workflows.StartTenantOperation(t.Context(), *suspend))
	p.start()
	require.Equal(t, domain.OperationCompleted, p.operation(suspend).State)
	now, err := p.Job(t.Context(), p.tenant, job.ID)
	require.NoError(t, err)
	require.Equal(t, domain.JobPaused, now.State)
	release()
	_, err = p.Ingest(t.Context(), p.tenant, store.IngestOptions{}, func(in *store.Ingest) (r store.Reply, err error) {
		_, err = in.Add(t.Context(), []domain.DocumentInput{{Content: "late"}})
		return r, err
	})
	require.Equal(t, domain.CodePermissionDenied, domain.CodeOf(err), "a request that was admitted before adds nothing")
	p.record(suspend.WorkflowID, "SuspendTenant", "completed")

	_, resume, err := p.ResumeTenant(t.Context(), "acme")
	require.NoError(t, err)
	require.NoError(t, p.workflows.StartTenantOperation(t.Context(), *resume))
	require.Equal(t, domain.OperationCompleted, p.operation(resume).State)
	p.within("the job goes on", func() bool {
		now, err := p.Job(t.Context(), p.tenant, job.ID)
		return err == nil && now.State == domain.JobCompleted
	})
	p.record(resume.WorkflowID, "ResumeTenant", "completed")
	require.Contains(t, p.events(), "tenant.suspended")
	require.Contains(t, p.events(), "tenant.resumed")
}

func TestAnOperationThatWasNeverStartedIsStartedByTheSweep(t *testing.T) {
	p := newPlatform(t)
	_, op, err := p.SuspendTenant(t.Context(), "acme")
	require.NoError(t, err)
	// As if that had been a while ago.
	p.exec("UPDATE tenant_operations SET updated_at = now() - interval '1 hour'")
	require.Equal(t, domain.OperationCompleted, p.operation(op).State)
}

func TestAnExportThatLosesItsWorkerGoesOnWhereItWas(t *testing.T) {
	p := newPlatform(t)
	job := p.documents(60, 400_000) // several parts
	require.NotNil(t, job)
	op, err := p.ExportTenant(t.Context(), "acme", 0)
	require.NoError(t, err)
	require.NoError(t, p.workflows.StartTenantOperation(t.Context(), op))
	p.within("it is on its way", func() bool {
		now, err := p.TenantOperation(t.Context(), p.tenant, op.ID)
		return err == nil && now.Parts > 0
	})
	p.stop()
	before, err := p.ExportParts(t.Context(), p.tenant, op.ID)
	require.NoError(t, err)
	require.NotEmpty(t, before)
	p.start()
	done := p.operation(&op)
	require.Equal(t, domain.OperationCompleted, done.State, done.Error)
	require.Equal(t, int64(60), done.Counts["documents"])
	parts, err := p.ExportParts(t.Context(), p.tenant, op.ID)
	require.NoError(t, err)
	require.Equal(t, before, parts[:len(before)], "what was stored is not written again")
	rows := map[string]int64{}
	for _, part := range parts {
		data, err := p.ExportPart(t.Context(), p.tenant, op.ID, part.Number)
		require.NoError(t, err)
		require.Equal(t, part.SHA256, sha256.Sum256(data))
		name, _, _ := strings.Cut(part.Name, "-")
		rows[name] += part.Rows
	}
	require.Equal(t, int64(60), rows["documents"])
	require.Equal(t, int64(60), rows["document_rows"])
	require.Equal(t, int64(60), rows["job_items"])
	require.NoError(t, p.temporal.GetWorkflow(t.Context(), op.WorkflowID, "").Get(t.Context(), nil))
	p.record(op.WorkflowID, "ExportTenant", "worker_lost")
}

func TestAnExportThatIsCanceledOrHasNoRoomKeepsNothing(t *testing.T) {
	p := newPlatform(t)
	p.documents(100, 400_000)
	op, err := p.ExportTenant(t.Context(), "acme", 0)
	require.NoError(t, err)
	require.NoError(t, p.workflows.StartTenantOperation(t.Context(), op))
	require.NoError(t, p.temporal.CancelWorkflow(t.Context(), op.WorkflowID, ""))
	require.True(t, temporal.IsCanceledError(p.temporal.GetWorkflow(t.Context(), op.WorkflowID, "").Get(t.Context(), nil)))
	require.Equal(t, domain.OperationCanceled, p.operation(&op).State)
	p.record(op.WorkflowID, "ExportTenant", "canceled")
	parts, err := p.ExportParts(t.Context(), p.tenant, op.ID)
	require.NoError(t, err)
	require.Empty(t, parts)
}

func TestAnOffboardedTenantLeavesACertificateAndNothingElse(t *testing.T) {
	p := newPlatform(t)
	job := p.documents(40, 1000)
	require.NoError(t, p.workflows.StartJob(t.Context(), *job))
	p.within("it is indexed", func() bool {
		now, err := p.Job(t.Context(), p.tenant, job.ID)
		return err == nil && now.State == domain.JobCompleted
	})
	folder := filepath.Join(p.cache, p.tenant.String())
	require.NoError(t, os.MkdirAll(folder, 0o750))
	op, err := p.OffboardTenant(t.Context(), "acme", "acme", true)
	require.NoError(t, err)
	require.NoError(t, p.workflows.StartTenantOperation(t.Context(), op))
	done := p.operation(&op)
	require.Equal(t, domain.OperationCompleted, done.State, done.Error)
	p.record(op.WorkflowID, "OffboardTenant", "exported")

	left, err := p.Query(t, p.url, "SELECT tenant_leftovers($1)", p.tenant)
	require.NoError(t, err)
	require.Empty(t, left)
	_, err = p.TenantBySlug(t.Context(), "acme")
	require.Equal(t, domain.CodeNotFound, domain.CodeOf(err))
	c, err := p.Certificate(t.Context(), "acme")
	require.NoError(t, err)
	require.Equal(t, sha256.Sum256([]byte(c.Body)), c.SHA256)
	var body domain.CertificateBody
	require.NoError(t, json.Unmarshal([]byte(c.Body), &body))
	require.Equal(t, int64(40), body.Rows["documents"])
	require.Equal(t, int64(1), body.Rows["tenants"])
	require.Greater(t, body.Bytes, int64(40_000))
	require.Contains(t, p.events(), "tenant.offboarded")
	p.within("its files are gone", func() bool { _, err := os.Stat(folder); return os.IsNotExist(err) })
	export, err := p.ReadyExport(t.Context(), "acme", *body.ExportID)
	require.NoError(t, err, "the export can be fetched after the tenant is gone")
	require.Equal(t, int64(40), export.Counts["documents"])
	_, err = p.CreateTenant(t.Context(), "acme", "Another")
	require.NoError(t, err, "the slug can be used again")
}

func TestAnOffboardingThatIsCanceledInTimeLeavesTheTenantSuspended(t *testing.T) {
	p := newPlatform(t)
	p.documents(5, 100)
	p.workflows = p.workflows.WithOffboardGrace(time.Hour)
	op, err := p.OffboardTenant(t.Context(), "acme", "acme", false)
	require.NoError(t, err)
	require.NoError(t, p.workflows.StartTenantOperation(t.Context(), op))
	require.NoError(t, p.temporal.CancelWorkflow(t.Context(), op.WorkflowID, ""))
	require.Equal(t, domain.OperationCanceled, p.operation(&op).State)
	p.record(op.WorkflowID, "OffboardTenant", "canceled")
	tenant, err := p.TenantBySlug(t.Context(), "acme")
	require.NoError(t, err)
	require.Equal(t, domain.TenantSuspended, tenant.State)
	rows, err := p.Query(t, p.url, "SELECT id::text FROM documents WHERE tenant_id = $1", p.tenant)
	require.NoError(t, err)
	require.Len(t, rows, 5)
}

func TestAPurgeThatLosesItsWorkerOrIsTerminatedIsFinished(t *testing.T) {
	p := newPlatform(t)
	p.documents(3000, 50)
	op, err := p.OffboardTenant(t.Context(), "acme", "acme", false)
	require.NoError(t, err)
	require.NoError(t, p.BeginPurge(t.Context(), p.tenant, op.ID))
	_, err = p.PurgeTenant(t.Context(), p.tenant, op.ID, func(_ string, rows int64) bool { return rows < 1000 })
	require.NoError(t, err, "and here the worker was lost")
	require.Equal(t, domain.CodeConflict, domain.CodeOf(p.EndTenantOperation(t.Context(), p.tenant, op.ID, domain.OperationCanceled, "")))
	require.NoError(t, p.workflows.StartTenantOperation(t.Context(), op))
	require.Equal(t, domain.OperationCompleted, p.operation(&op).State)
	c, err := p.Certificate(t.Context(), "acme")
	require.NoError(t, err)
	var body domain.CertificateBody
	require.NoError(t, json.Unmarshal([]byte(c.Body), &body))
	require.Equal(t, int64(3000), body.Rows["documents"], "each row is counted once, whoever deleted it")
	require.Equal(t, int64(3000), body.Rows["job_items"])
	p.record(op.WorkflowID, "OffboardTenant", "purge_resumed")
}

// holdDocuments keeps batches from being committed until it is released.
func (p *platform) holdDocuments() (release func()) {
	p.t.Helper()
	conn, err := pgx.Connect(p.t.Context(), p.url)
	require.NoError(p.t, err)
	p.t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(p.t.Context())) })
	_, err = conn.Exec(p.t.Context(), "SET ROLE rustassistant_system; BEGIN; SELECT FROM documents FOR UPDATE")
	require.NoError(p.t, err)
	return func() {
		p.t.Helper()
		_, err := conn.Exec(p.t.Context(), "COMMIT")
		require.NoError(p.t, err)
	}
}

// Query reads one column of text as the system role.
func (p *platform) Query(t testing.TB, url, sql string, args ...any) (out []string, err error) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	_, err = conn.Exec(t.Context(), "SET ROLE rustassistant_system")
	require.NoError(t, err)
	rows, err := conn.Query(t.Context(), sql, args...)
	require.NoError(t, err)
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func (p *platform) exec(sql string) {
	p.t.Helper()
	_, err := p.Query(p.t, p.url, sql)
	require.NoError(p.t, err)
}

// within waits longer than others do: what it waits for waits itself.
func (p *platform) within(what string, condition func() bool) {
	p.t.Helper()
	require.Eventually(p.t, condition, 4*patience, 50*time.Millisecond, what)
}
