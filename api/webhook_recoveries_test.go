package api

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
)

func ago(d time.Duration) string { return time.Now().UTC().Add(-d).Format(time.RFC3339) }

func TestARecoveryIsCountedStartedListedAndCanceled(t *testing.T) {
	e := newWebhookEnv(t)
	e.do("POST", "/api/documents", `{"title":"t","content":"c"}`).is(http.StatusAccepted)
	w := e.createWebhook(guideWebhook)
	path := "/api/admin/webhooks/" + w.ID.String()
	var dry WebhookRecovery
	e.do("POST", path+"/recover", map[string]any{"since": ago(time.Hour), "dry_run": true}).is(http.StatusOK).into(&dry)
	require.Nil(t, dry.RecoveryID)
	require.Equal(t, RecoveryCount{Complete: true}, *dry.Counts)
	require.Empty(t, e.starter.recoveries)

	var started WebhookRecovery
	e.do("POST", path+"/recover", map[string]any{"since": ago(time.Hour)}).is(http.StatusAccepted).into(&started)
	require.Equal(t, "recover/"+e.tenant.ID.String()+"/"+w.ID.String()+"/"+started.RecoveryID.String(), started.WorkflowID)
	require.Equal(t, "http://temporal.test/"+started.WorkflowID, started.TemporalURL)
	require.Len(t, e.starter.recoveries, 1)
	e.do("POST", path+"/recover", map[string]any{"since": ago(time.Hour)}).problem(http.StatusConflict, domain.CodeConflict)

	var got Recovery
	one := path + "/recoveries/" + started.RecoveryID.String()
	e.do("GET", one, nil).is(http.StatusOK).into(&got)
	require.Equal(t, domain.RecoveryRunning, got.State)
	require.Equal(t, "test", got.RequestedByKey, "who asked for it")
	require.Equal(t, []domain.DeliveryState{domain.DeliveryExhausted, domain.DeliveryCanceled}, got.States)
	require.True(t, got.Missed)
	e.do("POST", one+"/cancel", nil).is(http.StatusAccepted).into(&got)
	require.Equal(t, domain.RecoveryCanceled, got.State)
	require.Equal(t, []string{started.WorkflowID}, e.starter.canceled)
	e.do("POST", one+"/cancel", nil).problem(http.StatusConflict, domain.CodeConflict)
	e.do("POST", path+"/recover", map[string]any{"since": ago(time.Hour), "states": []string{"delivered"}, "missed": false}).is(http.StatusAccepted)
	var list RecoveryList
	e.do("GET", path+"/recoveries?limit=1", nil).is(http.StatusOK).into(&list)
	require.Len(t, list.Recoveries, 1)
	require.False(t, list.Recoveries[0].Missed)
	var rest RecoveryList
	e.do("GET", path+"/recoveries?limit=1&cursor="+list.NextCursor, nil).is(http.StatusOK).into(&rest)
	require.Equal(t, *started.RecoveryID, rest.Recoveries[0].ID)
}

func TestTheSameIdempotencyKeyStartsOneRecovery(t *testing.T) {
	e := newWebhookEnv(t)
	w := e.createWebhook(guideWebhook)
	path := "/api/admin/webhooks/" + w.ID.String() + "/recover"
	body := fmt.Sprintf(`{"since":%q}`, ago(time.Hour))
	first := e.do("POST", path, body, "Idempotency-Key", "once").is(http.StatusAccepted)
	again := e.do("POST", path, body, "Idempotency-Key", "once").is(http.StatusAccepted)
	require.JSONEq(t, string(first.body), string(again.body))
	require.Equal(t, "true", again.header.Get("Idempotency-Replayed"))
	require.Len(t, e.starter.recoveries, 1)
	e.do("POST", path, fmt.Sprintf(`{"since":%q}`, ago(2*time.Hour)), "Idempotency-Key", "once").problem(http.StatusUnprocessableEntity, domain.CodeIdempotencyMismatch)
}

