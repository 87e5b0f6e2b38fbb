package auth

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// The refusals of Verify, besides ErrMalformed. Callers compare with errors.Is
// and show them as they are.
var (
	ErrUnknownKey = domain.Errorf(domain.CodeUnauthenticated, "the API key is not known")
	ErrExpiredKey = domain.Errorf(domain.CodeUnauthenticated, "the API key has expired")
	ErrRevokedKey = domain.Errorf(domain.CodeUnauthenticated, "the API key was revoked")
	ErrTenant     = domain.Errorf(domain.CodePermissionDenied, "the tenant of this API key is not active")
	ErrStoreDown  = &domain.Error{
		Code: domain.CodeUnavailable, Message: "API keys cannot be verified at the moment", RetryAfterSeconds: 2,
	}
)

// Record is what the store knows of a key.
type Record struct {
	KeyID       uuid.UUID
	TenantID    uuid.UUID
	TenantSlug  string
	TenantState domain.TenantState
	Scopes      []string
	// ExpiresAt and RevokedAt are nil for never. RevokedAt may lie in the future:
	// a rotated key overlaps with its successor until then.
	ExpiresAt *time.Time
	RevokedAt *time.Time
	// Name is what people know the key by.
	Name  string
	Rules Rules
	// Limits are those of the tenant.
	Limits domain.Quota
}

// KeyStore finds a key by its SHA-256. It returns a domain.CodeNotFound error
// for a key that does not exist; every other error counts as an outage.
type KeyStore interface {
	KeyLookup(ctx context.Context, hash []byte) (Record, error)
}

// KeyStoreFunc makes a KeyStore of a function.
type KeyStoreFunc func(ctx context.Context, hash []byte) (Record, error)

// KeyLookup calls f.
func (f KeyStoreFunc) KeyLookup(ctx context.Context, hash []byte) (Record, error) {
	return f(ctx, hash)
}

// VerifierOptions tune a Verifier. The zero value of each field means its default.
type VerifierOptions struct {
	// CacheTTL is how long an answer is used without asking again, 4 s by default
	// and 10 s at most: it bounds how late a revocation works when its
	// notification is lost, and 4 s keeps the promised 5 s even then.
	CacheTTL time.Duration
	// MaxKeys bounds the verified keys kept, 50,000 by default. Refusals are kept
	// apart, a tenth as many, so that guessing cannot push out good keys.
	MaxKeys int
	// LookupTimeout bounds one lookup in the store, 2 s by default.
	LookupTimeout time.Duration
	// OutageGrace is how long after its last good check a key is still accepted,
	// marked Unconfirmed, while the store cannot be asked. 0, the default, fails
	// closed at once. While the store is down nothing can be revoked either.
	OutageGrace time.Duration
	// Now is the clock; time.Now by default.
	Now func() time.Time
}

const (
	defaultCacheTTL      = 4 * time.Second
	maxCacheTTL          = 10 * time.Second
	defaultMaxKeys       = 50_000
	defaultLookupTimeout = 2 * time.Second
)

// Verifier turns keys into principals. It is safe for concurrent use.
type Verifier struct {
	store   KeyStore
	opts    VerifierOptions
	known   *otter.Cache[Hash, *verdict]
	unknown *otter.Cache[Hash, *verdict]
	flights singleflight.Group
	// failures keeps an outage from filling the log.
	failures rate.Sometimes

	// mu makes "was anything invalidated since?" and "keep the answer" one step;
	// without it a lookup that began before a revocation could outlive it.
	mu    sync.Mutex
	epoch atomic.Uint64
}

// verdict is a cached answer of the store.
type verdict struct {
	principal Principal
	stale     *Principal // the same, marked Unconfirmed
	state     domain.TenantState
	expiresAt time.Time
	revokedAt time.Time
	checkedAt time.Time
	missing   bool
	outage    atomic.Bool // the store failed when asked to confirm this answer
}

// NewVerifier returns a Verifier over store.
func NewVerifier(store KeyStore, opts VerifierOptions) *Verifier {
	if opts.CacheTTL <= 0 {
		opts.CacheTTL = defaultCacheTTL
	}
	opts.CacheTTL = min(opts.CacheTTL, maxCacheTTL)
	if opts.MaxKeys <= 0 {
		opts.MaxKeys = defaultMaxKeys
	}
	if opts.LookupTimeout <= 0 {
		opts.LookupTimeout = defaultLookupTimeout
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	bounded := func(size int) *otter.Cache[Hash, *verdict] {
		return otter.Must(&otter.Options[Hash, *verdict]{MaximumSize: size})
	}
	return &Verifier{
		store: store, opts: opts,
		failures: rate.Sometimes{Interval: time.Second},
		known:    bounded(opts.MaxKeys), unknown: bounded(max(opts.MaxKeys/10, 16)),
	}
}

// Verify returns who the key belongs to, or one of this package's errors. The
// principal is shared and must not be changed. A cancelled ctx returns its error
// without failing others who wait for the same key.
func (v *Verifier) Verify(ctx context.Context, text string) (*Principal, error) {
	key, err := Parse(text)
	if err != nil {
		return nil, err
	}
	hash := key.Hash()
	now := v.opts.Now()
	cached, ok := v.cached(hash)
	if ok && now.Sub(cached.checkedAt) < v.opts.CacheTTL {
		return cached.decide(now)
	}
	result := v.lookup(ctx, hash)
	if ok && cached.outage.Load() && v.inGrace(cached, now) {
		// The store failed this key before: the lookup goes on for those who come
		// after it, and nobody waits for a store that may be hanging.
		return cached.decideUnconfirmed(now)
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-result:
		if r.Err == nil {
			return r.Val.(*verdict).decide(v.opts.Now())
		}
	}
	if now = v.opts.Now(); ok && v.inGrace(cached, now) {
		cached.outage.Store(true)
		return cached.decideUnconfirmed(now)
	}
	return nil, ErrStoreDown
}

// Invalidate forgets one key, so that its next use asks the store. It also
// disowns lookups under way, whose answer may be from before the change.
func (v *Verifier) Invalidate(hash Hash) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.epoch.Add(1)
	v.known.Invalidate(hash)
	v.unknown.Invalidate(hash)
}

