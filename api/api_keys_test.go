package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/ratelimit"
)

func (e *env) newKey(body string) CreatedAPIKey {
	e.t.Helper()
	var k CreatedAPIKey
	e.do("POST", "/api/admin/api-keys", body).is(http.StatusCreated).into(&k)
	return k
}

// The successor does what the old key did, and for the time of the overlap both work.
func TestARotatedKeyOverlapsWithItsSuccessor(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	old := e.newKey(`{"name":"crawler","scopes":["documents:read"],"rate_limit":600,"allowed_networks":["127.0.0.1","::1/128"]}`)
	var next CreatedAPIKey
	path := "/api/admin/api-keys/" + old.ID.String()
	e.do("POST", path+"/rotate", `{"overlap_hours":1}`).is(http.StatusCreated).into(&next)
	require.Equal(t, "crawler", next.Name)
	require.Equal(t, old.Scopes, next.Scopes)
	require.Equal(t, 600, next.RateLimit)
	require.Equal(t, []string{"127.0.0.1/32", "::1/128"}, next.AllowedNetworks)
	require.NotEqual(t, old.Key, next.Key)
	for _, key := range []string{old.Key, next.Key} {
		e.do("GET", "/api/documents", nil, "X-API-Key", key).is(http.StatusOK)
	}
	e.do("POST", path+"/rotate", `{}`).problem(http.StatusConflict, domain.CodeConflict)

	var list APIKeyList
	e.do("GET", "/api/admin/api-keys", nil).is(http.StatusOK).into(&list)
	for _, k := range list.APIKeys {
		if k.ID == old.ID {
			require.Equal(t, next.ID, *k.ReplacedBy)
			require.WithinDuration(t, time.Now().Add(time.Hour), *k.RevokedAt, time.Minute)
			require.Equal(t, "active", k.State)
		}
	}
	e.do("DELETE", path, nil).is(http.StatusNoContent)
	e.server.deps.Verifier.InvalidateAll() // what the notification does
	e.do("GET", "/api/documents", nil, "X-API-Key", old.Key).problem(http.StatusUnauthorized, domain.CodeUnauthenticated)
	e.do("GET", "/api/documents", nil, "X-API-Key", next.Key).is(http.StatusOK)

	var at CreatedAPIKey
	e.do("POST", "/api/admin/api-keys/"+next.ID.String()+"/rotate", `{"overlap_hours":0}`).is(http.StatusCreated).into(&at)
	e.server.deps.Verifier.InvalidateAll()
	e.do("GET", "/api/documents", nil, "X-API-Key", next.Key).problem(http.StatusUnauthorized, domain.CodeUnauthenticated)
	e.do("POST", "/api/admin/api-keys/"+next.ID.String()+"/rotate", `{"overlap_hours":200}`).problem(http.StatusUnprocessableEntity, domain.CodeInvalid)
}

func TestAKeyIsOnlyGoodWhereItMayBeUsed(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	k := e.newKey(`{"name":"office","scopes":["documents:read","admin"],"allowed_networks":["203.0.113.0/24"]}`)
	e.do("GET", "/api/documents", nil, "X-API-Key", k.Key).problem(http.StatusForbidden, domain.CodePermissionDenied)
	e.do("POST", "/api/session", `{"api_key":"`+k.Key+`"}`).problem(http.StatusForbidden, domain.CodePermissionDenied)
	e.do("PATCH", "/api/admin/api-keys/"+k.ID.String(), `{"allowed_networks":null}`).is(http.StatusOK)
	e.server.deps.Verifier.InvalidateAll()
	e.do("GET", "/api/documents", nil, "X-API-Key", k.Key).is(http.StatusOK)
}

func TestAKeyOverItsRateIsToldWhenToComeBack(t *testing.T) {
	t.Parallel()
	e := newEnv(t, func(d *Deps) { d.KeyLimits = ratelimit.NewShared(nil, "") })
	k := e.newKey(`{"name":"slow","scopes":["documents:read"],"rate_limit":3}`)
	for left := range 3 {
		a := e.do("GET", "/api/documents", nil, "X-API-Key", k.Key).is(http.StatusOK)
		require.Equal(t, "3", a.header.Get("RateLimit-Limit"))
		require.Equal(t, string(rune('2'-left)), a.header.Get("RateLimit-Remaining"))
	}
	a := e.do("GET", "/api/documents", nil, "X-API-Key", k.Key)
	a.problem(http.StatusTooManyRequests, domain.CodeRateLimited)
	require.Equal(t, "20", a.header.Get("Retry-After"))
	require.Empty(t, e.do("GET", "/api/documents", nil).is(http.StatusOK).header.Get("RateLimit-Limit"), "others have no limit")
}