func TestRecoveriesThatCannotBeNameTheField(t *testing.T) {
	e := newWebhookEnv(t)
	w := e.createWebhook(guideWebhook)
	path := "/api/admin/webhooks/" + w.ID.String()
	for field, bodies := range map[string][]string{
		"since": {
			`{"until":"2026-01-02T03:04:05Z"}`, `{"since":""}`, `{"since":"yesterday"}`, fmt.Sprintf(`{"since":%q}`, ago(-time.Minute)), `{"since":"0001-01-01T00:00:00Z"}`,
			fmt.Sprintf(`{"since":%q}`, ago(31*24*time.Hour)),
		},
		"until":  {fmt.Sprintf(`{"since":%q,"until":%q}`, ago(time.Hour), ago(2*time.Hour)), fmt.Sprintf(`{"since":%q,"until":"x"}`, ago(time.Hour))},
		"states": {fmt.Sprintf(`{"since":%q,"states":["pending"]}`, ago(time.Hour)), fmt.Sprintf(`{"since":%q,"states":["exploded"]}`, ago(time.Hour))},
	} {
		for _, body := range bodies {
			for _, dry := range []string{"", `"dry_run":true,`} {
				e.do("POST", path+"/recover", "{"+dry+body[1:]).problem(http.StatusUnprocessableEntity, domain.CodeInvalid).names(t, field)
			}
		}
	}
	old := e.do("POST", path+"/recover", map[string]any{"since": ago(40 * 24 * time.Hour)}).is(http.StatusUnprocessableEntity)
	require.Contains(t, string(old.body), "kept for 30 days", "it says what is kept")
	var dry WebhookRecovery
	e.do("POST", path+"/recover", map[string]any{"since": ago(20 * 24 * time.Hour), "dry_run": true}).is(http.StatusOK).into(&dry)
	require.WithinDuration(t, time.Now().Add(-7*24*time.Hour), *dry.MissedSince, time.Minute, "older events without a delivery are not kept")

	_, err := e.store.ChangeEndpoint(t.Context(), e.tenant.ID, w.ID, func(e *domain.Endpoint) error { e.State = domain.EndpointDisabled; return nil })
	require.NoError(t, err)
	p := e.do("POST", path+"/recover", map[string]any{"since": ago(time.Hour)}).problem(http.StatusConflict, domain.CodeConflict)
	require.Contains(t, p.Detail, "make it active first")
	e.do("DELETE", path, nil).is(http.StatusNoContent)
	e.do("POST", path+"/recover", map[string]any{"since": ago(time.Hour)}).problem(http.StatusNotFound, domain.CodeNotFound)
	e.do("POST", path+"/recover", map[string]any{"since": ago(time.Hour), "dry_run": true}).problem(http.StatusNotFound, domain.CodeNotFound)
	for _, id := range []string{uuid.NewString(), "x"} {
		e.do("GET", path+"/recoveries/"+id, nil).problem(http.StatusNotFound, domain.CodeNotFound)
	}
	require.Empty(t, e.starter.recoveries)
}

func TestRecoveriesAndStatisticsBelongToOneTenant(t *testing.T) {
	e := newWebhookEnv(t)
	w := e.createWebhook(guideWebhook)
	path := "/api/admin/webhooks/" + w.ID.String()
	var started WebhookRecovery
	e.do("POST", path+"/recover", map[string]any{"since": ago(time.Hour)}).is(http.StatusAccepted).into(&started)
	foreign := e.key(e.other, auth.ScopeWebhooks)
	for _, c := range []struct{ method, path string }{
		{"GET", path + "/recoveries/" + started.RecoveryID.String()},
		{"POST", path + "/recoveries/" + started.RecoveryID.String() + "/cancel"},
		{"GET", path + "/stats"},
	} {
		e.do(c.method, c.path, nil, "X-API-Key", foreign).problem(http.StatusNotFound, domain.CodeNotFound)
	}
	e.do("POST", path+"/recover", map[string]any{"since": ago(time.Hour)}, "X-API-Key", foreign).problem(http.StatusNotFound, domain.CodeNotFound)
}

func TestADeliveryIsFoundByItsIDAndCounted(t *testing.T) {
	e := newWebhookEnv(t)
	w := e.createWebhook(guideWebhook)
	path := "/api/admin/webhooks/" + w.ID.String()
	var d, got Delivery
	e.do("POST", path+"/test", nil).is(http.StatusAccepted).into(&d)
	e.do("GET", "/api/admin/deliveries/"+d.ID.String(), nil).is(http.StatusOK).into(&got)
	require.Equal(t, d, got)
	e.do("GET", "/api/admin/deliveries/"+uuid.NewString(), nil).problem(http.StatusNotFound, domain.CodeNotFound)
	var st WebhookStats
	e.do("GET", path+"/stats", nil).is(http.StatusOK).into(&st)
	require.Equal(t, int64(1), st.Pending)
	require.Zero(t, st.Attempts)
	require.Nil(t, st.SuccessRate)
	require.NotNil(t, st.NextAttemptAt)
	require.NotNil(t, st.OldestPendingSecs)
	for _, hours := range []string{"0", "169", "x"} {
		e.do("GET", path+"/stats?hours="+hours, nil).problem(http.StatusUnprocessableEntity, domain.CodeInvalid)
	}
}
