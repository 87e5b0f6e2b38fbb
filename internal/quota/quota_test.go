package quota

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// bank is a store that keeps the rules of the real one, and may be away.
type bank struct {
	mu     sync.Mutex
	limit  int64
	leased int64
	day    time.Time
	left   time.Duration
	away   bool
	counts map[uuid.UUID]domain.UsageCount
	calls  int
}

func newBank(limit int64) *bank {
	return &bank{
		limit: limit, day: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), left: 12 * time.Hour, counts: map[uuid.UUID]domain.UsageCount{},
	}
}

func (b *bank) LeaseSearches(_ context.Context, _ uuid.UUID, owed int64) (domain.SearchLease, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls++
	if b.away {
		return domain.SearchLease{}, errors.New("away")
	}
	b.leased += owed
	n := int64(0)
	if left := b.limit - b.leased; left > 0 {
		n = min(max(left/16, 1), 1000)
	}
	b.leased += n
	return domain.SearchLease{Day: b.day, Left: b.left, Granted: n, Limit: b.limit, Used: b.leased}, nil
}

func (b *bank) ReturnSearches(_ context.Context, _ uuid.UUID, day time.Time, n int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away {
		return errors.New("away")
	}
	if day.Equal(b.day) {
		b.leased -= n
	}
	return nil
}

func (b *bank) CountUsage(_ context.Context, counts []domain.UsageCount) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away {
		return errors.New("away")
	}
	for _, c := range counts {
		was := b.counts[c.TenantID]
		c.Searches += was.Searches
		c.Requests += was.Requests
		b.counts[c.TenantID] = c
	}
	return nil
}

func TestServersTogetherNeverExceedTheQuota(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := newBank(rapid.Int64Range(0, 5000).Draw(t, "quota"))
		tenant := uuid.New()
		servers := make([]*Searches, rapid.IntRange(1, 5).Draw(t, "servers"))
		for n := range servers {
			servers[n] = NewSearches(b)
		}
		answered := int64(0)
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			s := servers[rapid.IntRange(0, len(servers)-1).Draw(t, "server")]
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0:
				s.Rest(context.Background(), 0)
			case 1:
				if s.Take(context.Background(), tenant) == nil {
					s.GiveBack(tenant)
				}
			default:
				for range rapid.IntRange(1, 400).Draw(t, "burst") {
					if s.Take(context.Background(), tenant) == nil {
						answered++
					}
				}
			}
			require.LessOrEqual(t, answered, b.limit)
			require.LessOrEqual(t, b.leased, b.limit)
			require.LessOrEqual(t, answered, b.leased)
		}
		for _, s := range servers {
			s.Rest(context.Background(), 0)
			require.Empty(t, s.accounts, "a server that rests remembers nobody")
		}
		require.Equal(t, answered, b.leased, "what was not used is given back")
	})
}

func TestManyAtOnceGetExactlyTheQuota(t *testing.T) {
	t.Parallel()
	b := newBank(1234)
	servers := []*Searches{NewSearches(b), NewSearches(b), NewSearches(b)}
	tenant := uuid.New()
	var answered, refused atomic.Int64
	var wg sync.WaitGroup
	for n := range 12 {
		wg.Go(func() {
			for range 200 {
				if servers[n%3].Take(t.Context(), tenant) == nil {
					answered.Add(1)
				} else {
					refused.Add(1)
				}
			}
		})
	}
	wg.Wait()
	unused := int64(0)
	for _, s := range servers {
		unused += s.accounts[tenant].left
	}
	require.Equal(t, int64(1234), answered.Load()+unused)
	require.LessOrEqual(t, unused, int64(2*1234/leaseShareOfTests), "what servers keep from each other")
}

const leaseShareOfTests = 16

func TestARefusalSaysWhenTheDayEnds(t *testing.T) {
	t.Parallel()
	s := NewSearches(newBank(1))
	tenant := uuid.New()
	require.NoError(t, s.Take(t.Context(), tenant))
	var e *domain.Error
	require.ErrorAs(t, s.Take(t.Context(), tenant), &e)
	require.Equal(t, domain.CodeQuotaExceeded, e.Code)
	require.Equal(t, int64(1), e.Excess.Limit)
	require.InDelta(t, (12 * time.Hour).Seconds(), e.RetryAfterSeconds, 2)
	require.Equal(t, e.RetryAfterSeconds, e.Excess.Reset)
	other := uuid.New()
	require.Error(t, s.Take(t.Context(), other), "the bank of this test is one for all")
}

func TestTheNextDayBeginsAnew(t *testing.T) {
	t.Parallel()
	b := newBank(1)
	s := NewSearches(b)
	now := time.Now()
	s.now = func() time.Time { return now }
	tenant := uuid.New()
	require.NoError(t, s.Take(t.Context(), tenant))
	require.Error(t, s.Take(t.Context(), tenant))
	now = now.Add(12 * time.Hour)
	b.day, b.leased = b.day.AddDate(0, 0, 1), 0
	require.NoError(t, s.Take(t.Context(), tenant))
}

// Without a database searches are answered, and count when it is back.
func TestAnOutageRefusesNobodyAndIsPaidLater(t *testing.T) {
	t.Parallel()
	b := newBank(100)
	s := NewSearches(b)
	now := time.Now()
	s.now = func() time.Time { return now }
	tenant := uuid.New()
	b.away = true
	for range 500 {
		require.NoError(t, s.Take(t.Context(), tenant))
	}
	require.Equal(t, 1, b.calls, "a database that is away is left alone for a second")
	require.Equal(t, int64(500), s.Unchecked.Load())
	b.away = false
	now = now.Add(2 * time.Second)
	require.Error(t, s.Take(t.Context(), tenant))
	require.Equal(t, int64(500), b.leased)
}

func TestUsageIsCountedByDayAndOutlivesAnOutage(t *testing.T) {
	t.Parallel()
	b := newBank(0)
	m := NewMeter(b)
	now := time.Date(2026, 3, 1, 23, 59, 59, 0, time.UTC)
	m.now = func() time.Time { return now }
	tenant := uuid.New()
	m.Search(tenant)
	m.Request(tenant)
	b.away = true
	for range 5 {
		m.Request(tenant)
		m.Flush(t.Context())
	}
	require.Len(t, m.older, 1, "an outage grows nothing")
	now = now.Add(2 * time.Second)
	m.Search(tenant)
	m.Flush(t.Context())
	require.Len(t, m.older, 2, "one for each day")
	b.away = false
	m.Flush(t.Context())
	require.Equal(t, int64(2), b.counts[tenant].Searches)
	require.Equal(t, int64(6), b.counts[tenant].Requests)
	require.Empty(t, m.older)
}

func BenchmarkTake(b *testing.B) {
	store := newBank(1 << 50)
	s := NewSearches(store)
	tenant := uuid.New()
	b.ReportAllocs()
	for b.Loop() {
		_ = s.Take(b.Context(), tenant)
	}
}

func BenchmarkMeter(b *testing.B) {
	m := NewMeter(newBank(0))
	tenant := uuid.New()
	b.ReportAllocs()
	for b.Loop() {
		m.Request(tenant)
	}
}
