package search

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/cache"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index"
)

const soon = 5 * time.Second

func TestSecondSearchIsAHitWithTheSameResults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Deps{}, cache.Options{})
	request := `{"query": "rust async patterns", "type": "semantic"}`
	one, first := w.ask(t, request)
	two, second := w.ask(t, request)
	require.Equal(t, Miss, one.State)
	require.Equal(t, Hit, two.State)
	require.False(t, first.Cached)
	require.True(t, second.Cached)
	require.NotEqual(t, first.QueryID, second.QueryID, "each request has its own")
	require.Equal(t, uuid.Version(7), second.QueryID.Version())
	require.Equal(t, first.Results, second.Results)
	require.Positive(t, one.Index)
	require.Zero(t, two.Index)
	require.Equal(t, "keyword", second.AnsweredBy)
	require.Contains(t, second.Notice, "keyword")
	require.Equal(t, "semantic", second.Type)

	s := w.Stats()
	require.EqualValues(t, 1, s.Cache.Hits)
	require.EqualValues(t, 2, s.Requests)
	require.EqualValues(t, 1, s.ByType[TypeSemantic].Hits)
	require.EqualValues(t, 1, s.ByType[TypeSemantic].Misses)
}

func TestAnAnswerHasAllThatIsKnownOfAResult(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Deps{}, cache.Options{})
	d := document("Quoting \"HTML\"", "The <b>zebra</b> tag, ünïcode and a tab\there.")
	d.ExternalID, d.SourceURL, d.SourceType, d.RepoID, d.Language = "ext", "https://example.com/?a=1&b=2", "web", "r", "en"
	w.source.commit(t, w.tenant, d)
	a, b := w.ask(t, `{"query": "zebra", "type": "keyword", "explain": true}`)
	require.Empty(t, b.AnsweredBy)
	require.Empty(t, b.Notice)
	require.Equal(t, 1, b.Total)
	require.Equal(t, "eq", b.Relation)
	require.Nil(t, b.NextCursor)
	require.False(t, a.TotalIsLowerBound)
	r := b.Results[0]
	require.Equal(t, d.ID, r.DocumentID)
	require.Equal(t, d.ID.String()+"-0", r.ChunkID)
	require.Equal(t, []string{d.Title, d.Chunks[0].Content, "Intro", "ext", d.SourceURL, "web", "r", "guide", "en"},
		[]string{r.Title, r.Content, r.Heading, r.ExternalID, r.SourceURL, r.SourceType, r.RepoID, r.DocType, r.Language})
	require.Equal(t, map[string]any{"lang": "en", "year": 2026.0}, r.Metadata)
	require.Equal(t, []string{"rust"}, r.Tags)
	require.Equal(t, d.CreatedAt, r.CreatedAt.UnixMilli())
	require.Contains(t, string(r.ScoreDetails), `"term":"zebra"`)
	require.Len(t, r.Highlights, 1)
	h := r.Highlights[0]
	require.Equal(t, d.Chunks[0].Content[h.Start:h.Start+len(h.Text)], h.Text)
	require.Equal(t, "zebra", h.Text[h.Matches[0][0]:h.Matches[0][1]])

	_, plain := w.ask(t, `{"query": "zebra", "type": "keyword", "highlight": false}`)
	require.Empty(t, plain.Results[0].Highlights)
	require.Empty(t, plain.Results[0].ScoreDetails)
}

func TestNoCacheBypasses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Deps{}, cache.Options{})
	w.ask(t, `{"query": "rust"}`)
	a, err := w.Search(t.Context(), w.tenant, NewRequest("rust"), Options{NoCache: true})
	require.NoError(t, err)
	require.Equal(t, Bypass, a.State)
	require.False(t, read(t, a).Cached)

	off := newWorld(t, Deps{}, cache.Options{Disabled: true})
	for range 2 {
		a, b := off.ask(t, `{"query": "rust"}`)
		require.Equal(t, Bypass, a.State)
		require.Len(t, b.Results, 1)
	}
	require.False(t, off.Stats().Cache.Enabled)
}

func TestNotifiedCommitIsFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Deps{}, cache.Options{})
	_, before := w.ask(t, `{"query": "zebra"}`)
	require.Empty(t, before.Results)
	g := w.source.commit(t, w.tenant, document("Zebra", "A zebra."))
	w.OnGeneration(w.tenant, g)
	require.Eventually(t, func() bool {
		_, b := w.ask(t, `{"query": "zebra"}`)
		return len(b.Results) == 1 && b.Generation == g
	}, soon, time.Millisecond)
}

