package worker_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/embed/openai"
	"github.com/rustassistant/rustassistant/internal/embed/registry"
	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/internal/telemetry"
	"github.com/rustassistant/rustassistant/internal/testenv"
	"github.com/rustassistant/rustassistant/worker"
	"github.com/rustassistant/rustassistant/workflows"
)

// semantic is a worker with embeddings on a database and a namespace of its own.
type semantic struct {
	*product
	workflows *workflows.Client
	models    *registry.Registry
	index     *index.Manager
	run       func(models *registry.Registry)
}

func newSemantic(t *testing.T, models func(*store.Store) *registry.Registry) *semantic {
	t.Helper()
	t.Parallel()
	s, err := store.Open(t.Context(), store.Options{URL: testenv.DatabaseURL(t), PoolSize: 16})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	address, namespace := testenv.TemporalNamespace(t)
	c, err := client.Dial(client.Options{HostPort: address, Namespace: namespace, Identity: "recorder"})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	tenant, err := s.CreateTenant(t.Context(), "acme", "Acme")
	require.NoError(t, err)
	p := &semantic{
		product:   &product{Store: s, t: t, temporal: c, tenant: tenant.ID, stop: func() {}},
		workflows: workflows.NewClient(c, namespace, ""),
	}
	p.run = func(models *registry.Registry) {
		p.stop()
		p.models = models
		m, err := index.NewManager(s, index.ManagerOptions{CacheDir: t.TempDir(), OpenModel: models.OpenModel})
		require.NoError(t, err)
		p.index = m
		ctx, cancel := context.WithCancel(context.Background())
		var gone sync.WaitGroup
		gone.Go(func() {
			_ = worker.Run(ctx, worker.Options{
				Temporal: c, Workflows: p.workflows, Store: s, Index: m, Models: models, Metrics: telemetry.NewMetrics("test", ""),
				WorkDir: t.TempDir(), Slots: 2, StopTimeout: 2 * time.Second,
			})
		})
		p.stop = func() { cancel(); gone.Wait(); m.Close(); p.stop = func() {} }
	}
	t.Cleanup(func() { p.stop() })
	// Tests start workflows before the worker has come so far.
	require.NoError(t, p.workflows.EnsureSearchAttributes(t.Context()))
	p.run(models(s))
	return p
}

// index accepts documents and waits until they are committed.
func (p *semantic) accept(docs ...domain.DocumentInput) {
	p.t.Helper()
	r, err := p.Ingest(p.t.Context(), p.tenant, store.IngestOptions{}, func(in *store.Ingest) (store.Reply, error) {
		_, err := in.Add(p.t.Context(), docs)
		return store.Reply{}, err
	})
	require.NoError(p.t, err)
	require.NoError(p.t, p.workflows.StartJob(p.t.Context(), *r.Job))
	p.eventually("the documents are indexed", func() bool {
		j, err := p.Job(p.t.Context(), p.tenant, r.Job.ID)
		return err == nil && j.State == domain.JobCompleted
	})
}

func (p *semantic) state() store.Embeddings {
	all, err := p.Embeddings(p.t.Context(), p.tenant)
	require.NoError(p.t, err)
	return all
}

func (p *semantic) answers(what string, condition func(store.Embeddings) bool) {
	p.t.Helper()
	require.Eventually(p.t, func() bool { return condition(p.state()) }, 2*patience, 50*time.Millisecond, what)
}

// train starts a training, unless the sweep, which has seen the new configuration,
// was faster.
func (p *semantic) train() {
	p.t.Helper()
	err := p.workflows.TrainEmbeddings(p.t.Context(), p.tenant, "a test")
	require.True(p.t, err == nil || domain.CodeOf(err) == domain.CodeConflict, "%v", err)
}

// covered waits until the active model has seen every chunk.
func (p *semantic) covered() {
	p.t.Helper()
	p.answers("every chunk has a vector", func(e store.Embeddings) bool {
		if e.Active() == nil {
			return false
		}
		c, err := p.VectorsCoverage(p.t.Context(), p.tenant, e.Active().ID)
		return err == nil && c.Pending == 0 && c.Chunks > 0
	})
}

