package openai_test

import (
	"encoding/json"
	"hash/fnv"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/embed/openai"
)

const (
	canaryKey  = "sk-canary-4711"
	canaryText = "canary text of a document"
	testDims   = 8
)

// server is an embeddings server on loopback. behave, when set, may answer a
// request itself and return true.
type server struct {
	*httptest.Server
	t      *testing.T
	behave func(w http.ResponseWriter, r *http.Request, in *asked) bool

	mu     sync.Mutex
	asked  []asked
	ledger map[string]int // how often a text was answered, and so paid for
	logs   strings.Builder
}

type asked struct {
	Model      string   `json:"model"`
	Input      []string `json:"input"`
	Dimensions int      `json:"dimensions"`
	at         time.Time
	key        string
	number     int
}

func newServer(t *testing.T, behave func(w http.ResponseWriter, r *http.Request, in *asked) bool) *server {
	t.Helper()
	s := &server{t: t, behave: behave, ledger: map[string]int{}}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	var in asked
	if r.Method != http.MethodPost || r.URL.Path != "/v1/embeddings" || json.NewDecoder(r.Body).Decode(&in) != nil {
		http.Error(w, "no such thing", http.StatusNotFound)
		return
	}
	in.at, in.key = time.Now(), r.Header.Get("Authorization")
	s.mu.Lock()
	s.asked = append(s.asked, in)
	in.number = len(s.asked)
	s.mu.Unlock()
	if s.behave != nil && s.behave(w, r, &in) {
		return
	}
	s.answer(w, &in)
}

// answer is the proper answer; the texts are paid for.
func (s *server) answer(w http.ResponseWriter, in *asked) {
	s.mu.Lock()
	for _, text := range in.Input {
		s.ledger[text]++
	}
	s.mu.Unlock()
	dims := testDims
	if in.Dimensions > 0 {
		dims = in.Dimensions
	}
	items := make([]any, len(in.Input))
	for i, text := range in.Input {
		items[i] = item(i, vectorOf(text, dims))
	}
	reply(w, items)
}

func item(index int, vector any) map[string]any {
	return map[string]any{"object": "embedding", "index": index, "embedding": vector}
}

func reply(w http.ResponseWriter, items []any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"object": "list", "data": items, "usage": map[string]int{"total_tokens": 3 * len(items)}})
}

// vectorOf is deterministic and not of length 1.
func vectorOf(text string, dims int) []float32 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text))
	x := h.Sum64()
	v := make([]float32, dims)
	for i := range v {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		v[i] = float32(int64(x)) / math.MaxInt64 * 3
	}
	return v
}

func (s *server) requests() []asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]asked(nil), s.asked...)
}

// paid returns how often each text was answered.
func (s *server) paid() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]int{}
	for k, v := range s.ledger {
		out[k] = v
	}
	return out
}

// Write takes the client's log lines.
func (s *server) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logs.Write(p)
}

func (s *server) logged() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logs.String()
}

func (s *server) options() openai.Options {
	return openai.Options{
		BaseURL: s.URL + "/v1", APIKey: canaryKey, Spec: openai.Spec{Model: "m"}, Timeout: 5 * time.Second,
		QueryTimeout: time.Second, Logger: slog.New(slog.NewTextHandler(s, nil)),
	}
}

func (s *server) client(change func(*openai.Options)) *openai.Client {
	s.t.Helper()
	o := s.options()
	if change != nil {
		change(&o)
	}
	c, err := openai.New(o)
	require.NoError(s.t, err)
	s.t.Cleanup(c.Close)
	return c
}

func (s *server) model(change func(*openai.Options)) *openai.Model {
	c := s.client(change)
	return c.Model(c.Spec(), testDims)
}

// failure runs one document through the model and returns how it fails. Whatever
// it says, neither the key nor the text is in it.
func (s *server) failure(m *openai.Model) *openai.Error {
	s.t.Helper()
	_, err := m.EmbedDocuments(s.t.Context(), []string{canaryText})
	require.Error(s.t, err)
	for _, text := range []string{err.Error(), s.logged()} {
		require.NotContains(s.t, text, "canary")
		require.NotContains(s.t, text, s.Listener.Addr().String())
	}
	var e *openai.Error
	require.ErrorAs(s.t, err, &e)
	return e
}

func requireUnit(t *testing.T, v []float32) {
	t.Helper()
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	require.InDelta(t, 1, sum, 1e-5)
}
