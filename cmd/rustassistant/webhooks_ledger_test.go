package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/devstack"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/internal/webhook"
)

const (
	ledgerEndpoints   = 5
	ledgerConcurrency = 8
	ledgerSecret      = "webhook_secret"
	// ledgerPatience is how long nothing new may come: a killed worker's activity and lease end within a minute.
	ledgerPatience = 3 * time.Minute
)

// ledgerSize is 300 events and 4 kills, or what the environment says (make test/webhooks: 10,000 events and 15 kills).
func ledgerSize(t *testing.T) (events, kills int) {
	t.Helper()
	number := func(name string, value int) int {
		if text := os.Getenv(name); text != "" {
			n, err := strconv.Atoi(text)
			require.NoError(t, err, name)
			return n
		}
		return value
	}
	return number("TEST_LEDGER_EVENTS", 300), number("TEST_LEDGER_KILLS", 4)
}

// TestEveryEventReachesEveryEndpointWhateverIsKilled makes events while worker, server and Temporal are killed, and then
// compares what the receiver was sent with what the database says.
func TestEveryEventReachesEveryEndpointWhateverIsKilled(t *testing.T) {
	events, kills := ledgerSize(t)
	began := time.Now()
	l := newLedger(t)
	produced := make(chan struct{})
	go func() {
		defer close(produced)
		l.produce(t.Context(), events, kills)
	}()
	killed := l.killAround(kills)
	<-produced
	l.drained(events)
	l.compare(events)
	requests, distinct := l.count()
	repeated := requests - distinct
	t.Logf("%d events × %d endpoints, killed: %v; %d requests, %d repeated (%.2f %%), in %s",
		events, ledgerEndpoints, killed, requests, repeated, 100*float64(repeated)/float64(distinct), time.Since(began).Round(time.Second))
	require.LessOrEqual(t, repeated, killed["worker"]*ledgerEndpoints*ledgerConcurrency, "only what a killed worker had on its way is sent again")
	if killed["worker"]*ledgerEndpoints*ledgerConcurrency < distinct/50 { // with few events one kill is more than a percent
		require.Less(t, repeated, distinct/100, "duplicates")
	}
}

// ledger is a cluster with a Temporal of its own and a receiver that keeps count.
type ledger struct {
	*cluster
	store     *store.Store
	tenant    uuid.UUID
	temporal  func() *process
	running   map[string]*process
	endpoints []uuid.UUID

	mu       sync.Mutex
	received []map[string]*entry // by endpoint and webhook-id
	odd      []string
}

// entry is what came of one event at one endpoint.
type entry struct {
	requests int
	body     [sha256.Size]byte
}

func newLedger(t *testing.T) *ledger {
	t.Helper()
	l := &ledger{cluster: newCluster(t), running: map[string]*process{}}
	program, err := devstack.FindTemporal()
	require.NoError(t, err)
	file, port := t.TempDir()+"/temporal.db", strconv.Itoa(freePort(t))
	l.temporal = func() *process {
		return l.startProgram(program, nil, "server", "start-dev", "--headless", "--db-filename", file, "--ip", "127.0.0.1", "--port", port,
			"--log-level", "error", "--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=NORMAL")
	}
	l.env = append(l.env, "TEMPORAL_ADDRESS=127.0.0.1:"+port, "TEMPORAL_NAMESPACE=default",
		"ENCRYPTION_KEY="+base64.StdEncoding.EncodeToString(webhook.GenerateKey()),
		"WEBHOOK_ALLOW_HTTP=true", "WEBHOOK_ALLOWED_NETWORKS=127.0.0.0/8")
	l.store, err = store.Open(t.Context(), store.Options{URL: l.database(), PoolSize: 2})
	require.NoError(t, err)
	t.Cleanup(l.store.Close)
	tenant, err := l.store.EnsureTenant(t.Context(), "default", "Default")
	require.NoError(t, err)
	l.tenant = tenant.ID
	l.running["temporal"] = l.temporal()
	l.running["server"] = l.startServer()
	l.running["worker"] = l.start(nil, "worker")
	l.listen()
	return l
}

// database is the URL that the processes are given.
func (l *ledger) database() string {
	for _, v := range l.env {
		if url, ok := strings.CutPrefix(v, "DATABASE_URL="); ok {
			return url
		}
	}
	return ""
}

// listen starts the receiver and makes the endpoints.
func (l *ledger) listen() {
	l.t.Helper()
	receiver := httptest.NewServer(l.handler())
	l.t.Cleanup(receiver.Close)
	for n := range ledgerEndpoints {
		l.received = append(l.received, map[string]*entry{})
		var made struct {
			ID uuid.UUID `json:"id"`
		}
		status, err := l.call(http.MethodPost, "/api/admin/webhooks", map[string]any{
			"url": fmt.Sprintf("%s/%d", receiver.URL, n), "secret": ledgerSecret, "events": []string{"document.indexed"}, "max_concurrency": ledgerConcurrency,
		}, &made)
		require.NoError(l.t, err)
		require.Equal(l.t, http.StatusCreated, status)
		l.endpoints = append(l.endpoints, made.ID)
	}
}

