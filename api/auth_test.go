package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// withDevelopment makes the server one of the dev command.
func withDevelopment(e *env) {
	e.server.deps.Development = auth.Development(uuid.Nil, e.tenant.ID, e.tenant.Slug)
}

func TestKeysAreTakenFromEitherHeader(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.do("GET", "/api/documents", nil).is(200)
	e.do("GET", "/api/documents", nil, "X-API-Key", "", "Authorization", "Bearer "+e.admin).is(200)
	e.do("GET", "/api/documents", nil, "Authorization", "bearer "+e.admin).is(200)
	for name, headers := range map[string][]string{
		"none": {"X-API-Key", ""}, "malformed": {"X-API-Key", "nonsense"}, "unknown": {"X-API-Key", auth.Generate().Reveal()},
		"two": {"Authorization", "Bearer " + e.foreign}, "basic": {"X-API-Key", "", "Authorization", "Basic " + e.admin},
		"no token": {"X-API-Key", "", "Authorization", "Bearer"},
	} {
		a := e.do("GET", "/api/documents", nil, headers...)
		a.problem(401, domain.CodeUnauthenticated)
		require.NotEmpty(t, a.header.Get("WWW-Authenticate"), name)
		require.NotContains(t, string(a.body), "ra_live_"+"0", name)
	}
}

func TestEveryRouteNeedsItsScope(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	for _, r := range e.server.routeTable() {
		path := strings.ReplaceAll(r.path, "{id}", uuid.NewString())
		if r.scope == scopePublic {
			continue
		}
		e.do(r.method, path, nil, "X-API-Key", "").problem(401, domain.CodeUnauthenticated)
		if r.scope == scopeSignedIn {
			continue
		}
		var without []auth.Scope
		for _, s := range auth.AllScopes() {
			if !auth.Scopes(s).Has(r.scope) {
				without = append(without, s)
			}
		}
		e.do(r.method, path, nil, "X-API-Key", e.key(e.tenant, without...)).problem(403, domain.CodePermissionDenied)
	}
}

// TestForeignIDsDoNotExist walks every route that takes an id with those of
// another tenant.
func TestForeignIDsDoNotExist(t *testing.T) {
	e := newWebhookEnv(t)
	made := e.create(map[string]any{"content": "secret canary", "external_id": "n"})
	var key CreatedAPIKey
	e.do("POST", "/api/admin/api-keys", `{"name":"k"}`).is(201).into(&key)
	hook := e.createWebhook(guideWebhook)
	var delivery struct{ ID uuid.UUID }
	e.do("POST", "/api/admin/webhooks/"+hook.ID.String()+"/test", "").into(&delivery)
	ids := map[string]string{
		"documents": made.ID.String(), "jobs": made.JobID.String(), "api-keys": key.ID.String(),
		"webhooks": hook.ID.String(), "deliveries": delivery.ID.String(),
	}
	bodies := map[string]string{"PUT": `{"content":"x"}`, "PATCH": `{"title":"x"}`, "POST": `{}`, "GET": "", "DELETE": ""}
	walked := 0
	for _, r := range e.server.routeTable() {
		if !strings.Contains(r.path, "{id}") || r.scope == auth.ScopePlatform {
			continue
		}
		id := ""
		for noun, own := range ids {
			if strings.Contains(r.path, "/"+noun+"/{id}") {
				id = own
			}
		}
		require.NotEmpty(t, id, "no id is known for %s", r.path)
		for _, foreign := range []string{id, "nonsense", strings.ToUpper(id) + "0", "%00", uuid.Nil.String()} {
			var body any
			if r.bodyLimit != noBody {
				body = bodies[r.method]
			}
			if r.method == http.MethodPatch && strings.Contains(r.path, "/webhooks/") {
				body = `{"events":["document.*"]}`
			}
			if r.method == http.MethodPatch && strings.Contains(r.path, "/api-keys/") {
				body = `{"name":"x"}`
			}
			if strings.HasSuffix(r.path, "/recover") {
				body = map[string]any{"since": time.Now().Add(-time.Hour).Format(time.RFC3339)}
			}
			path := strings.NewReplacer("{id}", foreign, "{rid}", uuid.NewString()).Replace(r.path)
			a := e.do(r.method, path, body, "X-API-Key", e.foreign)
			a.problem(404, domain.CodeNotFound)
			require.NotContains(t, string(a.body), "canary")
		}
		walked++
	}
	require.Equal(t, 33, walked)
	for path, body := range map[string]string{
		"/api/index": `{"document_id":"` + made.ID.String() + `"}`, "/api/index/batch": `{"document_ids":["` + made.ID.String() + `"]}`,
	} {
		e.do("POST", path, body, "X-API-Key", e.foreign).problem(404, domain.CodeNotFound)
	}
	for _, path := range []string{"/api/documents", "/api/index/jobs", "/api/admin/jobs", "/api/documents?external_id=n"} {
		require.NotContains(t, string(e.do("GET", path, nil, "X-API-Key", e.foreign).is(200).body), made.ID.String())
	}
	e.do("GET", "/api/documents/"+made.ID.String(), nil).is(200)
	require.Equal(t, "active", e.do("GET", "/api/admin/api-keys", nil).json()["api_keys"].([]any)[0].(map[string]any)["state"])
}