func TestLostNotificationCostsAtMostASecond(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Deps{}, cache.Options{})
	w.run(t)
	_, b := w.ask(t, `{"query": "rust"}`)
	g := w.source.remove(w.tenant, b.Results[0].DocumentID)
	start := time.Now()
	require.Eventually(t, func() bool {
		_, b := w.ask(t, `{"query": "rust"}`)
		return len(b.Results) == 0 && b.Generation == g
	}, soon, 5*time.Millisecond)
	require.Less(t, time.Since(start), time.Second)
}

func TestTenantsNeverShareAnAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Deps{}, cache.Options{})
	_, mine := w.ask(t, `{"query": "rust"}`)
	other := uuid.New()
	w.source.commit(t, other, document("Rust elsewhere", "Rust on iron."))
	a, err := w.Search(t.Context(), other, NewRequest("rust"), Options{})
	require.NoError(t, err)
	require.Equal(t, Miss, a.State)
	require.NotEqual(t, mine.Results[0].DocumentID, read(t, a).Results[0].DocumentID)

	_, err = w.Search(t.Context(), uuid.New(), NewRequest("rust"), Options{})
	require.Equal(t, domain.CodeNotFound, domain.CodeOf(err))
}

func TestWithoutTheStoreSearchGoesOnAndSaysStale(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Deps{PollInterval: 5 * time.Millisecond, StaleAfter: 50 * time.Millisecond}, cache.Options{})
	w.run(t)
	w.ask(t, `{"query": "rust"}`)
	w.source.down.Store(true)
	require.Eventually(t, func() bool {
		a, b := w.ask(t, `{"query": "rust"}`)
		return a.State == Stale && b.Stale && b.Cached && len(b.Results) == 1
	}, soon, time.Millisecond)
	a, b := w.ask(t, `{"query": "rust never asked before"}`)
	require.Equal(t, Stale, a.State)
	require.True(t, b.Stale)
	require.False(t, b.Cached)
	require.Len(t, b.Results, 1)
	require.True(t, w.Stats().Stale)

	_, err := w.Search(t.Context(), uuid.New(), NewRequest("rust"), Options{})
	require.Equal(t, domain.CodeUnavailable, domain.CodeOf(err), "a tenant that was never loaded")
	var shown *domain.Error
	require.ErrorAs(t, err, &shown)
	require.NotContains(t, shown.Message, "10.0.0.1")
	require.Positive(t, shown.RetryAfterSeconds)

	w.source.down.Store(false)
	require.Eventually(t, func() bool {
		a, b := w.ask(t, `{"query": "rust"}`)
		return a.State == Hit && !b.Stale
	}, soon, time.Millisecond)
}

func TestSnapshotThatStaysBehindIsStale(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Deps{PollInterval: 5 * time.Millisecond, StaleAfter: 300 * time.Millisecond}, cache.Options{})
	w.run(t)
	w.ask(t, `{"query": "rust"}`)
	w.source.broken.Store(true)
	g := w.source.commit(t, w.tenant, document("Zebra", "A zebra."))
	require.Eventually(t, func() bool {
		a, b := w.ask(t, `{"query": "rust"}`)
		return a.State == Stale && b.Stale && b.Generation < g
	}, soon, time.Millisecond)
	require.False(t, w.Stats().Stale, "the store itself is heard")
	w.source.broken.Store(false)
	require.Eventually(t, func() bool {
		a, b := w.ask(t, `{"query": "rust"}`)
		return a.State != Stale && b.Generation == g
	}, soon, time.Millisecond)
}