func TestChangesOfKeysThatAreRefusedNameTheField(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	k := e.newKey(`{"name":"k"}`)
	path := "/api/admin/api-keys/" + k.ID.String()
	networks, err := json.Marshal(strings.Split(strings.Repeat("10.0.0.1,", 101), ",")[:101])
	require.NoError(t, err)
	for field, body := range map[string]string{
		"name": `{"name":" "}`, "expires_at": `{"expires_at":"2020-01-01T00:00:00Z"}`, "rate_limit": `{"rate_limit":-1}`,
		"scopes": `{"scopes":["everything"]}`, "allowed_networks": `{"allowed_networks":["10.0.0.0/99"]}`,
	} {
		e.do("PATCH", path, body).problem(http.StatusUnprocessableEntity, domain.CodeInvalid).names(t, field)
	}
	e.do("PATCH", path, `{"allowed_networks":`+string(networks)+`}`).problem(http.StatusUnprocessableEntity, domain.CodeInvalid)
	e.do("PATCH", path, `{"scopes":["platform"]}`, "X-API-Key", e.key(e.tenant, auth.ScopeAdmin)).problem(http.StatusForbidden, domain.CodePermissionDenied)
	platform := e.newKey(`{"name":"p","scopes":["platform"]}`)
	for verb, body := range map[string]string{"PATCH": `{"name":"x"}`, "POST": `{}`} {
		target := "/api/admin/api-keys/" + platform.ID.String() + strings.TrimPrefix(map[string]string{"PATCH": "", "POST": "/rotate"}[verb], "")
		e.do(verb, target, body, "X-API-Key", e.key(e.tenant, auth.ScopeAdmin)).problem(http.StatusForbidden, domain.CodePermissionDenied)
	}
	e.do("DELETE", path, nil).is(http.StatusNoContent)
	e.do("PATCH", path, `{"name":"x"}`).problem(http.StatusConflict, domain.CodeConflict)
}

// Every change says who made it and what it was, and never a secret.
func TestAdminChangesAreInTheAuditLog(t *testing.T) {
	e := newWebhookEnv(t)
	k := e.newKey(`{"name":"audited"}`)
	e.do("PATCH", "/api/admin/api-keys/"+k.ID.String(), `{"name":"renamed"}`, "X-Request-Id", "request-4711").is(http.StatusOK)
	e.do("DELETE", "/api/admin/api-keys/"+k.ID.String(), nil).is(http.StatusNoContent)
	w := e.createWebhook(guideWebhook)
	e.do("PATCH", "/api/admin/webhooks/"+w.ID.String(), `{"headers":{"Authorization":"Bearer hidden"}}`).is(http.StatusOK)
	e.do("POST", "/api/admin/webhooks/"+w.ID.String()+"/rotate-secret", `{"secret":"another secret"}`).is(http.StatusOK)
	e.do("DELETE", "/api/admin/webhooks/"+w.ID.String(), nil).is(http.StatusNoContent)
	e.do("PUT", "/api/admin/search-settings", `{"stop_words":["foo"]}`).is(http.StatusOK)

	a := e.do("GET", "/api/admin/audit-log?limit=100", nil).is(http.StatusOK)
	for _, secret := range []string{k.Key, "webhook_secret", "another secret", "hidden"} {
		require.NotContains(t, string(a.body), secret)
	}
	var log AuditList
	a.into(&log)
	var actions []string
	for _, entry := range log.Entries {
		actions = append(actions, entry.Action)
		if entry.TargetID == k.ID.String() && entry.Action == "api_key.changed" {
			require.Equal(t, "request-4711", entry.RequestID)
			require.Equal(t, domain.ActorAPIKey, entry.Actor.Kind)
			require.NotEmpty(t, entry.Actor.KeyName)
			require.NotEmpty(t, entry.Actor.Address)
			require.Contains(t, string(entry.Before), `"audited"`)
			require.Contains(t, string(entry.After), `"renamed"`)
		}
	}
	require.Subset(t, actions, []string{
		"search_settings.changed", "webhook.deleted", "webhook.secret_rotated", "webhook.changed", "webhook.created",
		"api_key.revoked", "api_key.changed", "api_key.created",
	})

	e.do("GET", "/api/admin/audit-log?action=api_key.*&target_id="+k.ID.String(), nil).into(&log)
	require.Len(t, log.Entries, 3)
	var first AuditList
	e.do("GET", "/api/admin/audit-log?action=api_key.*&limit=1&target_id="+k.ID.String(), nil).into(&first)
	require.Equal(t, "api_key.revoked", first.Entries[0].Action)
	e.do("GET", "/api/admin/audit-log?limit=2&action=api_key.*&target_id="+k.ID.String()+"&cursor="+first.NextCursor, nil).into(&log)
	require.Equal(t, []string{"api_key.changed", "api_key.created"}, []string{log.Entries[0].Action, log.Entries[1].Action})
	lines := bytes.Split(bytes.TrimSpace(e.do("GET", "/api/admin/audit-log/export?action=webhook.*", nil).is(http.StatusOK).body), []byte("\n"))
	require.Len(t, lines, 4)
	require.NotContains(t, string(e.do("GET", "/api/admin/audit-log", nil, "X-API-Key", e.foreign).is(http.StatusOK).body), k.ID.String())
	e.do("GET", "/api/admin/audit-log?actor_id=me", nil).problem(http.StatusUnprocessableEntity, domain.CodeInvalid).names(t, "actor_id")
	e.do("GET", "/api/admin/audit-log?from=2026-02-01&to=2026-01-01", nil).problem(http.StatusUnprocessableEntity, domain.CodeInvalid).names(t, "to")
}
