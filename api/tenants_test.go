package api

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

func TestATenantIsMadeWithItsTierAndItsFirstKey(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	var made CreatedTenant
	body := `{"slug":"acme","name":"Acme","tier":"standard","quota":{"documents":7,"webhooks":-1},"create_key":true}`
	a := e.do("POST", "/api/admin/tenants", body).is(201)
	a.into(&made)
	require.Equal(t, "/api/admin/tenants/acme", a.header.Get("Location"))
	require.Equal(t, domain.TenantActive, made.State)
	require.Equal(t, domain.TierStandard, made.Tier)
	require.Equal(t, int64(7), *made.Quota.Documents)
	e.do("GET", "/api/admin/api-keys", nil, "X-API-Key", made.APIKey.Key).is(200)
	var got TenantDetail
	e.do("GET", "/api/admin/tenants/acme", nil).is(200).into(&got)
	require.Equal(t, made.ID, got.ID)
	e.do("GET", "/api/admin/tenants/nobody", nil).problem(404, domain.CodeNotFound)
	e.do("GET", "/api/admin/tenants/acme", nil, "X-API-Key", e.foreign).problem(403, domain.CodePermissionDenied)
}

func TestWhatIsWrongWithATenantIsNamed(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	for body, field := range map[string]string{
		`{"slug":"Not A Slug"}`:                      "slug",
		`{"slug":"` + strings.Repeat("a", 64) + `"}`: "slug",
		`{}`:                                    "slug",
		`{"slug":"a","tier":"gold"}`:            "tier",
		`{"slug":"a","quota":{"documents":-2}}`: "quota.documents",
		`{"slug":"a","quota":{"apples":1}}`:     "quota.apples",
		`{"slug":"a","name":"` + strings.Repeat("n", 201) + `"}`: "name",
	} {
		e.do("POST", "/api/admin/tenants", body).problem(422, domain.CodeInvalid).names(t, field)
	}
	for body, field := range map[string]string{`{"name":" "}`: "name", `{"tier":"gold"}`: "tier", `{"quota":{"webhooks":-7}}`: "quota.webhooks"} {
		e.do("PATCH", "/api/admin/tenants/other", body).problem(422, domain.CodeInvalid).names(t, field)
	}
	e.do("PATCH", "/api/admin/tenants/nobody", `{"name":"x"}`).problem(404, domain.CodeNotFound)
	e.do("GET", "/api/admin/tenants?state=gone", nil).problem(422, domain.CodeInvalid).names(t, "state")
	e.do("GET", "/api/admin/tenants?limit=-1", nil).problem(422, domain.CodeInvalid).names(t, "limit")
}

func TestATenantIsChanged(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	var got TenantDetail
	e.do("PATCH", "/api/admin/tenants/other", `{"name":"New","tier":"free","quota":{"documents":5}}`).is(200).into(&got)
	require.Equal(t, "New", got.Name)
	require.Equal(t, domain.TierFree, got.Tier)
	require.Equal(t, int64(5), *got.Quota.Documents)
	e.do("PATCH", "/api/admin/tenants/other", `{"name":"Newer"}`).is(200).into(&got)
	require.Equal(t, int64(5), *got.Quota.Documents, "what is left out stays")
	got.Quota = nil
	e.do("PATCH", "/api/admin/tenants/other", `{"quota":null}`).is(200).into(&got)
	require.Nil(t, got.Quota)
	var log AuditList
	e.do("GET", "/api/admin/audit-log?action=tenant.*", nil, "X-Tenant", "other").is(200).into(&log)
	require.GreaterOrEqual(t, len(log.Entries), 3)
	require.Equal(t, domain.ActorAPIKey, log.Entries[0].Actor.Kind)
}

func TestOfManyWhoMakeTheSameTenantOneWins(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	var mu sync.Mutex
	seen := map[int]int{}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			a := e.do("POST", "/api/admin/tenants", `{"slug":"raced","create_key":true}`)
			mu.Lock()
			defer mu.Unlock()
			seen[a.status]++
		})
	}
	all.Wait()
	require.Equal(t, map[int]int{201: 1, 409: 19}, seen)
}

func TestTheSameIdempotencyKeyMakesOneTenantAndNeverShowsItsKeyAgain(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	body := `{"slug":"acme","create_key":true}`
	first := e.do("POST", "/api/admin/tenants", body, "Idempotency-Key", "k1").is(201)
	again := e.do("POST", "/api/admin/tenants", body, "Idempotency-Key", "k1").is(201)
	require.Equal(t, "true", again.header.Get("Idempotency-Replayed"))
	require.Equal(t, first.json()["id"], again.json()["id"])
	require.Contains(t, string(first.body), "ra_live_")
	require.NotContains(t, string(again.body), `"key"`)
	e.do("POST", "/api/admin/tenants", `{"slug":"else"}`, "Idempotency-Key", "k1").problem(422, domain.CodeIdempotencyMismatch)
}