func TestPagesListEveryResultOnce(t *testing.T) {
	t.Parallel()
	for _, group := range []string{"document", "none"} {
		w := newWorld(t, Deps{}, cache.Options{})
		want := map[string]bool{}
		var docs []index.Document
		for i := range 53 {
			d := document(fmt.Sprintf("Zebra %d", i%5), strings.Repeat("zebra ", 1+i%7)+"stripes")
			d.Chunks = append(d.Chunks, index.Chunk{Ordinal: 1, Content: "more zebra"})
			docs = append(docs, d)
			want[d.ID.String()] = true
		}
		w.source.commit(t, w.tenant, docs...)
		seen, cursor, pages := map[string]bool{}, "", 0
		last := 1e9
		for {
			request := fmt.Sprintf(`{"query": "zebra", "limit": 10, "group_by": %q%s}`, group, cursor)
			_, b := w.ask(t, request)
			for _, r := range b.Results {
				require.False(t, seen[r.ChunkID], "twice: %s", r.ChunkID)
				seen[r.ChunkID] = true
				delete(want, r.DocumentID.String())
				require.LessOrEqual(t, r.Score, last)
				last = r.Score
			}
			pages++
			if b.NextCursor == nil {
				break
			}
			cursor = fmt.Sprintf(`, "cursor": %q`, *b.NextCursor)
		}
		require.Empty(t, want)
		if group == "none" {
			require.Len(t, seen, 106)
		} else {
			require.Len(t, seen, 53)
			require.Equal(t, 6, pages)
		}
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Deps{}, cache.Options{})
	d := document("Zebra", "rust")
	d.DocType, d.Tags, d.SourceType, d.RepoID = "api", []string{"x", "y"}, "git", "repo"
	d.Metadata, d.CreatedAt = []byte(`{"author":{"name":"Ada"},"n":5,"ok":true}`), 1769860800000
	w.source.commit(t, w.tenant, d)
	for filter, want := range map[string]int{
		`{}`: 2, `{"doc_type": "api"}`: 1, `{"doc_type": ["api", "guide"]}`: 2, `{"doc_type": "api", "tags": "rust"}`: 0,
		`{"tags": ["y", "none"]}`: 1, `{"source_type": "git", "repo_id": ["repo"]}`: 1,
		`{"metadata.author.name": "Ada"}`: 1, `{"metadata": {"author": {"name": ["Ada", "Bob"]}, "n": 5}}`: 1,
		`{"metadata.n": "5"}`: 0, `{"metadata.n": {"gte": 4, "lt": 6}}`: 1, `{"metadata.ok": true}`: 1,
		`{"metadata.lang": {"exists": false}}`: 1, `{"date_to": "2026-01-31"}`: 1, `{"date_from": "2026-01-31T12:00:00Z", "date_to": "2026-01-31T12:00:00Z"}`: 1,
		`{"date_to": "2026-01-30"}`: 0, `{"not": {"doc_type": "api"}}`: 1, `{"or": [{"doc_type": "api"}, {"tags": "rust"}]}`: 2,
	} {
		_, b := w.ask(t, `{"query": "rust", "filters": `+filter+`}`)
		require.Len(t, b.Results, want, filter)
	}
}

func TestAnswersUnderCommitsAreNeverOlderThanWhatWasSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Deps{PollInterval: 2 * time.Millisecond}, cache.Options{})
	w.run(t)
	ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
	defer cancel()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			var newest uint64
			for ctx.Err() == nil {
				a, err := w.Search(t.Context(), w.tenant, NewRequest("rust zebra"), Options{})
				if err != nil {
					t.Error(err)
					return
				}
				b := read(t, a)
				if b.Generation < newest || uint64(b.Total) != b.Generation {
					t.Errorf("generation %d after %d with %d results", b.Generation, newest, b.Total)
					return
				}
				newest = b.Generation
			}
		})
	}
	for ctx.Err() == nil {
		g := w.source.commit(t, w.tenant, document("Zebra", "A zebra."))
		w.OnGeneration(w.tenant, g)
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Millisecond):
		}
	}
	wg.Wait()
}

func TestACallerThatLeavesGetsItsOwnError(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Deps{}, cache.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := w.Search(ctx, w.tenant, NewRequest("rust"), Options{})
	require.ErrorIs(t, err, context.Canceled)
	require.EqualValues(t, 1, w.Stats().Errors)
}

func TestAnswerPastItsTimeIsServedAsStaleAndMadeAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Deps{}, cache.Options{TTL: 20 * time.Millisecond, StaleTTL: time.Hour})
	w.ask(t, `{"query": "rust"}`)
	require.Eventually(t, func() bool {
		a, b := w.ask(t, `{"query": "rust"}`)
		return a.State == Stale && b.Stale && b.Cached && len(b.Results) == 1 && a.Index == 0
	}, soon, time.Millisecond)
	require.Eventually(t, func() bool {
		a, _ := w.ask(t, `{"query": "rust"}`)
		return a.State == Hit && w.Stats().Cache.Refreshes.Done > 0
	}, soon, time.Millisecond)
}

func TestEmptyAnswersAreKeptShort(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Deps{}, cache.Options{TTL: time.Hour, NegativeTTL: 50 * time.Millisecond})
	w.ask(t, `{"query": "nothing"}`)
	w.ask(t, `{"query": "rust"}`)
	require.Eventually(t, func() bool {
		a, b := w.ask(t, `{"query": "nothing"}`)
		return a.State == Miss && len(b.Results) == 0
	}, soon, 100*time.Millisecond)
	a, _ := w.ask(t, `{"query": "rust"}`)
	require.Equal(t, Hit, a.State)
	require.GreaterOrEqual(t, w.Stats().Empty, int64(2))
}