func TestTenantHeaderIsForThePlatformScope(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.do("POST", "/api/documents", `{"content":"in other"}`, "X-Tenant", "other").is(202)
	require.Contains(t, string(e.do("GET", "/api/documents", nil, "X-API-Key", e.foreign).body), "queued")
	require.Zero(t, e.stored())
	e.do("GET", "/api/documents", nil, "X-Tenant", "default").is(200)
	for _, slug := range []string{"nobody", "Bad Slug", "a\xffb", strings.Repeat("x", 100)} {
		e.do("GET", "/api/documents", nil, "X-Tenant", slug).problem(404, domain.CodeNotFound)
	}
	e.do("GET", "/api/documents", nil, "X-Tenant", "default", "X-API-Key", e.foreign).problem(404, domain.CodeNotFound)
	e.do("GET", "/api/documents", nil, "X-Tenant", "other", "X-API-Key", e.foreign).is(200)
}

func TestTheDeveloperNeedsNoKeyAndNobodyElseIsTheDeveloper(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	host := strings.TrimPrefix(e.http.URL, "http://")
	_, port, _ := strings.Cut(host, ":")
	e.do("GET", "/api/documents", nil, "X-API-Key", "").problem(401, domain.CodeUnauthenticated)
	withDevelopment(e)
	for _, ok := range [][]string{
		{},
		{"Host", "localhost:" + port},
		{"Host", "localhost"},
		{"Host", "[::1]:" + port},
		{"Origin", "http://" + host},
		{"Sec-Fetch-Site", "same-origin", "Origin", "http://" + host},
		{"Sec-Fetch-Site", "none"},
	} {
		e.do("POST", "/api/documents", `{"content":"x"}`, append([]string{"X-API-Key", ""}, ok...)...)
		require.Less(t, e.do("GET", "/api/documents", nil, append([]string{"X-API-Key", ""}, ok...)...).status, 300, ok)
	}
	for _, bad := range [][]string{
		{"Host", "evil.example"},
		{"Host", "evil.example:" + port},
		{"Host", "localhost.evil.example"},
		{"Host", "127.0.0.1.evil.example"},
		{"Host", "10.0.0.1"},
		{"Origin", "http://evil.example"},
		{"Origin", "null"},
		{"Origin", "http://localhost:1"},
		{"Sec-Fetch-Site", "cross-site"},
		{"Sec-Fetch-Site", "same-site"},
		{"X-Forwarded-For", "192.0.2.1"},
		{"Forwarded", "for=192.0.2.1"},
	} {
		e.do("GET", "/api/documents", nil, append([]string{"X-API-Key", ""}, bad...)...).problem(401, domain.CodeUnauthenticated)
	}
	e.do("GET", "/api/documents", nil, "X-API-Key", "wrong").problem(401, domain.CodeUnauthenticated)
	e.do("GET", "/api/documents", nil, "X-API-Key", e.foreign).is(200)
	session := e.do("GET", "/api/session", nil, "X-API-Key", "").is(200).json()
	require.Equal(t, true, session["development"])
	require.Equal(t, []any{"platform"}, session["scopes"])
	e.do("GET", "/api/admin/tenants", nil, "X-API-Key", "").is(200)
	// A request that does not come from this machine.
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/", nil)
	require.NoError(t, err)
	r.RemoteAddr = "192.0.2.1:1234"
	require.False(t, developer(r))
	r.RemoteAddr = "127.0.0.1:1234"
	require.True(t, developer(r))
}