func TestWithoutTemporalNoTenantIsHalfMade(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.tenants.away = errors.New("connection refused")
	a := e.do("POST", "/api/admin/tenants", `{"slug":"acme","create_key":true}`)
	a.problem(503, domain.CodeUnavailable)
	require.NotEmpty(t, a.header.Get("Retry-After"))
	require.NotContains(t, string(a.body), "refused")
	e.do("GET", "/api/admin/tenants/acme", nil).problem(404, domain.CodeNotFound)
	// A suspension is a matter of safety: it holds at once and its workflow follows.
	e.do("POST", "/api/admin/tenants/other/suspend", nil).is(202)
	e.do("GET", "/api/documents", nil, "X-API-Key", e.foreign).problem(403, domain.CodePermissionDenied)
}

func TestATenantThatTakesLongIsAnsweredWithWhereToLook(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.tenants.slow = true
	var made CreatedTenant
	e.do("POST", "/api/admin/tenants", `{"slug":"acme","create_key":true}`).is(202).into(&made)
	require.Equal(t, domain.TenantProvisioning, made.State)
	require.Equal(t, "tenant/acme/provision", made.WorkflowID)
	require.NotEmpty(t, made.APIKey.Key)
}

func TestASuspendedTenantIsRefusedAtOnceAndAnswersAgainWhenItIsResumed(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.do("GET", "/api/documents", nil, "X-API-Key", e.foreign).is(200)
	var answer TenantOperationAnswer
	e.do("POST", "/api/admin/tenants/other/suspend", nil).is(202).into(&answer)
	require.Equal(t, domain.TenantSuspended, answer.Tenant.State)
	require.Equal(t, "tenant/other/suspend", answer.Operation.WorkflowID)
	require.Len(t, e.tenants.started, 1)
	e.do("GET", "/api/documents", nil, "X-API-Key", e.foreign).problem(403, domain.CodePermissionDenied)
	// The platform may look, and change nothing.
	e.do("GET", "/api/documents", nil, "X-Tenant", "other").is(200)
	e.do("POST", "/api/documents", `{"content":"x"}`, "X-Tenant", "other").problem(409, domain.CodeConflict)
	e.do("POST", "/api/admin/tenants/other/suspend", nil).is(202).into(&answer)
	require.NoError(t, e.store.EndTenantOperation(t.Context(), answer.Operation.TenantID, answer.Operation.ID, domain.OperationCompleted, ""))
	require.NotContains(t, e.do("POST", "/api/admin/tenants/other/suspend", nil).is(200).json(), "operation")
	e.do("POST", "/api/admin/tenants/other/resume", nil).is(202)
	e.do("GET", "/api/documents", nil, "X-API-Key", e.foreign).is(200)
	e.do("POST", "/api/admin/tenants/nobody/suspend", nil).problem(404, domain.CodeNotFound)
	e.do("POST", "/api/admin/tenants/default/suspend", nil).problem(409, domain.CodeConflict)
	var list TenantList
	e.do("GET", "/api/admin/tenants?state=suspended", nil).is(200).into(&list)
	require.Empty(t, list.Tenants)
	e.do("GET", "/api/admin/tenants?q=OTH&tier=unlimited&state=active", nil).is(200).into(&list)
	require.Len(t, list.Tenants, 1)
}

func TestAnotherServerHearsOfASuspension(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	heard := make(chan string, 10)
	ready := make(chan struct{}, 10)
	go e.store.Listen(t.Context(), store.Listener{TenantChanged: func(_ uuid.UUID, state string) { heard <- state }, Connected: func() { ready <- struct{}{} }})
	<-ready
	e.do("POST", "/api/admin/tenants/other/suspend", nil).is(202)
	require.Equal(t, "suspended", <-heard)
	e.do("POST", "/api/admin/tenants/other/resume", nil).is(202)
	require.Equal(t, "active", <-heard)
}

func TestOffboardingWantsTheSlugOnceMore(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.do("DELETE", "/api/admin/tenants/other", `{"confirm":"Other"}`).problem(422, domain.CodeInvalid).names(t, "confirm")
	e.do("DELETE", "/api/admin/tenants/other", `{}`).problem(422, domain.CodeInvalid).names(t, "confirm")
	e.do("GET", "/api/documents", nil, "X-API-Key", e.foreign).is(200)
	e.do("DELETE", "/api/admin/tenants/default", `{"confirm":"default"}`).problem(409, domain.CodeConflict)
	e.do("DELETE", "/api/admin/tenants/nobody", `{"confirm":"nobody"}`).problem(404, domain.CodeNotFound)
	var first, second TenantOperationAnswer
	e.do("DELETE", "/api/admin/tenants/other", `{"confirm":"other"}`).is(202).into(&first)
	e.do("DELETE", "/api/admin/tenants/other", `{"confirm":"other"}`).is(202).into(&second)
	require.Equal(t, first.Operation.ID, second.Operation.ID, "the second finds the first")
	e.do("GET", "/api/documents", nil, "X-API-Key", e.foreign).problem(403, domain.CodePermissionDenied)
	e.do("GET", "/api/documents", nil, "X-Tenant", "other").problem(409, domain.CodeConflict)
	e.do("POST", "/api/admin/tenants/other/resume", nil).problem(409, domain.CodeConflict)
	e.do("POST", "/api/admin/tenants/other/export", nil).problem(409, domain.CodeConflict)

	op := first.Operation
	require.NoError(t, e.store.BeginPurge(t.Context(), op.TenantID, op.ID))
	done, err := e.store.PurgeTenant(t.Context(), op.TenantID, op.ID, func(string, int64) bool { return true })
	require.NoError(t, err)
	require.True(t, done)
	left, err := e.store.CertifyPurge(t.Context(), op.TenantID, op.ID)
	require.NoError(t, err)
	require.Empty(t, left)
	var c TenantCertificate
	e.do("GET", "/api/admin/tenants/other/certificate", nil).is(200).into(&c)
	sum := sha256.Sum256([]byte(c.Body))
	require.Equal(t, hex.EncodeToString(sum[:]), c.SHA256)
	require.Positive(t, c.Content.Rows["api_keys"])
	e.do("DELETE", "/api/admin/tenants/other", `{"confirm":"other"}`).is(200).into(&second)
	require.Equal(t, c.ID, second.Certificate.ID, "it is done")
	e.do("POST", "/api/admin/tenants", `{"slug":"other"}`).is(201)
}

