package search

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/cache"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index"
)

// source is an index.Source in memory: what the store is for a Manager.
type source struct {
	mu      sync.Mutex
	tenants map[uuid.UUID]*index.State
	bytes   map[uuid.UUID][]byte
	// down makes every call fail, as when the database is away; broken only the
	// reading of segments.
	down, broken atomic.Bool
	polls        atomic.Int64
}

var errDown = errors.New("password authentication failed for host 10.0.0.1")

func newSource() *source {
	return &source{tenants: map[uuid.UUID]*index.State{}, bytes: map[uuid.UUID][]byte{}}
}

// commit adds documents in a segment of their own and returns the new generation.
func (s *source) commit(t testing.TB, tenant uuid.UUID, docs ...index.Document) uint64 {
	t.Helper()
	b := index.NewBuilder(index.Options{})
	for _, d := range docs {
		require.NoError(t, b.Add(d))
	}
	data, meta, err := b.Bytes()
	require.NoError(t, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.tenants[tenant]
	if state == nil {
		state = &index.State{}
		s.tenants[tenant] = state
	}
	state.Generation++
	ref := index.SegmentRef{
		ID: uuid.New(), Bytes: meta.Bytes, Checksum: meta.Checksum, Docs: meta.Docs, Chunks: meta.Chunks,
		AppliedGeneration: state.Generation,
	}
	state.Segments = append(state.Segments, ref)
	s.bytes[ref.ID] = data
	return state.Generation
}

// remove hides all versions of a document and returns the new generation.
func (s *source) remove(tenant, document uuid.UUID) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := s.tenants[tenant]
	state.Generation++
	state.Tombstones = append(state.Tombstones, index.Tombstone{DocumentID: document, Version: 1 << 40, Generation: state.Generation})
	return state.Generation
}

func (s *source) IndexState(_ context.Context, tenant uuid.UUID, since uint64) (index.State, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down.Load() {
		return index.State{}, errDown
	}
	state := s.tenants[tenant]
	if state == nil {
		return index.State{}, domain.NotFound("tenant")
	}
	out := index.State{Generation: state.Generation, Model: state.Model, Segments: append([]index.SegmentRef(nil), state.Segments...)}
	for _, t := range state.Tombstones {
		if t.Generation > since {
			out.Tombstones = append(out.Tombstones, t)
		}
	}
	return out, nil
}

func (s *source) ReadVectors(ctx context.Context, tenant, vectors uuid.UUID, w io.Writer) error {
	return s.ReadSegment(ctx, tenant, vectors, w)
}

func (s *source) ReadModel(ctx context.Context, tenant, model uuid.UUID, w io.Writer) error {
	return s.ReadSegment(ctx, tenant, model, w)
}

func (s *source) ReadSegment(_ context.Context, _, segment uuid.UUID, w io.Writer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down.Load() || s.broken.Load() {
		return errDown
	}
	_, err := w.Write(s.bytes[segment])
	return err
}

func (s *source) generations(_ context.Context, tenants []uuid.UUID) (map[uuid.UUID]uint64, error) {
	s.polls.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down.Load() {
		return nil, errDown
	}
	out := map[uuid.UUID]uint64{}
	for _, t := range tenants {
		if state := s.tenants[t]; state != nil {
			out[t] = state.Generation
		}
	}
	return out, nil
}

// world is a service over a real index and a real cache in memory.
type world struct {
	*Service
	source *source
	tenant uuid.UUID
}

func newWorld(t testing.TB, deps Deps, options cache.Options) *world {
	t.Helper()
	w := &world{source: newSource(), tenant: uuid.New()}
	w.source.commit(t, w.tenant, document("Async in Rust", "Rust async patterns: futures, tasks and executors."))
	manager, err := index.NewManager(w.source, index.ManagerOptions{CacheDir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(manager.Close)
	deps.Index = manager
	deps.Cache = cache.New(options)
	t.Cleanup(deps.Cache.Close)
	deps.Generations = w.source.generations
	deps.Logger = slog.New(slog.DiscardHandler)
	w.Service = NewService(deps)
	return w
}

// run starts Run and ends it with the test.
func (w *world) run(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
}

func document(title, content string) index.Document {
	return index.Document{
		ID: uuid.Must(uuid.NewV7()), Version: 1, Title: title, DocType: "guide", Tags: []string{"rust"},
		Metadata: []byte(`{"lang":"en","year":2026}`), CreatedAt: time.Now().UnixMilli(), UpdatedAt: time.Now().UnixMilli(),
		Chunks: []index.Chunk{{Ordinal: 0, Heading: "Intro", Content: content}},
	}
}

// coverage is what vectors cover, in an answer.
type coverage struct {
	Model   string `json:"model"`
	Covered int    `json:"covered"`
	Chunks  int    `json:"chunks"`
}

// body is the JSON of an answer as a client reads it.
type body struct {
	QueryID    uuid.UUID `json:"query_id"`
	Query      string    `json:"query"`
	Took       *float64  `json:"execution_time_ms"`
	Cached     bool      `json:"cached"`
	Stale      bool      `json:"stale"`
	Type       string    `json:"type"`
	AnsweredBy string    `json:"answered_by"`
	Notice     string    `json:"notice"`
	Results    []struct {
		DocumentID   uuid.UUID       `json:"document_id"`
		ExternalID   string          `json:"external_id"`
		ChunkID      string          `json:"chunk_id"`
		Title        string          `json:"title"`
		Heading      string          `json:"heading"`
		Content      string          `json:"content"`
		Score        float64         `json:"score"`
		ScoreDetails json.RawMessage `json:"score_details"`
		DocType      string          `json:"doc_type"`
		Tags         []string        `json:"tags"`
		Metadata     map[string]any  `json:"metadata"`
		SourceURL    string          `json:"source_url"`
		SourceType   string          `json:"source_type"`
		RepoID       string          `json:"repo_id"`
		Language     string          `json:"language"`
		CreatedAt    time.Time       `json:"created_at"`
		UpdatedAt    time.Time       `json:"updated_at"`
		Highlights   []struct {
			Text    string   `json:"text"`
			Start   int      `json:"start"`
			Matches [][2]int `json:"matches"`
		} `json:"highlights"`
	} `json:"results"`
	Total      int       `json:"total_results"`
	Relation   string    `json:"total_relation"`
	NextCursor *string   `json:"next_cursor"`
	Generation uint64    `json:"generation"`
	Vectors    *coverage `json:"vectors"`
}

func read(t testing.TB, a *Answer) (b body) {
	t.Helper()
	data := a.AppendJSON(nil)
	require.LessOrEqual(t, len(data), a.Size())
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	require.NoError(t, dec.Decode(&b), "%s", data)
	require.Equal(t, a.QueryID, b.QueryID)
	require.Len(t, b.Results, a.Results)
	require.EqualValues(t, a.Total, b.Total)
	require.NotNil(t, b.Took)
	return b
}

func (w *world) ask(t testing.TB, request string) (*Answer, body) {
	t.Helper()
	a, err := w.Search(t.Context(), w.tenant, decode(t, request), Options{})
	require.NoError(t, err)
	return a, read(t, a)
}
