package quota

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
)

const (
	flushEvery   = 10 * time.Second
	flushTimeout = 5 * time.Second
	// flushRows bounds one statement.
	flushRows = 1000
)

// UsageStore adds what was counted.
type UsageStore interface {
	CountUsage(ctx context.Context, counts []domain.UsageCount) error
}

// Meter counts searches and requests by tenant and day. A process that is killed loses
// what it has counted within ten seconds.
type Meter struct {
	store UsageStore
	now   func() time.Time

	mu     sync.Mutex
	day    time.Time // that of counts
	ends   time.Time
	counts map[uuid.UUID]*domain.UsageCount
	older  []domain.UsageCount // of days that are over, or that could not be written
}

// NewMeter returns a Meter that writes to store.
func NewMeter(store UsageStore) *Meter {
	return &Meter{store: store, now: time.Now, counts: map[uuid.UUID]*domain.UsageCount{}}
}

// Request counts a request of a tenant.
func (m *Meter) Request(tenant uuid.UUID) { m.add(tenant, 0, 1) }

// Search counts a search of a tenant that was answered.
func (m *Meter) Search(tenant uuid.UUID) { m.add(tenant, 1, 0) }

func (m *Meter) add(tenant uuid.UUID, searches, requests int64) {
	now := m.now()
	m.mu.Lock()
	defer m.mu.Unlock()
	if !now.Before(m.ends) {
		m.turnDay(now)
	}
	c := m.counts[tenant]
	if c == nil {
		c = &domain.UsageCount{TenantID: tenant, Day: m.day}
		m.counts[tenant] = c
	}
	c.Searches += searches
	c.Requests += requests
}

// turnDay sets aside what was counted on the day before.
func (m *Meter) turnDay(now time.Time) {
	m.setAside()
	m.day = now.UTC().Truncate(24 * time.Hour)
	m.ends = m.day.Add(24 * time.Hour)
}

func (m *Meter) setAside() {
	for _, c := range m.counts {
		m.older = append(m.older, *c)
	}
	clear(m.counts)
}

// Flush writes what was counted. What cannot be written is kept for the next time.
func (m *Meter) Flush(ctx context.Context) {
	m.mu.Lock()
	m.setAside()
	list := m.older
	m.older = nil
	m.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	for len(list) > 0 {
		n := min(len(list), flushRows)
		if err := m.store.CountUsage(ctx, merge(list[:n])); err != nil {
			slog.WarnContext(ctx, "the usage of tenants could not be written; it is kept for the next time", slog.Any("error", err))
			m.mu.Lock()
			m.older = merge(append(m.older, list...))
			m.mu.Unlock()
			return
		}
		list = list[n:]
	}
}

// merge adds up counts of the same tenant and day: one statement writes each row once,
// and an outage of the database does not grow the list.
func merge(list []domain.UsageCount) []domain.UsageCount {
	type key struct {
		tenant uuid.UUID
		day    time.Time
	}
	at := make(map[key]int, len(list))
	out := make([]domain.UsageCount, 0, len(list))
	for _, c := range list {
		k := key{c.TenantID, c.Day}
		n, there := at[k]
		if !there {
			at[k] = len(out)
			out = append(out, c)
			continue
		}
		out[n].Searches += c.Searches
		out[n].Requests += c.Requests
	}
	return out
}

// Run flushes until ctx ends, and once more then.
func (m *Meter) Run(ctx context.Context) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			m.Flush(ctx)
		case <-ctx.Done():
			m.Flush(context.WithoutCancel(ctx))
			return
		}
	}
}