// search returns the external ids that a query finds, and whether vectors answered.
func (p *semantic) search(mode index.Mode, query string) (ids []string, byVectors bool) {
	p.t.Helper()
	require.NoError(p.t, p.index.Refresh(p.t.Context(), p.tenant))
	s, err := p.index.Snapshot(p.t.Context(), p.tenant)
	require.NoError(p.t, err)
	defer s.Release()
	r := index.Request{Query: query, Limit: 10, Mode: mode}
	if ref, m := s.Model(); m != nil && mode != index.ModeKeyword {
		if r.Vector, err = p.models.EmbedQuery(p.t.Context(), p.tenant, ref, m, query); err != nil {
			r.Mode = index.ModeKeyword
		}
	}
	out, err := s.Search(p.t.Context(), r)
	require.NoError(p.t, err)
	for _, h := range out.Hits {
		ids = append(ids, h.ExternalID)
	}
	return ids, out.Vectors.Used
}

// vectorsAnswer waits until vectors answer: queries fail fast until a probe has
// found a provider back.
func (p *semantic) vectorsAnswer(what string) {
	p.t.Helper()
	require.Eventually(p.t, func() bool {
		ids, used := p.search(index.ModeSemantic, "automobile")
		return used && len(ids) > 0
	}, patience, 50*time.Millisecond, what)
}

// topics are words that occur together; no two topics share one.
var topics = [][]string{
	{"car", "automobile", "engine", "wheel", "driver", "motorway", "gearbox", "brake"},
	{"bread", "flour", "oven", "yeast", "bakery", "dough", "crust", "loaf"},
	{"ocean", "wave", "sailor", "harbour", "anchor", "tide", "vessel", "mast"},
	{"violin", "orchestra", "melody", "concert", "cello", "conductor", "symphony", "rehearsal"},
	{"forest", "oak", "squirrel", "moss", "trail", "canopy", "fern", "timber"},
}

// corpus is n documents. In document n, one word of its topic is missing: it is
// found by that word only by meaning.
func corpus(from, n int) []domain.DocumentInput {
	docs := make([]domain.DocumentInput, n)
	for i := range docs {
		k := from + i
		topic := topics[k%len(topics)]
		words := make([]string, 0, 12)
		for j := range 12 {
			if w := topic[(k/len(topics)+j*3)%len(topic)]; w != topic[k/len(topics)%len(topic)] {
				words = append(words, w)
			}
		}
		docs[i] = domain.DocumentInput{ExternalID: fmt.Sprintf("doc-%d", k), Title: fmt.Sprintf("note%d", k), Content: strings.Join(words, " ")}
	}
	return docs
}

func builtin(*store.Store) *registry.Registry { return registry.Builtin() }

func TestATenantWithEnoughTextIsTrainedByItselfAndFindsSynonyms(t *testing.T) {
	p := newSemantic(t, builtin)
	p.accept(corpus(0, 300)...)
	require.Empty(t, p.state().Models, "300 passages are too few")
	p.accept(corpus(300, 300)...)
	p.answers("a model answers", func(e store.Embeddings) bool { return e.Active() != nil })
	p.covered()
	active := p.state().Active()
	require.Equal(t, int64(600), active.TrainedChunks)
	require.Equal(t, 256, active.Dimensions)
	require.NoError(t, p.temporal.GetWorkflow(t.Context(), workflows.TrainEmbeddingsID(p.tenant), "").Get(t.Context(), nil))
	p.record(workflows.TrainEmbeddingsID(p.tenant), "TrainEmbeddings", "builtin")

	p.accept(domain.DocumentInput{ExternalID: "new", Title: "garage", Content: "gearbox brake engine wheel driver motorway"})
	p.covered()
	ids, _ := p.search(index.ModeKeyword, "automobile")
	require.NotContains(t, ids, "new")
	everything := 0
	p.eventually("the new document is folded in", func() bool {
		require.NoError(t, p.index.Refresh(t.Context(), p.tenant))
		s, err := p.index.Snapshot(t.Context(), p.tenant)
		require.NoError(t, err)
		defer s.Release()
		everything = s.Stats().Vectors
		return everything == 601
	})
	ids, used := p.search(index.ModeSemantic, "automobile")
	require.True(t, used)
	require.NotEmpty(t, ids)
	for _, id := range ids {
		var n int
		if id == "new" {
			continue
		}
		_, err := fmt.Sscanf(id, "doc-%d", &n)
		require.NoError(t, err)
		require.Zero(t, n%len(topics), "%s is about something else", id)
	}
	p.recordEmbedIndex("builtin")
}

