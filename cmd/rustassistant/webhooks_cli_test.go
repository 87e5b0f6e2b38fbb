package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/webhook"
)

func TestWebhooksAreListedMadeAndTheirDeliveriesShown(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t).
		on("GET /api/admin/webhooks", 200, `{"webhooks":[{"id":"w1","url":"https://a.example/\u001b[2J","events":["*"],"state":"disabled","disabled_reason":"gone"}]}`).
		on("POST /api/admin/webhooks", 201, `{"id":"w2","secret":"whsec_x"}`).
		on("GET /api/admin/webhooks/w1/deliveries", 200, `{"deliveries":[{"id":"d1","event_type":"job.failed","state":"exhausted","last_error":"timeout",
			"attempts":[{"number":1,"status":503,"error_code":"status","duration_ms":7}]}],"next_cursor":"more"}`)
	out, _, err := api.run("webhooks", "list")
	require.NoError(t, err)
	require.Contains(t, out, "w1  disabled gone  https://a.example/")
	require.NotContains(t, out, "\x1b")
	out, _, err = api.run("webhooks", "create", "https://b.example", "--events", "document.*,job.failed", "--tenant", "acme")
	require.NoError(t, err)
	require.Contains(t, out, "whsec_x")
	last := api.requests()[len(api.requests())-1]
	require.JSONEq(t, `{"url":"https://b.example","events":["document.*","job.failed"]}`, last.body)
	require.Equal(t, "acme", last.header.Get("X-Tenant"))
	out, _, err = api.run("webhooks", "deliveries", "w1", "--state", "exhausted", "--limit", "1")
	require.NoError(t, err)
	require.Contains(t, out, "503 status")
	require.Contains(t, api.requests()[len(api.requests())-1].what, "state=exhausted")
	out, _, err = api.run("webhooks", "list", "--json")
	require.NoError(t, err)
	require.True(t, json.Valid([]byte(out)), out)
}

func TestATestThatIsNotDeliveredIsAnError(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t).
		on("POST /api/admin/webhooks/w1/test", 202, `{"id":"d1","state":"pending"}`).
		on("GET /api/admin/deliveries/d1", 200, `{"id":"d1","state":"delivering"}`).
		on("GET /api/admin/deliveries/d1", 200, `{"id":"d1","state":"exhausted","attempts":[{"number":1,"error_code":"connection_refused"}]}`)
	out, _, err := api.run("webhooks", "test", "w1")
	require.ErrorContains(t, err, "the test event is exhausted")
	require.Contains(t, out, "connection_refused")
}

func TestRecoverCountsOrFollowsToTheEnd(t *testing.T) {
	t.Parallel()
	const path = " /api/admin/webhooks/w1/recover"
	api := newFakeAPI(t).
		on("POST"+path, 200, `{"counts":{"exhausted":3,"canceled":2,"missed":5,"total":10,"complete":false}}`).
		on("POST"+path, 202, `{"recovery_id":"r1","workflow_id":"recover/x"}`).
		on("GET /api/admin/webhooks/w1/recoveries/r1", 200, `{"state":"running","resent":1,"waits_for":"receiver"}`).
		on("GET /api/admin/webhooks/w1/recoveries/r1", 200, `{"state":"completed","resent":5,"created":5}`)
	out, _, err := api.run("webhooks", "recover", "w1", "--since", "24h", "--dry-run")
	require.NoError(t, err)
	require.Contains(t, out, "at least 10")
	out, _, err = api.run("webhooks", "recover", "w1", "--since", "2026-01-02T03:04:05Z", "--until", "2026-01-02T04:00:00Z", "--state", "delivered", "--no-missed")
	require.NoError(t, err)
	require.Equal(t, "running: 1 due again, 0 made for missed events, waits for the receiver\ncompleted: 5 due again, 5 made for missed events\n", out)
	asked := api.requests()
	require.Contains(t, asked[0].body, `"dry_run":true`)
	require.JSONEq(t, `{"since":"2026-01-02T03:04:05Z","until":"2026-01-02T04:00:00Z","states":["delivered"],"missed":false,"dry_run":false}`,
		strings.Replace(asked[1].body, `}`, `,"dry_run":false}`, 1))
	require.NotEmpty(t, asked[1].header.Get("Idempotency-Key"), "a lost answer starts no second one")
	for _, args := range [][]string{{"recover", "w1"}, {"recover", "w1", "--since", "yesterday"}, {"replay"}, {"replay", "d1", "--endpoint", "w1"}} {
		_, _, err = api.run(append([]string{"webhooks"}, args...)...)
		require.Error(t, err, args)
	}
	require.Len(t, api.requests(), len(asked), "what is wrong is not sent")
}

