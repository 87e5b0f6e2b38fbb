package loadgen

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/webhook"
)

// webhookServer is an API that delivers events itself, in the moment they happen.
type webhookServer struct {
	t         *testing.T
	mu        sync.Mutex
	hooks     map[string]webhookOf
	attempts  map[string]int // by webhook and event, with a slash between
	documents []string
	removed   int
	// repeats sends everything twice, forgets records nothing, garbles spoils signatures.
	repeats, forgets, garbles bool
}

type webhookOf struct {
	ID     string   `json:"id"`
	URL    string   `json:"url"`
	Secret string   `json:"secret"`
	Events []string `json:"events"`
	// Description is how leftovers are found.
	Description string `json:"description"`
}

func (s *webhookServer) handler() http.Handler {
	s.hooks, s.attempts = map[string]webhookOf{}, map[string]int{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/admin/webhooks", s.list)
	mux.HandleFunc("POST /api/admin/webhooks", s.create)
	mux.HandleFunc("DELETE /api/admin/webhooks/{id}", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.hooks, r.PathValue("id"))
		s.removed++
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /api/admin/webhooks/{id}/deliveries", s.deliveries)
	mux.HandleFunc("POST /api/documents/bulk", s.bulk)
	mux.HandleFunc("GET /api/documents", s.listDocuments)
	mux.HandleFunc("GET /api/stats", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		fmt.Fprintf(w, `{"documents":{"searchable":%d}}`, len(s.documents))
	})
	mux.HandleFunc("DELETE /api/documents/{id}", func(w http.ResponseWriter, r *http.Request) {
		s.tell("document.deleted", r.PathValue("id"))
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

func (s *webhookServer) create(w http.ResponseWriter, r *http.Request) {
	var hook webhookOf
	_ = json.NewDecoder(r.Body).Decode(&hook)
	hook.ID = uuid.NewString()
	s.mu.Lock()
	s.hooks[hook.ID] = hook
	s.mu.Unlock()
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(hook)
}

func (s *webhookServer) list(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	hooks := []webhookOf{}
	for _, h := range s.hooks {
		hooks = append(hooks, h)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"webhooks": hooks})
}

func (s *webhookServer) bulk(w http.ResponseWriter, r *http.Request) {
	var body bytes.Buffer
	_, _ = body.ReadFrom(r.Body)
	n := strings.Count(body.String(), "\n")
	for range n {
		id := uuid.NewString()
		s.mu.Lock()
		s.documents = append(s.documents, id)
		s.mu.Unlock()
		s.tell("document.indexed", id)
	}
	fmt.Fprintf(w, `{"accepted":%d,"queued":%d}`, n, n)
}

func (s *webhookServer) listDocuments(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	refs := []map[string]string{}
	for _, id := range s.documents {
		refs = append(refs, map[string]string{"id": id})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"documents": refs})
}

func (s *webhookServer) deliveries(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []map[string]any{}
	for key, made := range s.attempts {
		hook, event, _ := strings.Cut(key, "/")
		if hook == r.PathValue("id") {
			out = append(out, map[string]any{"event_id": event, "state": "delivered", "attempts": make([]struct{}, made)})
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"deliveries": out})
}

// tell sends an event to the webhooks that want it, without waiting.
func (s *webhookServer) tell(event, document string) {
	id, now := uuid.NewString(), time.Now()
	body := fmt.Appendf(nil, `{"id":%q,"type":%q,"timestamp":%q,"data":{"document_id":%q}}`, id, event, now.Format(time.RFC3339Nano), document)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.hooks {
		if h.Events[0] != event {
			continue
		}
		if !s.forgets {
			s.attempts[h.ID+"/"+id]++
		}
		go s.send(h, id, now, body)
		if s.repeats {
			s.attempts[h.ID+"/"+id]++
			go s.send(h, id, now, body)
		}
	}
}

func (s *webhookServer) send(h webhookOf, id string, now time.Time, body []byte) {
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, h.URL, bytes.NewReader(body))
	if err != nil {
		return
	}
	signature := webhook.Sign([]string{h.Secret}, id, now, body)
	if s.garbles {
		signature = "v1,AAAA"
	}
	req.Header.Set("Webhook-Id", id)
	req.Header.Set("Webhook-Timestamp", strconv.FormatInt(now.Unix(), 10))
	req.Header.Set("Webhook-Signature", signature)
	if res, err := http.DefaultClient.Do(req); err == nil {
		_ = res.Body.Close()
	}
}

func TestThroughputCountsWhatCameAndWhatWasRecorded(t *testing.T) {
	t.Parallel()
	s := &webhookServer{t: t}
	c := client(t, s.handler())
	s.hooks["left"] = webhookOf{ID: "left", Description: webhookMark, Events: []string{"x"}}
	s.hooks["other"] = webhookOf{ID: "other", Events: []string{"x"}}
	res, err := Throughput(t.Context(), WebhooksOptions{Client: c, Endpoints: 3, Deliveries: 8})
	require.NoError(t, err)
	require.Equal(t, 3, res.Events)
	require.Equal(t, []int{9, 9, 9}, []int{res.Deliveries, res.Requests, res.Recorded})
	require.Positive(t, res.Rate())
	require.Len(t, s.hooks, 1, "its webhooks and those of an earlier run are removed")
	require.Contains(t, s.hooks, "other")
}

func TestThroughputCountsRepeatedRequests(t *testing.T) {
	t.Parallel()
	s := &webhookServer{t: t, repeats: true}
	res, err := Throughput(t.Context(), WebhooksOptions{Client: client(t, s.handler()), Endpoints: 2, Deliveries: 2})
	require.NoError(t, err)
	require.Equal(t, 2, res.Deliveries)
	require.Equal(t, 4, res.Recorded)
}

func TestASpoiledSignatureIsNoMeasurement(t *testing.T) {
	t.Parallel()
	s := &webhookServer{t: t, garbles: true}
	_, err := Throughput(t.Context(), WebhooksOptions{Client: client(t, s.handler()), Endpoints: 1, Deliveries: 1})
	require.ErrorContains(t, err, "signature")
	require.Empty(t, s.hooks, "and the webhooks are removed all the same")
}

func TestWebhookLatencyLeavesOutWhoHangs(t *testing.T) {
	t.Parallel()
	s := &webhookServer{t: t}
	res, err := WebhookLatency(t.Context(), WebhooksOptions{
		Client: client(t, s.handler()), Endpoints: 2, Hanging: 1, Rate: 100, Duration: 200 * time.Millisecond,
	})
	require.NoError(t, err)
	require.Equal(t, 20, res.Events)
	require.Equal(t, []int{40, 40}, []int{res.Deliveries, res.Recorded})
	require.Equal(t, int64(40), res.SinceEvent.TotalCount())
	require.Equal(t, int64(40), res.SinceAnswer.TotalCount())
	require.Less(t, res.SinceAnswer.ValueAtQuantile(50), time.Minute.Microseconds())
	require.Empty(t, s.hooks)
}