// recordEmbedIndex keeps the history of an EmbedIndex that has ended.
func (p *semantic) recordEmbedIndex(name string) {
	p.t.Helper()
	id := workflows.EmbedIndexID(p.tenant)
	require.NoError(p.t, p.temporal.GetWorkflow(p.t.Context(), id, "").Get(p.t.Context(), nil))
	p.record(id, "EmbedIndex", name)
}

func TestATenantThatHasGrownByHalfIsTrainedAgainAndCanGoBack(t *testing.T) {
	p := newSemantic(t, builtin)
	p.accept(corpus(0, 500)...)
	p.answers("a model answers", func(e store.Embeddings) bool { return e.Active() != nil })
	first := p.state().Active().ID
	p.accept(corpus(500, 240)...)
	require.Nil(t, p.state().Target(), "740 passages are not half more")
	p.accept(corpus(740, 20)...)
	p.answers("another model answers", func(e store.Embeddings) bool { return e.Active().ID != first && e.Target() == nil })
	p.covered()
	all := p.state()
	require.Equal(t, first, all.Previous().ID)
	require.Equal(t, int64(760), all.Active().TrainedChunks)

	back, _, err := p.RollBack(t.Context(), p.tenant)
	require.NoError(t, err)
	require.Equal(t, first, back.ID)
	require.NoError(t, p.workflows.RequestVectors(t.Context(), p.tenant))
	p.covered()
	_, used := p.search(index.ModeSemantic, "automobile")
	require.True(t, used)
	p.accept(corpus(760, 20)...)
	require.Nil(t, p.state().Target(), "what was taken back does not come again by itself")
}

// ledger is an OpenAI-compatible server that writes down what it is asked.
type ledger struct {
	*httptest.Server
	mu     sync.Mutex
	down   bool
	dims   int
	asked  map[string]int // by model and text
	failed int
}

func newLedger(t *testing.T) *ledger {
	t.Helper()
	l := &ledger{asked: map[string]int{}, dims: 8}
	l.Server = httptest.NewServer(http.HandlerFunc(l.serve))
	t.Cleanup(l.Close)
	return l
}