func TestARevokedKeyIsRefusedWithinSeconds(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	// A second process, which hears of the revocation by notification only.
	ctx, stop := context.WithCancel(t.Context())
	connected := make(chan struct{}, 10)
	listening := make(chan struct{})
	go func() {
		defer close(listening)
		e.store.Listen(ctx, store.Listener{
			Generation: func(uuid.UUID, uint64) {},
			KeyChanged: func(hash []byte) { e.verifier.Invalidate(auth.Hash(hash)) },
			Connected:  func() { connected <- struct{}{} },
		})
	}()
	t.Cleanup(func() { stop(); <-listening })
	<-connected
	var key CreatedAPIKey
	e.do("POST", "/api/admin/api-keys", `{"name":"Production API Key","description":"Main production key"}`).is(201).into(&key)
	require.Equal(t, []string{"search", "documents:read", "documents:write"}, key.Scopes)
	e.do("GET", "/api/documents", nil, "X-API-Key", key.Key).is(200)
	e.do("DELETE", "/api/admin/api-keys/"+key.ID.String(), nil).is(204)
	start := time.Now()
	require.Eventually(t, func() bool {
		return e.do("GET", "/api/documents", nil, "X-API-Key", key.Key).status == 401
	}, 5*time.Second, 5*time.Millisecond)
	require.Less(t, time.Since(start), 2*time.Second, "by notification, not by the end of the cache's time")
}

func TestKeysGrantNoMoreThanTheirCreatorHas(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.do("POST", "/api/admin/api-keys", `{"name":"k","scopes":["platform"]}`, "X-API-Key", e.foreign).problem(403, domain.CodePermissionDenied)
	e.do("POST", "/api/admin/api-keys", `{"name":"k","scopes":["admin"]}`, "X-API-Key", e.foreign).is(201)
	e.do("POST", "/api/admin/api-keys", `{"name":"k","scopes":["root"]}`).problem(422, domain.CodeInvalid).names(t, "scopes")
	e.do("POST", "/api/admin/api-keys", `{"name":"k","scopes":[]}`).problem(422, domain.CodeInvalid).names(t, "scopes")
	e.do("POST", "/api/admin/api-keys", `{"name":" "}`).problem(422, domain.CodeInvalid).names(t, "name")
	e.do("POST", "/api/admin/api-keys", `{"name":"k","expires_at":"2001-01-01T00:00:00Z"}`).problem(422, domain.CodeInvalid).names(t, "expires_at")
	e.do("POST", "/api/admin/api-keys", `{"name":"k","expires_at":"soon"}`).problem(422, domain.CodeInvalid).names(t, "expires_at")
	list := string(e.do("GET", "/api/admin/api-keys?limit=1", nil).is(200).body)
	require.NotContains(t, list, e.admin)
}

func TestFailedAttemptsAreLimitedByAddress(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.do("GET", "/api/documents", nil).is(200)
	for range authFailuresPerMinute {
		e.do("GET", "/api/documents", nil, "X-API-Key", "wrong").is(401)
	}
	a := e.do("GET", "/api/documents", nil, "X-API-Key", "wrong")
	a.problem(429, domain.CodeRateLimited)
	require.NotEmpty(t, a.header.Get("Retry-After"))
	e.do("GET", "/api/documents", nil, "X-API-Key", auth.Generate().Reveal()).is(429)
	e.do("GET", "/api/documents", nil).is(200) // known to be good, at the same address
}

