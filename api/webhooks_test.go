package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/analytics"
	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/webhook"
)

// guideWebhook is the guide's own request.
const guideWebhook = `{"url": "https://example.com/webhook", "secret": "webhook_secret", "events": ["document.indexed", "search.performed"]}`

func newWebhookEnv(t *testing.T) *env {
	t.Helper()
	t.Parallel()
	sealer, err := webhook.NewSealer(webhook.GenerateKey())
	require.NoError(t, err)
	return newEnv(t, func(d *Deps) { d.WebhookSealer = sealer })
}

func (e *env) createWebhook(body any) WebhookWithSecret {
	e.t.Helper()
	var out WebhookWithSecret
	e.do("POST", "/api/admin/webhooks", body).is(http.StatusCreated).into(&out)
	return out
}

func TestTheGuidesWebhookIsAcceptedAndItsSecretShownOnce(t *testing.T) {
	e := newWebhookEnv(t)
	w := e.createWebhook(guideWebhook)
	require.Equal(t, "webhook_secret", w.Secret)
	require.Equal(t, domain.EndpointActive, w.State)
	require.Equal(t, []string{"document.indexed", "search.performed"}, w.Events)
	for _, path := range []string{"/api/admin/webhooks", "/api/admin/webhooks/" + w.ID.String()} {
		a := e.do("GET", path, nil).is(http.StatusOK)
		require.Contains(t, string(a.body), w.ID.String())
		require.NotContains(t, string(a.body), "webhook_secret")
	}
	stored, err := e.store.Endpoint(t.Context(), e.tenant.ID, w.ID)
	require.NoError(t, err)
	require.NotContains(t, string(stored.SealedSecret), "webhook_secret", "encrypted at rest")
	opened, err := e.server.deps.WebhookSealer.Open(webhook.PurposeSecret, e.tenant.ID, w.ID, stored.SealedSecret)
	require.NoError(t, err)
	require.Equal(t, "webhook_secret", string(opened))

	made := e.createWebhook(`{"url": "https://example.com", "events": ["*"]}`)
	require.True(t, strings.HasPrefix(made.Secret, "whsec_"), "one is made when none is given")
}

func TestWebhooksThatAreRefusedNameTheField(t *testing.T) {
	e := newWebhookEnv(t)
	for field, bodies := range map[string][]string{
		"url": {
			`{"events":["*"]}`, `{"url":"","events":["*"]}`, `{"url":"http://example.com","events":["*"]}`, `{"url":"https://u:p@example.com","events":["*"]}`,
			`{"url":"https://127.0.0.1/","events":["*"]}`, `{"url":"https://169.254.169.254/","events":["*"]}`, `{"url":"https://2130706433/","events":["*"]}`,
		},
		"events":          {`{"url":"https://example.com"}`, `{"url":"https://example.com","events":[]}`, `{"url":"https://example.com","events":["document.exploded"]}`},
		"secret":          {`{"url":"https://example.com","events":["*"],"secret":"x"}`, `{"url":"https://example.com","events":["*"],"secret":"whsec_x"}`},
		"headers":         {`{"url":"https://example.com","events":["*"],"headers":{"Host":"x"}}`, `{"url":"https://example.com","events":["*"],"headers":{"X-A":"a\nb"}}`},
		"max_concurrency": {`{"url":"https://example.com","events":["*"],"max_concurrency":65}`, `{"url":"https://example.com","events":["*"],"max_concurrency":-1}`},
		"rate_limit": {
			`{"url":"https://example.com","events":["*"],"rate_limit":0}`, `{"url":"https://example.com","events":["*"],"rate_limit":1001}`,
			`{"url":"https://example.com","events":["*"],"rate_limit":1.5}`, `{"url":"https://example.com","events":["*"],"rate_limit":"9"}`,
		},
		"fifo": {`{"url":"https://example.com","events":["*"],"fifo":"yes"}`},
		"filter": {
			`{"url":"https://example.com","events":["*"],"filter":{}}`, `{"url":"https://example.com","events":["*"],"filter":["kind"]}`,
			`{"url":"https://example.com","events":["*"],"filter":{"kind":"index_documents"}}`, `{"url":"https://example.com","events":["*"],"filter":{"kind":[]}}`,
			`{"url":"https://example.com","events":["*"],"filter":{"kind":[null]}}`, `{"url":"https://example.com","events":["*"],"filter":{"kind":[{}]}}`,
			`{"url":"https://example.com","events":["*"],"filter":{"knid":["a"]}}`, `{"url":"https://example.com","events":["*"],"filter":{"version":[1e999]}}`,
			`{"url":"https://example.com","events":["*"],"filter":{"kind":["\u0000"]}}`,
		},
		"color": {`{"url":"https://example.com","events":["*"],"color":"red"}`},
	} {
		for _, body := range bodies {
			p := e.do("POST", "/api/admin/webhooks", body).problem(http.StatusUnprocessableEntity, domain.CodeInvalid)
			p.names(t, field)
		}
	}
	tenMegabytes := `{"url":"https://example.com","events":["*"],"headers":{"X-A":"` + strings.Repeat("a", 10<<20) + `"}}`
	e.do("POST", "/api/admin/webhooks", tenMegabytes).problem(http.StatusRequestEntityTooLarge, domain.CodeTooLarge)
	e.do("POST", "/api/admin/webhooks", strings.Repeat(" ", 65<<10)+guideWebhook).problem(http.StatusRequestEntityTooLarge, domain.CodeTooLarge)
}