func (l *ledger) serve(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Model string   `json:"model"`
		Input []string `json:"input"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		l.failed++
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	type item struct {
		Index     int       `json:"index"`
		Embedding []float32 `json:"embedding"`
	}
	out := struct {
		Data []item `json:"data"`
	}{}
	for i, text := range in.Input {
		l.asked[in.Model+"\x00"+text]++
		out.Data = append(out.Data, item{i, l.vector(text)})
	}
	_ = json.NewEncoder(w).Encode(out)
}

// vector is the topics of a text.
func (l *ledger) vector(text string) []float32 {
	v := make([]float32, l.dims)
	v[7] = 0.01
	for n, topic := range topics {
		for _, word := range topic {
			v[n] += float32(strings.Count(text, word))
		}
	}
	return v
}

func (l *ledger) set(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
}

// paidTwice are the documents' texts that were asked for more than once.
func (l *ledger) paidTwice() (texts []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for text, n := range l.asked {
		if n > 1 && strings.Contains(text, "note") {
			texts = append(texts, text)
		}
	}
	return texts
}

// total is how many texts of documents were paid for.
func (l *ledger) total(model string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for text := range l.asked {
		if strings.HasPrefix(text, model+"\x00") && strings.Contains(text, "note") {
			n++
		}
	}
	return n
}

func (l *ledger) provider(t *testing.T, s *store.Store, model string) *registry.Registry {
	t.Helper()
	c, err := openai.New(openai.Options{BaseURL: l.URL + "/v1", Spec: openai.Spec{Model: model}, BatchInputs: 16, Timeout: 10 * time.Second})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return registry.Server(c, s)
}

func TestAChangeOfTheModelOutlivesItsProviderAndPaysForNothingTwice(t *testing.T) {
	l := newLedger(t)
	p := newSemantic(t, func(s *store.Store) *registry.Registry { return l.provider(t, s, "small") })
	p.accept(corpus(0, 120)...)
	p.answers("the first model answers", func(e store.Embeddings) bool { return e.Active() != nil })
	p.covered()
	small := p.state().Active()
	require.Equal(t, "small", small.Name)
	_, used := p.search(index.ModeSemantic, "automobile")
	require.True(t, used)

	l.set(func() { l.down = true })
	p.run(l.provider(t, p.Store, "large"))
	p.train()
	require.Equal(t, domain.CodeConflict, domain.CodeOf(p.workflows.TrainEmbeddings(t.Context(), p.tenant, "again")))
	p.answers("the change waits for the provider", func(e store.Embeddings) bool { return e.Target() != nil && e.Target().Waiting != "" })
	p.waits("503")
	p.accept(corpus(120, 40)...)
	ids, _ := p.search(index.ModeKeyword, "automobile")
	require.NotEmpty(t, ids, "keyword search waits for nobody")
	require.Equal(t, small.ID, p.state().Active().ID)

	l.set(func() { l.down = false })
	p.eventually("some are paid for", func() bool { return l.total("large") > 0 })
	l.set(func() { l.down = true })
	failed := l.failures()
	p.run(l.provider(t, p.Store, "large")) // the worker dies in the middle, too
	p.eventually("the provider is asked again", func() bool { return l.failures() > failed || p.state().Active().ID != small.ID })
	l.set(func() { l.down = false })
	p.answers("the change is made", func(e store.Embeddings) bool { return e.Active() != nil && e.Active().Name == "large" })
	p.covered()
	require.Empty(t, l.paidTwice())
	require.Equal(t, 160, l.total("large"))
	require.NoError(t, p.temporal.GetWorkflow(t.Context(), workflows.TrainEmbeddingsID(p.tenant), "").Get(t.Context(), nil))
	p.record(workflows.TrainEmbeddingsID(p.tenant), "TrainEmbeddings", "waited")
	p.vectorsAnswer("the new model answers")

	p.accept(corpus(160, 10)...)
	p.covered()
	p.recordEmbedIndex("server")
	require.Empty(t, l.paidTwice())
}

func (l *ledger) failures() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed
}

// waits asks the workflow itself what it waits for.
func (p *semantic) waits(reason string) {
	p.t.Helper()
	p.eventually("the workflow says what it waits for", func() bool {
		value, err := p.temporal.QueryWorkflow(p.t.Context(), workflows.TrainEmbeddingsID(p.tenant), "", workflows.ProgressQuery)
		if err != nil {
			return false
		}
		var progress workflows.EmbeddingsProgress
		return value.Get(&progress) == nil && strings.Contains(progress.Waiting, reason)
	})
}

func TestAModelThatChangesItsDimensionsFailsAndTheOldOneStays(t *testing.T) {
	l := newLedger(t)
	p := newSemantic(t, func(s *store.Store) *registry.Registry { return l.provider(t, s, "small") })
	p.accept(corpus(0, 20)...)
	p.answers("the first model answers", func(e store.Embeddings) bool { return e.Active() != nil })
	p.covered()
	active := p.state().Active().ID
	l.set(func() { l.dims = 16 })
	p.accept(corpus(20, 5)...)
	p.answers("the fault is told", func(e store.Embeddings) bool { return e.Active().ErrorCode != "" })
	all := p.state()
	require.Equal(t, active, all.Active().ID)
	require.Equal(t, string(openai.CodeWrongDims), all.Active().ErrorCode)
	ids, _ := p.search(index.ModeSemantic, "automobile")
	require.NotEmpty(t, ids, "a query is answered by words")
	p.recordFailed(workflows.EmbedIndexID(p.tenant), "EmbedIndex", "wrong_dimensions")

	require.NoError(t, p.workflows.TrainEmbeddings(t.Context(), p.tenant, "take the new dimensions"))
	p.answers("the model with its new dimensions answers", func(e store.Embeddings) bool { return e.Active().ID != active && e.Target() == nil })
	require.Equal(t, 16, p.state().Active().Dimensions)
	require.Empty(t, p.state().Active().ErrorCode)
	_, used := p.search(index.ModeSemantic, "automobile")
	require.True(t, used)
}

// recordFailed keeps the history of a workflow that has failed.
func (p *semantic) recordFailed(id, workflow, name string) {
	p.t.Helper()
	require.Error(p.t, p.temporal.GetWorkflow(p.t.Context(), id, "").Get(p.t.Context(), nil))
	p.record(id, workflow, name)
}

func TestACanceledTrainingLeavesTheOldModelAndNothingOfTheNewOne(t *testing.T) {
	l := newLedger(t)
	p := newSemantic(t, func(s *store.Store) *registry.Registry { return l.provider(t, s, "small") })
	p.accept(corpus(0, 30)...)
	p.answers("the first model answers", func(e store.Embeddings) bool { return e.Active() != nil })
	p.covered()
	active := p.state().Active().ID
	l.set(func() { l.down = true })
	p.run(l.provider(t, p.Store, "large"))
	p.train()
	p.answers("it waits for the provider", func(e store.Embeddings) bool { return e.Target() != nil && e.Target().Waiting != "" })
	require.NoError(t, p.workflows.CancelTraining(t.Context(), p.tenant))
	id := workflows.TrainEmbeddingsID(p.tenant)
	require.True(t, temporal.IsCanceledError(p.temporal.GetWorkflow(t.Context(), id, "").Get(t.Context(), nil)))
	p.record(id, "TrainEmbeddings", "canceled")
	all := p.state()
	require.Equal(t, active, all.Active().ID)
	require.Nil(t, all.Target())
	require.Equal(t, domain.ModelCanceled, all.Failed().ErrorCode)
	l.set(func() { l.down = false })
	p.vectorsAnswer("the model that was configured before still answers")
	require.Empty(t, domain.EmbeddingNeed(p.models.Want(), all.Corpus, all.Models, time.Now()), "it is not started again by itself")
}

func TestATrainingWhoseWorkerDiesIsMadeByTheNextOne(t *testing.T) {
	p := newSemantic(t, builtin)
	p.accept(corpus(0, 500)...)
	p.answers("the training has begun", func(e store.Embeddings) bool { return e.Target() != nil })
	p.run(registry.Builtin())
	p.answers("a model answers", func(e store.Embeddings) bool { return e.Active() != nil })
	p.covered()
	require.NotEqual(t, uuid.Nil, p.state().Active().ID)
}

func TestTheSweepStartsTheChangeToAnotherConfiguredModel(t *testing.T) {
	l := newLedger(t)
	p := newSemantic(t, func(*store.Store) *registry.Registry { return registry.None() })
	p.accept(corpus(0, 30)...)
	require.Empty(t, p.state().Models, "no provider, no model")
	p.run(l.provider(t, p.Store, "small"))
	handle := p.temporal.ScheduleClient().GetHandle(t.Context(), "start-due-embeddings")
	p.eventually("the sweep is triggered", func() bool { return handle.Trigger(t.Context(), client.ScheduleTriggerOptions{}) == nil })
	p.answers("the model answers", func(e store.Embeddings) bool { return e.Active() != nil })
	p.covered()
	p.recordScheduled("start-due-embeddings", "StartDueEmbeddings", "swept")
}