func TestReplaySendsDeliveriesOrARangeAgain(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t).
		on("POST /api/admin/deliveries/d1/resend", 202, `{"id":"d1","event_id":"e1","state":"pending"}`).
		on("POST /api/admin/deliveries/d2/resend", 409, `{"code":"conflict","detail":"the delivery is being sent right now"}`).
		on("GET /api/admin/deliveries/d1", 200, `{"id":"d1","state":"exhausted"}`).
		on("POST /api/admin/webhooks/w1/recover", 202, `{"recovery_id":"r1","workflow_id":"recover/x"}`)
	out, _, err := api.run("webhooks", "replay", "d1")
	require.NoError(t, err)
	require.Contains(t, out, "e1")
	_, _, err = api.run("webhooks", "replay", "d1", "d2")
	require.ErrorContains(t, err, "delivery d2")
	_, _, err = api.run("webhooks", "replay", "d1", "--dry-run")
	require.NoError(t, err)
	out, _, err = api.run("webhooks", "replay", "--endpoint", "w1", "--since", "1h", "--detach")
	require.NoError(t, err)
	require.Contains(t, out, "recover/x")
}

// commandOutput is written by a command while a test reads it.
type commandOutput struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *commandOutput) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *commandOutput) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// listen runs the command until stop is called, which returns its error.
func listen(t *testing.T, args ...string) (address string, out *commandOutput, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out = &commandOutput{}
	errOut := &commandOutput{}
	root := newRootCommand()
	root.SetOut(out)
	root.SetErr(errOut)
	root.SetArgs(append([]string{"webhooks", "listen", "--port", "0"}, args...))
	ended := make(chan error, 1)
	go func() { ended <- root.ExecuteContext(ctx) }()
	find := regexp.MustCompile(`http://127\.0\.0\.1:\d+/`)
	require.Eventually(t, func() bool {
		address = find.FindString(errOut.String())
		return address != ""
	}, 10*time.Second, 10*time.Millisecond, "it listens")
	return address, out, func() error { cancel(); return <-ended }
}

// send sends an event as the product's own sender does.
func sendEvent(t *testing.T, address, secret string, id uuid.UUID) webhook.Outcome {
	t.Helper()
	s := webhook.NewSender(webhook.Development())
	defer s.Close()
	return s.Send(t.Context(), webhook.Message{
		URL: address, Secrets: []string{secret}, Event: webhook.Event{ID: id, Type: "document.indexed", OccurredAt: time.Now(), Data: json.RawMessage(`{"version":1}`)},
	})
}

func TestListenVerifiesPrintsAndMarksDuplicates(t *testing.T) {
	t.Parallel()
	address, out, stop := listen(t, "--secret", "webhook_secret", "--body")
	id := uuid.New()
	for range 2 {
		o := sendEvent(t, address, "webhook_secret", id)
		require.Equal(t, http.StatusOK, o.Status)
	}
	forged := sendEvent(t, address, "another_secret", uuid.New())
	require.Equal(t, http.StatusUnauthorized, forged.Status)
	res, err := http.Get(address)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusMethodNotAllowed, res.StatusCode)
	require.NoError(t, stop())
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 6)
	require.Regexp(t, id.String()+`  document\.indexed +first +verified$`, lines[0])
	require.Contains(t, lines[1], `"version":1`)
	require.Regexp(t, `request 2 +verified$`, lines[2])
	require.Contains(t, lines[4], "NOT VERIFIED")
}

func TestListenCanFailAndPassOn(t *testing.T) {
	t.Parallel()
	address, _, stop := listen(t, "--secret", "webhook_secret", "--status", "503", "--delay", "10ms")
	o := sendEvent(t, address, "webhook_secret", uuid.New())
	require.Equal(t, http.StatusServiceUnavailable, o.Status)
	require.GreaterOrEqual(t, o.Duration, 10*time.Millisecond)
	require.NoError(t, stop())

	var got http.Header
	var body []byte
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusTeapot)
	}))
	t.Cleanup(behind.Close)
	address, out, stop := listen(t, "--secret", "webhook_secret", "--forward", behind.URL)
	o = sendEvent(t, address, "webhook_secret", uuid.New())
	require.Equal(t, http.StatusTeapot, o.Status)
	require.NotEmpty(t, got.Get("Webhook-Signature"), "it can be verified there, too")
	require.Contains(t, string(body), "document.indexed")
	require.Contains(t, out.String(), "answered 418")
	require.NoError(t, stop())
}

func TestListenMakesAWebhookAndRemovesIt(t *testing.T) {
	t.Parallel()
	secret := webhook.GenerateSecret()
	api := newFakeAPI(t).
		on("POST /api/admin/webhooks", 201, `{"id":"w1","secret":"`+secret+`"}`).
		on("DELETE /api/admin/webhooks/w1", 204, "")
	address, out, stop := listen(t, "--events", "document.*", "--server", api.url, "--api-key", "k")
	require.Contains(t, api.requests()[0].body, address)
	require.Contains(t, api.requests()[0].body, `"document.*"`)
	o := sendEvent(t, address, secret, uuid.New())
	require.Equal(t, http.StatusOK, o.Status)
	require.Contains(t, out.String(), "verified")
	require.NoError(t, stop())
	require.Equal(t, "DELETE /api/admin/webhooks/w1", api.requests()[1].what, "also when it was interrupted")
}