func TestAWebhookIsChangedPausedAndDeleted(t *testing.T) {
	e := newWebhookEnv(t)
	w := e.createWebhook(map[string]any{"url": "https://example.com", "events": []string{"*"}, "headers": map[string]string{"authorization": "Bearer canary"}})
	require.Equal(t, []string{"Authorization"}, w.Headers)
	path := "/api/admin/webhooks/" + w.ID.String()
	var out Webhook
	a := e.do("PATCH", path, `{"state":"paused","description":"d","events":["job.*"],"max_concurrency":2}`).is(http.StatusOK)
	a.into(&out)
	require.NotContains(t, string(a.body), "canary")
	require.Equal(t, domain.EndpointPaused, out.State)
	require.Equal(t, []string{"job.*"}, out.Events)
	require.Equal(t, []string{"Authorization"}, out.Headers, "what is left out stays")
	e.do("POST", path+"/test", nil).problem(http.StatusConflict, domain.CodeConflict)
	e.do("PATCH", path, `{"state":"active","headers":null}`).is(http.StatusOK).into(&out)
	require.Empty(t, out.Headers)
	for _, bad := range []string{`{"state":"disabled"}`, `{"state":"deleted"}`, `{"events":[]}`, `{"url":"https://localhost"}`, `{"max_concurrency":0}`} {
		e.do("PATCH", path, bad).problem(http.StatusUnprocessableEntity, domain.CodeInvalid)
	}
	e.do("DELETE", path, nil).is(http.StatusNoContent)
	for _, gone := range []answer{e.do("GET", path, nil), e.do("DELETE", path, nil), e.do("PATCH", path, `{}`), e.do("POST", path+"/test", nil), e.do("POST", path+"/rotate-secret", `{}`)} {
		gone.problem(http.StatusNotFound, domain.CodeNotFound)
	}
}