func (l *ledger) handler() http.Handler {
	verifier, err := standardwebhooks.NewWebhookRaw([]byte(ledgerSecret))
	require.NoError(l.t, err)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the sender was killed in the middle
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		if err != nil || n >= len(l.received) || verifier.Verify(body, r.Header) != nil {
			l.odd = append(l.odd, fmt.Sprintf("%s %v", r.URL.Path, r.Header))
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		id, sum := r.Header.Get("Webhook-Id"), sha256.Sum256(body)
		e, again := l.received[n][id]
		if !again {
			e = &entry{body: sum}
			l.received[n][id] = e
		}
		if e.requests++; e.body != sum {
			l.odd = append(l.odd, "another body of event "+id)
		}
	})
}

// produce sends documents in batches until each was accepted, spread over the time of the kills.
func (l *ledger) produce(ctx context.Context, events, kills int) {
	batch := max(1, events/(10*kills))
	for from := 0; from < events && ctx.Err() == nil; from += batch {
		var lines bytes.Buffer
		for n := from; n < min(events, from+batch); n++ {
			fmt.Fprintf(&lines, `{"external_id":"ledger/%d","title":"Document %d","content":"The word is %s."}`+"\n", n, n, word(n))
		}
		for !l.accepted(ctx, lines.Bytes()) {
			pause(ctx, 100*time.Millisecond)
		}
		pause(ctx, 200*time.Millisecond)
	}
}

// accepted sends a batch. What was committed without an answer is unchanged the next time: no event is made twice.
func (l *ledger) accepted(ctx context.Context, lines []byte) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("http://127.0.0.1:%d/api/documents/bulk", l.port), bytes.NewReader(lines))
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	req.Header.Set("X-API-Key", l.key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return ctx.Err() != nil
	}
	defer res.Body.Close()
	return res.StatusCode < http.StatusMultipleChoices
}

// killAround kills each process in turn, in an order and at moments that nobody foresees, and starts it again.
func (l *ledger) killAround(kills int) map[string]int {
	l.t.Helper()
	start := map[string]func() *process{
		"temporal": l.temporal,
		"server":   func() *process { return l.start(nil, "server") },
		"worker":   func() *process { return l.start(nil, "worker") },
	}
	killed := map[string]int{}
	var order []string
	for range kills {
		if len(order) == 0 {
			order = []string{"worker", "server", "temporal"}
			rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		}
		name := order[0]
		order = order[1:]
		pause(l.t.Context(), time.Second+rand.N(2*time.Second))
		l.running[name].kill()
		killed[name]++
		pause(l.t.Context(), rand.N(time.Second))
		l.running[name] = start[name]()
	}
	return killed
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// count says how many requests came, and how many of them were the first of their event.
func (l *ledger) count() (requests, distinct int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, of := range l.received {
		distinct += len(of)
		for _, e := range of {
			requests += e.requests
		}
	}
	return requests, distinct
}

// drained waits until each endpoint has its events and the database says so.
func (l *ledger) drained(events int) {
	l.t.Helper()
	for last, since := -1, time.Now(); ; {
		_, distinct := l.count()
		if distinct >= events*ledgerEndpoints {
			break
		}
		if distinct > last {
			last, since = distinct, time.Now()
		}
		require.Less(l.t, time.Since(since), ledgerPatience, "%d of %d deliveries came", distinct, events*ledgerEndpoints)
		pause(l.t.Context(), 100*time.Millisecond)
	}
	l.eventually("every delivery is recorded", func() bool {
		for _, e := range l.endpoints {
			for _, state := range []domain.DeliveryState{domain.DeliveryPending, domain.DeliveryDelivering} {
				open, _, err := l.store.Deliveries(l.t.Context(), l.tenant, e, store.DeliveryFilter{State: state, Limit: 1})
				if err != nil || len(open) > 0 {
					return false
				}
			}
		}
		return true
	})
}

// compare reads every delivery: each was delivered, has its attempts, and is one that the receiver knows.
func (l *ledger) compare(events int) {
	l.t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	require.Empty(l.t, l.odd)
	for n, endpoint := range l.endpoints {
		known := map[string]bool{}
		for before := uuid.Nil; ; {
			page, attempts, err := l.store.Deliveries(l.t.Context(), l.tenant, endpoint, store.DeliveryFilter{Before: before, Limit: 1000})
			require.NoError(l.t, err)
			for _, d := range page {
				made := attempts[d.ID]
				require.Equal(l.t, domain.DeliveryDelivered, d.State)
				require.NotEmpty(l.t, made, "every attempt is recorded")
				require.Equal(l.t, http.StatusOK, made[len(made)-1].Status)
				require.Contains(l.t, l.received[n], d.EventID.String())
				known[d.EventID.String()] = true
				before = d.ID
			}
			if len(page) < 1000 {
				break
			}
		}
		require.Len(l.t, known, events, "endpoint %d has one delivery of each event", n)
		require.Len(l.t, l.received[n], events, "and was sent nothing else")
	}
}
