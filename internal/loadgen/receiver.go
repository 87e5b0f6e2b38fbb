package loadgen

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/rustassistant/rustassistant/internal/webhook"
)

// receiver is a local server that webhooks are sent to, a path for each. It verifies signatures and remembers when each
// event came.
type receiver struct {
	listener net.Listener
	server   *http.Server
	// secret signs what it is sent.
	secret string
	// shut ends the requests of endpoints that hang.
	shut      chan struct{}
	endpoints []*inbox

	mu   sync.Mutex
	odd  string // the first thing that was wrong
	came chan struct{}
}

// inbox is what one endpoint was sent. One that hangs never answers.
type inbox struct {
	hangs bool

	mu       sync.Mutex
	requests int
	first    map[string]arrival // by webhook-id
}

// arrival is the first time that an event came.
type arrival struct {
	at, occurred time.Time
	documentID   string
}

// newReceiver listens on a free port of this machine. The last hanging endpoints never answer.
func newReceiver(ctx context.Context, endpoints, hanging int) (*receiver, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for webhooks: %w", err)
	}
	r := &receiver{listener: l, secret: webhook.GenerateSecret(), shut: make(chan struct{}), came: make(chan struct{}, 1)}
	for n := range endpoints {
		r.endpoints = append(r.endpoints, &inbox{hangs: n >= endpoints-hanging, first: map[string]arrival{}})
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{n}", r.receive)
	r.server = &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = r.server.Serve(l) }()
	return r, nil
}

func (r *receiver) close() {
	close(r.shut)
	_ = r.server.Close()
}

// url is where endpoint n is sent to.
func (r *receiver) url(n int) string { return fmt.Sprintf("http://%s/%d", r.listener.Addr(), n) }

func (r *receiver) receive(w http.ResponseWriter, req *http.Request) {
	at := time.Now()
	body, err := io.ReadAll(io.LimitReader(req.Body, 1<<20))
	if err != nil {
		return
	}
	n, err := strconv.Atoi(req.PathValue("n"))
	if err != nil || n < 0 || n >= len(r.endpoints) {
		r.wrong("a request came to the unknown path " + req.URL.Path)
		w.WriteHeader(http.StatusNotFound)
		return
	}
	to := r.endpoints[n]
	if to.hangs {
		select {
		case <-req.Context().Done():
		case <-r.shut:
		}
		return
	}
	id := req.Header.Get("Webhook-Id")
	if !r.signed(id, req.Header, body) {
		r.wrong("the signature of event " + id + " is not valid")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if err := to.accept(id, at, body); err != nil {
		r.wrong(err.Error())
	}
	select {
	case r.came <- struct{}{}:
	default:
	}
}

func (r *receiver) signed(id string, h http.Header, body []byte) bool {
	seconds, err := strconv.ParseInt(h.Get("Webhook-Timestamp"), 10, 64)
	if err != nil {
		return false
	}
	want := webhook.Sign([]string{r.secret}, id, time.Unix(seconds, 0), body)
	return subtle.ConstantTimeCompare([]byte(want), []byte(h.Get("Webhook-Signature"))) == 1
}

func (b *inbox) accept(id string, at time.Time, body []byte) error {
	var event struct {
		ID        string    `json:"id"`
		Timestamp time.Time `json:"timestamp"`
		Data      struct {
			DocumentID string `json:"document_id"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &event); err != nil || event.ID != id {
		return fmt.Errorf("event %s holds the id %q: %w", id, event.ID, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests++
	if _, again := b.first[id]; !again {
		b.first[id] = arrival{at: at, occurred: event.Timestamp, documentID: event.Data.DocumentID}
	}
	return nil
}

func (b *inbox) has(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, ok := b.first[id]
	return ok
}

func (b *inbox) events() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.first)
}

// forget makes what came until now count for nothing.
func (r *receiver) forget() {
	for _, b := range r.endpoints {
		b.mu.Lock()
		clear(b.first)
		b.requests = 0
		b.mu.Unlock()
	}
}

// wrong keeps the first complaint: a measurement with one is none.
func (r *receiver) wrong(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.odd == "" {
		r.odd = what
	}
	select {
	case r.came <- struct{}{}:
	default:
	}
}

func (r *receiver) complaint() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.odd == "" {
		return nil
	}
	return fmt.Errorf("the receiver was sent something odd: %s", r.odd)
}

// count says how many events and requests came to the endpoints that answer.
func (r *receiver) count() (events, requests int) {
	for _, b := range r.endpoints {
		b.mu.Lock()
		events += len(b.first)
		requests += b.requests
		b.mu.Unlock()
	}
	return events, requests
}

// quietTimeout is how long nothing may come before the rest counts as lost: longer than the first retries of what failed.
const quietTimeout = 90 * time.Second

// wait returns when that many events have come.
func (r *receiver) wait(ctx context.Context, want int) error {
	for {
		got, _ := r.count()
		if err := r.complaint(); err != nil || got >= want {
			return err
		}
		quiet := time.NewTimer(quietTimeout)
		select {
		case <-r.came:
		case <-ctx.Done():
			quiet.Stop()
			return ctx.Err()
		case <-quiet.C:
			return fmt.Errorf("%d of %d deliveries came, and then nothing for %s", got, want, quietTimeout)
		}
		quiet.Stop()
		select { // counting for each request would cost more than the requests
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// each calls fn for the first arrival of each event at endpoints that answer.
func (r *receiver) each(fn func(arrival)) {
	for _, b := range r.endpoints {
		b.mu.Lock()
		for _, a := range b.first {
			fn(a)
		}
		b.mu.Unlock()
	}
}