func TestRotatingASecretKeepsTheOldOneForAWhile(t *testing.T) {
	e := newWebhookEnv(t)
	w := e.createWebhook(guideWebhook)
	path := "/api/admin/webhooks/" + w.ID.String() + "/rotate-secret"
	var out WebhookWithSecret
	e.do("POST", path, `{}`).is(http.StatusOK).into(&out)
	require.True(t, strings.HasPrefix(out.Secret, "whsec_"))
	require.WithinDuration(t, time.Now().Add(24*time.Hour), *out.PreviousSecretExpiresAt, time.Minute)
	stored, err := e.store.Endpoint(t.Context(), e.tenant.ID, w.ID)
	require.NoError(t, err)
	old, err := e.server.deps.WebhookSealer.Open(webhook.PurposeSecret, e.tenant.ID, w.ID, stored.SealedPreviousSecret)
	require.NoError(t, err)
	require.Equal(t, "webhook_secret", string(old))

	e.do("POST", path, `{"secret":"another secret","overlap_hours":0}`).is(http.StatusOK).into(&out)
	require.Equal(t, "another secret", out.Secret)
	require.Nil(t, out.PreviousSecretExpiresAt)
	e.do("POST", path, `{"overlap_hours":169}`).problem(http.StatusUnprocessableEntity, domain.CodeInvalid).names(t, "overlap_hours")
}

func TestDeliveriesAreListedWithAttemptsAndSentAgain(t *testing.T) {
	e := newWebhookEnv(t)
	w := e.createWebhook(guideWebhook)
	path := "/api/admin/webhooks/" + w.ID.String()
	var d Delivery
	e.do("POST", path+"/test", nil).is(http.StatusAccepted).into(&d)
	require.Equal(t, domain.EventWebhookTest, d.EventType)
	require.Equal(t, domain.DeliveryPending, d.State)
	require.NotNil(t, d.NextAttemptAt)
	e.do("POST", path+"/test", nil).is(http.StatusAccepted)
	var list DeliveryList
	e.do("GET", path+"/deliveries?limit=1&state=pending", nil).is(http.StatusOK).into(&list)
	require.Len(t, list.Deliveries, 1)
	require.NotEmpty(t, list.NextCursor)
	var rest DeliveryList
	e.do("GET", path+"/deliveries?limit=1&cursor="+list.NextCursor, nil).is(http.StatusOK).into(&rest)
	require.Equal(t, d.ID, rest.Deliveries[0].ID)
	require.Empty(t, rest.NextCursor)
	var again Delivery
	e.do("POST", "/api/admin/deliveries/"+d.ID.String()+"/resend", nil).is(http.StatusAccepted).into(&again)
	require.Equal(t, d.EventID, again.EventID)
	e.do("GET", path+"/deliveries?state=lost", nil).problem(http.StatusUnprocessableEntity, domain.CodeInvalid)
	e.do("POST", "/api/admin/deliveries/"+uuid.NewString()+"/resend", nil).problem(http.StatusNotFound, domain.CodeNotFound)
}

func TestWebhooksNeedTheirScopeAndBelongToOneTenant(t *testing.T) {
	e := newWebhookEnv(t)
	w := e.createWebhook(guideWebhook)
	path := "/api/admin/webhooks/" + w.ID.String()
	var d Delivery
	e.do("POST", path+"/test", nil).is(http.StatusAccepted).into(&d)
	resend := "/api/admin/deliveries/" + d.ID.String() + "/resend"
	weak, scoped := e.key(e.tenant, auth.ScopeSearch, auth.ScopeDocumentsWrite), e.key(e.tenant, auth.ScopeWebhooks)
	requests := []struct{ method, path, body string }{
		{"GET", path, ""},
		{"PATCH", path, `{}`},
		{"GET", path + "/deliveries", ""},
		{"POST", path + "/test", ""},
		{"POST", path + "/rotate-secret", `{}`},
		{"POST", resend, ""},
		{"DELETE", path, ""},
	}
	for _, r := range requests {
		var body any
		if r.body != "" {
			body = r.body
		}
		e.do(r.method, r.path, body, "X-API-Key", weak).problem(http.StatusForbidden, domain.CodePermissionDenied)
		e.do(r.method, r.path, body, "X-API-Key", e.foreign).problem(http.StatusNotFound, domain.CodeNotFound)
	}
	e.do("GET", path, nil, "X-API-Key", scoped).is(http.StatusOK)
	require.NotContains(t, string(e.do("GET", "/api/admin/webhooks", nil, "X-API-Key", e.foreign).is(http.StatusOK).body), w.ID.String())
}

