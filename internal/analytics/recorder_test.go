package analytics_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/rustassistant/rustassistant/internal/analytics"
	"github.com/rustassistant/rustassistant/internal/domain"
)

// sink is a store that can be away.
type sink struct {
	mu      sync.Mutex
	err     error
	batches [][]domain.SearchEvent
}

func (s *sink) RecordSearches(ctx context.Context, events []domain.SearchEvent) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	s.batches = append(s.batches, append([]domain.SearchEvent(nil), events...))
	return ctx.Err()
}

func (s *sink) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *sink) count() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.batches {
		n += len(b)
	}
	return n
}

func event(query string) domain.SearchEvent {
	return domain.SearchEvent{ID: uuid.Must(uuid.NewV7()), TenantID: uuid.New(), Query: query, Type: "hybrid"}
}

// run runs r until the returned function is called, which waits for its end.
func run(ctx context.Context, r *analytics.Recorder) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); r.Run(ctx) }()
	return func() { cancel(); <-done }
}

func TestEventsAreStoredWithinASecondOrAtAThousand(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		r := analytics.NewRecorder(s, analytics.Options{})
		defer run(t.Context(), r)()
		r.Record(event("  Rust   ASYNC "))
		synctest.Wait()
		require.Zero(t, s.count(), "not each by itself")
		time.Sleep(1100 * time.Millisecond) //nolint:forbidigo // the clock of synctest
		require.Equal(t, 1, s.count())
		require.Equal(t, "rust async", s.batches[0][0].Query)
		for i := range 1000 {
			r.Record(event(fmt.Sprint(i)))
		}
		synctest.Wait()
		require.Equal(t, 1001, s.count(), "a full batch does not wait")
	})
}

func TestAFullBufferDropsAndCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		r := analytics.NewRecorder(s, analytics.Options{Buffer: 10})
		for range 25 {
			r.Record(event("a"))
		}
		require.InDelta(t, 15, metric(t, r, "search_events_dropped_total", "buffer_full"), 0)
		run(t.Context(), r)()
		require.Equal(t, 10, s.count(), "those that fitted are stored at the end")
		require.InDelta(t, 10, metric(t, r, "search_events_stored_total", ""), 0)
	})
}

func TestAStoreThatIsAwayLosesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		s.fail(domain.Errorf(domain.CodeUnavailable, "away"))
		r := analytics.NewRecorder(s, analytics.Options{Buffer: 100})
		stop := run(t.Context(), r)
		for range 50 {
			r.Record(event("a"))
		}
		time.Sleep(time.Minute) //nolint:forbidigo // the clock of synctest
		require.Zero(t, s.count())
		s.fail(nil)
		time.Sleep(time.Minute) //nolint:forbidigo // the clock of synctest
		require.Equal(t, 50, s.count())
		stop()
		require.InDelta(t, 0, metric(t, r, "search_events_dropped_total", "shutdown"), 0)
	})
}

func TestWhatTheStoreRefusesIsDroppedAndTheRestGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		s.fail(errors.New("a value that no database takes"))
		r := analytics.NewRecorder(s, analytics.Options{})
		defer run(t.Context(), r)()
		r.Record(event("a"))
		time.Sleep(2 * time.Second) //nolint:forbidigo // the clock of synctest
		require.InDelta(t, 1, metric(t, r, "search_events_dropped_total", "refused"), 0)
		s.fail(nil)
		r.Record(event("b"))
		time.Sleep(2 * time.Second) //nolint:forbidigo // the clock of synctest
		require.Equal(t, 1, s.count())
	})
}

func TestShutdownEndsInTimeAlsoWithoutAStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		s.fail(domain.Errorf(domain.CodeUnavailable, "away"))
		r := analytics.NewRecorder(s, analytics.Options{})
		stop := run(t.Context(), r)
		for range 1500 {
			r.Record(event("a"))
		}
		start := time.Now()
		stop()
		require.LessOrEqual(t, time.Since(start), 6*time.Second)
		require.InDelta(t, 1500, metric(t, r, "search_events_dropped_total", "shutdown"), 0)
	})
}

func TestNormalizeIsIdempotentAndBounded(t *testing.T) {
	t.Parallel()
	require.Equal(t, "rust async", analytics.Normalize("\tRUST \n async\x00 "))
	require.Len(t, analytics.Normalize(strings.Repeat("ab", 1000)), analytics.MaxQueryBytes)
	rapid.Check(t, func(t *rapid.T) {
		once := analytics.Normalize(rapid.String().Draw(t, "query"))
		require.True(t, utf8.ValidString(once))
		require.LessOrEqual(t, len(once), analytics.MaxQueryBytes)
		require.Equal(t, strings.TrimSpace(once), once)
		require.Equal(t, once, analytics.Normalize(once))
	})
}

func metric(t *testing.T, r *analytics.Recorder, name, reason string) float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(r)
	families, err := registry.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			if reason == "" || hasLabel(m, reason) {
				return m.GetCounter().GetValue()
			}
		}
	}
	t.Fatalf("no metric %s %s", name, reason)
	return 0
}

func hasLabel(m *dto.Metric, value string) bool {
	for _, l := range m.GetLabel() {
		if l.GetValue() == value {
			return true
		}
	}
	return false
}

// What a search pays for being recorded.
func BenchmarkRecord(b *testing.B) {
	r := analytics.NewRecorder(&sink{}, analytics.Options{})
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() { defer close(done); r.Run(ctx) }()
	e := event("rust async patterns")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r.Record(e)
		}
	})
	b.StopTimer()
	cancel()
	<-done
}

func BenchmarkRecordIntoAFullBuffer(b *testing.B) {
	r := analytics.NewRecorder(&sink{}, analytics.Options{Buffer: 1})
	e := event("rust async patterns")
	b.ReportAllocs()
	for b.Loop() {
		r.Record(e)
	}
}