func TestUseOfKeysIsCountedBesideTheRequests(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	for range 5 {
		e.do("GET", "/api/documents", nil, "X-Tenant", "other").is(200)
	}
	e.server.keyUse.flush(t.Context())
	var list APIKeyList
	e.do("GET", "/api/admin/api-keys", nil).into(&list)
	require.Equal(t, int64(5), list.APIKeys[0].RequestCount)
	require.NotNil(t, list.APIKeys[0].LastUsedAt)
}

func TestSignInAndOut(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	signIn := func(key string) answer {
		body, err := json.Marshal(map[string]string{"api_key": key})
		require.NoError(t, err)
		return e.do("POST", "/api/session", body, "X-API-Key", "")
	}
	signIn("wrong").problem(401, domain.CodeUnauthenticated)
	signIn("").problem(422, domain.CodeInvalid).names(t, "api_key")
	signIn(e.key(e.tenant, auth.ScopeSearch)).problem(403, domain.CodePermissionDenied)
	cookie := signIn(e.admin).is(204).header.Get("Set-Cookie")
	require.Contains(t, cookie, "ra_session=")
	require.Contains(t, cookie, "HttpOnly")
	require.Contains(t, cookie, "SameSite=Strict")
	pair, _, _ := strings.Cut(cookie, ";")

	session := e.do("GET", "/api/session", nil, "X-API-Key", "", "Cookie", pair).is(200).json()
	require.Equal(t, "test", session["name"])
	require.Equal(t, e.admin[:12], session["key_prefix"])
	require.Equal(t, map[string]any{"slug": "default", "name": "Default"}, session["tenant"])
	require.Equal(t, false, session["development"])
	e.do("GET", "/api/admin/stats", nil, "X-API-Key", "", "Cookie", pair).is(200)
	e.do("POST", "/api/documents", `{"content":"by the dashboard"}`, "X-API-Key", "", "Cookie", pair, "Origin", e.http.URL).is(202)
	// Another site's page, with the browser's cookie.
	e.do("POST", "/api/documents", `{"content":"x"}`, "X-API-Key", "", "Cookie", pair, "Sec-Fetch-Site", "cross-site").problem(403, domain.CodePermissionDenied)
	e.do("POST", "/api/documents", `{"content":"x"}`, "X-API-Key", "", "Cookie", pair, "Origin", "https://evil.example").problem(403, domain.CodePermissionDenied)
	e.do("DELETE", "/api/session", nil, "X-API-Key", "", "Cookie", pair, "Sec-Fetch-Site", "cross-site").problem(403, domain.CodePermissionDenied)

	require.Contains(t, e.do("DELETE", "/api/session", nil, "X-API-Key", "", "Cookie", pair).is(204).header.Get("Set-Cookie"), "Max-Age=0")
	e.do("GET", "/api/session", nil, "X-API-Key", "", "Cookie", pair).problem(401, domain.CodeUnauthenticated)
	e.do("GET", "/api/session", nil, "X-API-Key", "").problem(401, domain.CodeUnauthenticated)
	// Over anything but plain HTTP on this machine the cookie is a secure one.
	cookie = e.do("POST", "/api/session", `{"api_key":"`+e.admin+`"}`, "X-API-Key", "", "Host", "search.example").is(204).header.Get("Set-Cookie")
	require.Contains(t, cookie, "__Host-ra_session=")
	require.Contains(t, cookie, "Secure")
}

func TestGuessingAtSignInIsLimited(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	for range signInsPerMinute {
		e.do("POST", "/api/session", `{"api_key":"wrong"}`, "X-API-Key", "").is(401)
	}
	e.do("POST", "/api/session", `{"api_key":"`+e.admin+`"}`, "X-API-Key", "").problem(429, domain.CodeRateLimited)
}