// InvalidateAll forgets every key: for a tenant's change of state, and whenever
// notifications may have been missed.
func (v *Verifier) InvalidateAll() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.epoch.Add(1)
	v.known.InvalidateAll()
	v.unknown.InvalidateAll()
}

func (v *Verifier) cached(hash Hash) (*verdict, bool) {
	if found, ok := v.known.GetIfPresent(hash); ok {
		return found, true
	}
	return v.unknown.GetIfPresent(hash)
}

// lookup asks the store, once for all who ask for the same key at the same time.
// The epoch is part of the flight's name: who comes after an invalidation never
// joins a lookup from before it.
func (v *Verifier) lookup(ctx context.Context, hash Hash) <-chan singleflight.Result {
	epoch := v.epoch.Load()
	name := string(binary.BigEndian.AppendUint64(hash[:], epoch))
	return v.flights.DoChan(name, func() (any, error) {
		// The lookup belongs to all its waiters: one of them leaving must not end it.
		detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), v.opts.LookupTimeout)
		defer cancel()
		return v.ask(detached, hash, epoch)
	})
}

// inGrace reports whether an earlier answer still stands without the store.
func (v *Verifier) inGrace(last *verdict, now time.Time) bool {
	return !last.missing && v.opts.OutageGrace > 0 &&
		now.Sub(last.checkedAt) < v.opts.CacheTTL+v.opts.OutageGrace
}

// ask makes one lookup and keeps its answer unless something was invalidated
// meanwhile.
func (v *Verifier) ask(ctx context.Context, hash Hash, epoch uint64) (*verdict, error) {
	// The clock is read before the question: the answer may be as old as that.
	asked := v.opts.Now()
	record, err := v.fromStore(ctx, hash)
	var answer *verdict
	switch {
	case err == nil:
		answer = newVerdict(record, asked)
	case domain.CodeOf(err) == domain.CodeNotFound:
		answer = &verdict{missing: true, checkedAt: asked}
	default:
		v.failures.Do(func() { slog.WarnContext(ctx, "API key lookup failed", slog.Any("error", err)) })
		return nil, err
	}
	v.keep(hash, answer, epoch)
	return answer, nil
}

// fromStore returns in any case: also when the store panics, ends its goroutine
// or does not care for its context.
func (v *Verifier) fromStore(ctx context.Context, hash Hash) (Record, error) {
	type found struct {
		record Record
		err    error
	}
	done := make(chan found, 1)
	go func() {
		answer := found{err: errors.New("the lookup ended its goroutine")}
		defer func() {
			if r := recover(); r != nil {
				answer = found{err: fmt.Errorf("the lookup panicked: %v", r)}
			}
			done <- answer
		}()
		answer.record, answer.err = v.store.KeyLookup(ctx, hash[:])
	}()
	select {
	case answer := <-done:
		return answer.record, answer.err
	case <-ctx.Done():
		return Record{}, ctx.Err()
	}
}

func (v *Verifier) keep(hash Hash, answer *verdict, epoch uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.epoch.Load() != epoch {
		return
	}
	if answer.missing {
		v.known.Invalidate(hash)
		v.unknown.Set(hash, answer)
		return
	}
	v.unknown.Invalidate(hash)
	v.known.Set(hash, answer)
}

func newVerdict(r Record, checkedAt time.Time) *verdict {
	answer := &verdict{
		principal: Principal{
			KeyID: r.KeyID, KeyName: r.Name, TenantID: r.TenantID, TenantSlug: r.TenantSlug, Scopes: StoredScopes(r.Scopes),
			Rules: r.Rules, Limits: r.Limits,
		},
		state: r.TenantState, checkedAt: checkedAt,
	}
	if r.ExpiresAt != nil {
		answer.expiresAt = *r.ExpiresAt
	}
	if r.RevokedAt != nil {
		answer.revokedAt = *r.RevokedAt
	}
	stale := answer.principal
	stale.Unconfirmed = true
	answer.stale = &stale
	return answer
}

// decide applies the clock to what is known: a key expires on time even when
// its record came from the cache.
func (a *verdict) decide(now time.Time) (*Principal, error) {
	switch {
	case a.missing:
		return nil, ErrUnknownKey
	case !a.revokedAt.IsZero() && !now.Before(a.revokedAt):
		return nil, ErrRevokedKey
	case !a.expiresAt.IsZero() && !now.Before(a.expiresAt):
		return nil, ErrExpiredKey
	case a.state != domain.TenantActive:
		return nil, ErrTenant
	}
	return &a.principal, nil
}

// decideUnconfirmed is decide for an answer that the store could not confirm.
func (a *verdict) decideUnconfirmed(now time.Time) (*Principal, error) {
	if _, err := a.decide(now); err != nil {
		return nil, err
	}
	return a.stale, nil
}