func TestTheCatalogueIsListedAndSaysWhatThisServerSends(t *testing.T) {
	t.Parallel()
	emission := func(recorder SearchRecorder, how domain.SearchEmission) webhook.Emission {
		e := newEnv(t, func(d *Deps) { d.Analytics, d.SearchEvents = recorder, how })
		var list EventTypeList
		e.do("GET", "/api/admin/event-types", nil).is(http.StatusOK).into(&list)
		require.Len(t, list.EventTypes, len(webhook.Catalogue("")))
		found := slices.IndexFunc(list.EventTypes, func(row EventTypeInfo) bool { return row.Type == domain.EventSearchPerformed })
		return list.EventTypes[found].Emission
	}
	recorder := analytics.NewRecorder(nil, analytics.Options{})
	require.Equal(t, webhook.EmissionBatched, emission(recorder, domain.SearchesBatched))
	require.Equal(t, webhook.EmissionSampled, emission(recorder, domain.SearchesSampled))
	require.Equal(t, webhook.EmissionOff, emission(recorder, domain.SearchesOff))
	require.Equal(t, webhook.EmissionOff, emission(nil, domain.SearchesBatched), "what is not recorded is not told")
}

func TestWithoutAnEncryptionKeyNoWebhookIsMade(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	p := e.do("POST", "/api/admin/webhooks", guideWebhook).problem(http.StatusServiceUnavailable, domain.CodeUnavailable)
	require.Contains(t, p.Detail, "ENCRYPTION_KEY")
	e.do("GET", "/api/admin/webhooks", nil).is(http.StatusOK)
}

func TestLimitsOfAWebhookAreSetShownAndCleared(t *testing.T) {
	e := newWebhookEnv(t)
	plain := e.createWebhook(guideWebhook)
	require.Nil(t, plain.RateLimit)
	require.False(t, plain.FIFO)
	require.Nil(t, plain.Filter)
	w := e.createWebhook(`{"url":"https://example.com","events":["job.*"],"rate_limit":1000,"fifo":true,"filter":{"kind":["a","\ud800"],"failed":[0,true]}}`)
	require.Equal(t, 1000, *w.RateLimit)
	require.True(t, w.FIFO)
	path := "/api/admin/webhooks/" + w.ID.String()
	var out Webhook
	e.do("PATCH", path, `{"description":"d"}`).is(http.StatusOK).into(&out)
	require.Equal(t, 1000, *out.RateLimit, "what is left out stays")
	require.True(t, out.FIFO)
	require.Equal(t, webhookFilter{"kind": {"a", "\ufffd"}, "failed": {0.0, true}}, out.Filter)
	out = Webhook{}
	e.do("PATCH", path, `{"rate_limit":7,"fifo":false,"filter":{"state":["failed"]}}`).is(http.StatusOK).into(&out)
	require.Equal(t, 7, *out.RateLimit)
	require.False(t, out.FIFO)
	require.Equal(t, webhookFilter{"state": {"failed"}}, out.Filter)
	for field, bad := range map[string]string{"rate_limit": `{"rate_limit":0}`, "filter": `{"filter":{}}`, "fifo": `{"fifo":1}`} {
		e.do("PATCH", path, bad).problem(http.StatusUnprocessableEntity, domain.CodeInvalid).names(t, field)
	}
	out = Webhook{}
	e.do("PATCH", path, `{"rate_limit":null,"filter":null}`).is(http.StatusOK).into(&out)
	require.Nil(t, out.RateLimit)
	require.Nil(t, out.Filter)
}
