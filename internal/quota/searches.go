package quota

import (
	"context"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"golang.org/x/time/rate"

	"github.com/rustassistant/rustassistant/internal/domain"
)

const (
	// leaseTimeout bounds how long a search waits for a lease.
	leaseTimeout = 250 * time.Millisecond
	// askAgain is how long a database that does not answer, or a quota that is used up,
	// is not asked again: another server may give some back.
	askAgain = time.Second
	// idleRounds is after how many rounds of Run without a search a lease is given back.
	idleRounds = 1
)

// LeaseStore leases searches from a tenant's quota of the day.
type LeaseStore interface {
	LeaseSearches(ctx context.Context, tenant uuid.UUID, owed int64) (domain.SearchLease, error)
	ReturnSearches(ctx context.Context, tenant uuid.UUID, day time.Time, searches int64) error
}

// Searches holds tenants to their searches a day. It is safe for concurrent use.
type Searches struct {
	store LeaseStore
	now   func() time.Time
	// Unchecked counts the searches that were answered although no lease could be taken.
	Unchecked atomic.Int64
	failures  rate.Sometimes

	mu       sync.Mutex
	accounts map[uuid.UUID]*account
}

// account is one tenant's lease.
type account struct {
	mu     sync.Mutex
	gone   bool // no longer in the map
	lease  domain.SearchLease
	left   int64
	until  time.Time // when the lease's day ends
	owed   int64
	resume time.Time // when the database is asked again
	down   bool      // why not before: it does not answer; otherwise nothing is left
	idle   int       // rounds without a search
}

// NewSearches returns a Searches that leases from store.
func NewSearches(store LeaseStore) *Searches {
	return &Searches{
		store: store, now: time.Now, accounts: map[uuid.UUID]*account{}, failures: rate.Sometimes{Interval: time.Second},
	}
}

// Take takes one search of a tenant, or returns the error that its day's are used up.
// Without a database it lets every search through.
func (s *Searches) Take(ctx context.Context, tenant uuid.UUID) error {
	for {
		a := s.account(tenant)
		a.mu.Lock()
		if a.gone {
			a.mu.Unlock()
			continue
		}
		err := s.take(ctx, tenant, a)
		a.mu.Unlock()
		return err
	}
}

func (s *Searches) account(tenant uuid.UUID) *account {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.accounts[tenant]
	if a == nil {
		a = &account{}
		s.accounts[tenant] = a
	}
	return a
}

func (s *Searches) take(ctx context.Context, tenant uuid.UUID, a *account) error {
	a.idle = 0
	now := s.now()
	if a.left > 0 && now.Before(a.until) {
		a.left--
		return nil
	}
	if now.Before(a.resume) {
		if a.down {
			return s.owe(a)
		}
		return a.refuse(now)
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseTimeout)
	defer cancel()
	lease, err := s.store.LeaseSearches(limited, tenant, a.owed)
	if err != nil {
		s.failures.Do(func() {
			slog.WarnContext(ctx, "searches could not be counted against quotas of the day; they are answered and counted later", slog.Any("error", err))
		})
		a.resume, a.down = now.Add(askAgain), true
		return s.owe(a)
	}
	a.lease, a.left, a.until, a.owed, a.resume = lease, lease.Granted, now.Add(lease.Left), 0, time.Time{}
	if a.left > 0 {
		a.left--
		return nil
	}
	a.resume, a.down = now.Add(askAgain), false
	return a.refuse(now)
}

func (s *Searches) owe(a *account) error {
	a.owed++
	s.Unchecked.Add(1)
	return nil
}

func (a *account) refuse(now time.Time) error {
	return domain.QuotaExceeded(domain.QuotaExcess{
		Quota: domain.QuotaSearchesPerDay, Limit: a.lease.Limit, Used: a.lease.Used,
		Reset: max(1, int(math.Ceil(a.until.Sub(now).Seconds()))),
	})
}

// GiveBack undoes a Take whose search was not answered.
func (s *Searches) GiveBack(tenant uuid.UUID) {
	a := s.account(tenant)
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.owed > 0:
		a.owed--
	case s.now().Before(a.until):
		a.left++
	}
}

// Run gives back what tenants that rest have leased until ctx ends, and all of it then.
func (s *Searches) Run(ctx context.Context) {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.Rest(ctx, idleRounds)
		case <-ctx.Done():
			s.Rest(context.WithoutCancel(ctx), 0)
			return
		}
	}
}

// Rest is one round: it gives back the leases of tenants that had no search for so
// many rounds, and forgets those tenants.
func (s *Searches) Rest(ctx context.Context, rounds int) {
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	s.mu.Lock()
	all := make(map[uuid.UUID]*account, len(s.accounts))
	for tenant, a := range s.accounts {
		all[tenant] = a
	}
	s.mu.Unlock()
	for tenant, a := range all {
		s.rest(ctx, tenant, a, rounds)
	}
}

func (s *Searches) rest(ctx context.Context, tenant uuid.UUID, a *account, rounds int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.idle++; a.idle <= rounds {
		return
	}
	now := s.now()
	var err error
	switch {
	case a.owed > 0:
		var lease domain.SearchLease
		if lease, err = s.store.LeaseSearches(ctx, tenant, a.owed); err == nil {
			a.lease, a.left, a.until, a.owed = lease, lease.Granted, now.Add(lease.Left), 0
			err = s.giveBack(ctx, tenant, a, now)
		}
	default:
		err = s.giveBack(ctx, tenant, a, now)
	}
	if err != nil {
		slog.WarnContext(ctx, "leased searches could not be given back", slog.Any("error", err))
		return // the next round tries again
	}
	a.gone = true
	s.mu.Lock()
	delete(s.accounts, tenant)
	s.mu.Unlock()
}

// giveBack returns what is left of a lease whose day is not over.
func (s *Searches) giveBack(ctx context.Context, tenant uuid.UUID, a *account, now time.Time) error {
	if a.left == 0 || a.lease.Limit == 0 && a.lease.Used == 0 || !now.Before(a.until) {
		return nil
	}
	err := s.store.ReturnSearches(ctx, tenant, a.lease.Day, a.left)
	if err == nil {
		a.left = 0
	}
	return err
}