func TestAnExportIsFetchedInPiecesThatFitTogether(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	for n := range 3 {
		e.do("POST", "/api/documents", map[string]any{"external_id": fmt.Sprint(n), "content": strings.Repeat(fmt.Sprint("canary ", n, " "), 100)}, "X-API-Key", e.foreign).is(202)
	}
	var asked TenantOperationAnswer
	e.do("POST", "/api/admin/tenants/other/export", nil).is(202).into(&asked)
	path := "/api/admin/tenants/other/exports/" + asked.Operation.ID.String()
	e.do("GET", path+"/archive", nil).problem(409, domain.CodeConflict)
	for state := domain.OperationRunning; state == domain.OperationRunning; {
		op, err := e.store.ExportSome(t.Context(), asked.Operation.TenantID, asked.Operation.ID, 0)
		require.NoError(t, err)
		state = op.State
	}
	var export TenantExport
	e.do("GET", path, nil).is(200).into(&export)
	whole := e.do("GET", path+"/archive", nil).is(200)
	half := len(whole.body) / 2
	rest := e.do("GET", path+"/archive", nil, "Range", fmt.Sprintf("bytes=%d-", half), "If-Range", whole.header.Get("ETag")).is(http.StatusPartialContent)
	require.Equal(t, whole.body[half:], rest.body, "a download that broke goes on")
	require.Equal(t, []string{"0", "1", "2"}, externalIDs(t, whole.body, export.Files))
	e.do("GET", path+"/archive", nil, "Range", "bytes=999999999-").is(http.StatusRequestedRangeNotSatisfiable)
	e.do("GET", "/api/admin/tenants/default/exports/"+asked.Operation.ID.String(), nil).problem(404, domain.CodeNotFound)
	e.do("GET", path, nil, "X-API-Key", e.foreign).problem(403, domain.CodePermissionDenied)
	var list TenantExportList
	e.do("GET", "/api/admin/tenants/other/exports", nil).is(200).into(&list)
	require.Len(t, list.Exports, 1)
	e.do("GET", "/api/admin/tenants/nobody/exports", nil).problem(404, domain.CodeNotFound)
}

// externalIDs reads the documents of an archive and checks the sums of every file.
func externalIDs(t *testing.T, archive []byte, files []ExportFile) (ids []string) {
	t.Helper()
	sums := map[string]string{}
	for _, f := range files {
		sums[f.Name] = f.SHA256
	}
	seen := 0
	for r := tar.NewReader(bytes.NewReader(archive)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			require.Equal(t, len(files)+2, seen)
			return ids
		}
		require.NoError(t, err)
		body, err := io.ReadAll(r)
		require.NoError(t, err)
		seen++
		if sum, known := sums[h.Name]; known {
			got := sha256.Sum256(body)
			require.Equal(t, sum, hex.EncodeToString(got[:]), h.Name)
		}
		if !strings.HasPrefix(h.Name, "documents-") {
			continue
		}
		z, err := gzip.NewReader(bytes.NewReader(body))
		require.NoError(t, err)
		for d := json.NewDecoder(z); d.More(); {
			var doc struct {
				ExternalID string `json:"external_id"`
				Content    string `json:"content"`
			}
			require.NoError(t, d.Decode(&doc))
			require.Contains(t, doc.Content, "canary "+doc.ExternalID)
			ids = append(ids, doc.ExternalID)
		}
	}
}

func TestOneTenantIsWithoutCeremony(t *testing.T) {
	t.Parallel()
	e := newEnv(t, func(d *Deps) { d.SingleTenant = true })
	e.do("POST", "/api/admin/tenants", `{"slug":"acme"}`).problem(409, domain.CodeConflict)
	e.do("DELETE", "/api/admin/tenants/default", `{"confirm":"default"}`).problem(409, domain.CodeConflict)
	e.do("GET", "/api/documents", nil, "X-API-Key", e.key(e.tenant, auth.ScopeDocumentsRead)).is(200)
}
