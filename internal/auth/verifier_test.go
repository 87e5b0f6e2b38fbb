package auth

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// keyTable is a KeyStore in memory that counts its lookups and can be made to fail.
type keyTable struct {
	mu      sync.Mutex
	records map[Hash]Record
	fault   func(ctx context.Context) error // called before each answer
	lookups atomic.Int32
}

func (s *keyTable) KeyLookup(ctx context.Context, hash []byte) (Record, error) {
	s.lookups.Add(1)
	s.mu.Lock()
	fault := s.fault
	record, found := s.records[Hash(hash)]
	s.mu.Unlock()
	if fault != nil {
		if err := fault(ctx); err != nil {
			return Record{}, err
		}
	}
	if !found {
		return Record{}, domain.NotFound("API key")
	}
	return record, nil
}

func (s *keyTable) set(key Key, change func(*Record)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.records[key.Hash()]
	change(&r)
	s.records[key.Hash()] = r
}

func (s *keyTable) setFault(fault func(context.Context) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

func newTable(keys ...Key) *keyTable {
	s := &keyTable{records: map[Hash]Record{}}
	for _, k := range keys {
		s.records[k.Hash()] = Record{
			KeyID: uuid.New(), TenantID: uuid.New(), TenantSlug: "acme", TenantState: domain.TenantActive, Scopes: []string{"search"},
		}
	}
	return s
}

func verify(t *testing.T, v *Verifier, key Key) (*Principal, error) {
	t.Helper()
	return v.Verify(t.Context(), key.Reveal())
}

// advance moves the clock of a synctest bubble.
func advance(d time.Duration) { <-time.After(d) }

func TestAGoodKeyIsVerifiedOnce(t *testing.T) {
	t.Parallel()
	key := Generate()
	table := newTable(key)
	v := NewVerifier(table, VerifierOptions{})
	for range 100 {
		p, err := verify(t, v, key)
		require.NoError(t, err)
		require.Equal(t, table.records[key.Hash()].TenantID, p.TenantID)
		require.Equal(t, "acme", p.TenantSlug)
		require.True(t, p.Can(ScopeSearch))
		require.False(t, p.Can(ScopeAdmin))
		require.False(t, p.Unconfirmed || p.Development)
	}
	require.Equal(t, int32(1), table.lookups.Load())
}

func TestAMalformedKeyCostsNoLookup(t *testing.T) {
	t.Parallel()
	table := newTable()
	_, err := NewVerifier(table, VerifierOptions{}).Verify(t.Context(), "ra_live_guess")
	require.Same(t, ErrMalformed, err)
	require.Zero(t, table.lookups.Load())
}

func TestAnUnknownKeyIsAskedForOnce(t *testing.T) {
	t.Parallel()
	table, key := newTable(), Generate()
	v := NewVerifier(table, VerifierOptions{})
	for range 100 {
		_, err := verify(t, v, key)
		require.ErrorIs(t, err, ErrUnknownKey)
	}
	require.Equal(t, int32(1), table.lookups.Load())
}

func TestGuessingPushesOutNoGoodKey(t *testing.T) {
	t.Parallel()
	key := Generate()
	table := newTable(key)
	v := NewVerifier(table, VerifierOptions{MaxKeys: 100, CacheTTL: 10 * time.Second, Now: func() time.Time { return time.Unix(0, 0) }})
	_, err := verify(t, v, key)
	require.NoError(t, err)
	for range 5000 {
		_, err := verify(t, v, Generate())
		require.ErrorIs(t, err, ErrUnknownKey)
	}
	before := table.lookups.Load()
	_, err = verify(t, v, key)
	require.NoError(t, err)
	require.Equal(t, before, table.lookups.Load())
	v.unknown.CleanUp()
	require.LessOrEqual(t, v.unknown.EstimatedSize(), 16)
}

func TestEachReasonHasItsRefusal(t *testing.T) {
	t.Parallel()
	past, future := time.Now().Add(-time.Second), time.Now().Add(time.Hour)
	for name, c := range map[string]struct {
		change func(*Record)
		want   error
	}{
		"revoked":            {func(r *Record) { r.RevokedAt = &past }, ErrRevokedKey},
		"to be revoked":      {func(r *Record) { r.RevokedAt = &future }, nil},
		"expired":            {func(r *Record) { r.ExpiresAt = &past }, ErrExpiredKey},
		"to expire":          {func(r *Record) { r.ExpiresAt = &future }, nil},
		"tenant suspended":   {func(r *Record) { r.TenantState = domain.TenantSuspended }, ErrTenant},
		"tenant is anything": {func(r *Record) { r.TenantState = "deleting" }, ErrTenant},
		"tenant has none":    {func(r *Record) { r.TenantState = "" }, ErrTenant},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key := Generate()
			table := newTable(key)
			table.set(key, c.change)
			v := NewVerifier(table, VerifierOptions{OutageGrace: time.Hour})
			for range 2 {
				p, err := verify(t, v, key)
				if c.want == nil {
					require.NoError(t, err)
					continue
				}
				require.ErrorIs(t, err, c.want)
				require.Nil(t, p)
			}
		})
	}
}

func TestAKeyExpiresOnTimeOutOfTheCache(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		key := Generate()
		table := newTable(key)
		end := time.Now().Add(2 * time.Second)
		table.set(key, func(r *Record) { r.ExpiresAt = &end })
		v := NewVerifier(table, VerifierOptions{})
		_, err := verify(t, v, key)
		require.NoError(t, err)
		advance(2 * time.Second)
		_, err = verify(t, v, key)
		require.ErrorIs(t, err, ErrExpiredKey)
		require.Equal(t, int32(1), table.lookups.Load())
	})
}

func TestRevocationWorksWithinFiveSecondsWithoutNotification(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		key := Generate()
		table := newTable(key)
		v := NewVerifier(table, VerifierOptions{})
		_, err := verify(t, v, key)
		require.NoError(t, err)
		revoked := time.Now()
		table.set(key, func(r *Record) { r.RevokedAt = &revoked })
		for time.Since(revoked) < 5*time.Second {
			_, err = verify(t, v, key)
			advance(50 * time.Millisecond)
		}
		require.ErrorIs(t, err, ErrRevokedKey)
	})
}

func TestInvalidateWorksAtOnce(t *testing.T) {
	t.Parallel()
	for name, invalidate := range map[string]func(*Verifier, Key){
		"one": func(v *Verifier, k Key) { v.Invalidate(k.Hash()) },
		"all": func(v *Verifier, _ Key) { v.InvalidateAll() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, late := Generate(), Generate()
			table := newTable(key)
			v := NewVerifier(table, VerifierOptions{})
			_, err := verify(t, v, key)
			require.NoError(t, err)
			_, err = verify(t, v, late)
			require.ErrorIs(t, err, ErrUnknownKey)
			now := time.Now()
			table.set(key, func(r *Record) { r.RevokedAt = &now })
			table.set(late, func(r *Record) { r.TenantState = domain.TenantActive })
			invalidate(v, key)
			invalidate(v, late)
			_, err = verify(t, v, key)
			require.ErrorIs(t, err, ErrRevokedKey)
			_, err = verify(t, v, late)
			require.NoError(t, err)
		})
	}
}

// A lookup reads the key, the key is revoked, the notification comes, and only
// then does the lookup return: its answer must not be kept, nor given to anybody
// who asks after the notification.
func TestALookupFromBeforeTheRevocationIsDisowned(t *testing.T) {
	t.Parallel()
	key := Generate()
	table := newTable(key)
	read, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	table.setFault(func(context.Context) error {
		first := false
		once.Do(func() { first = true })
		if first {
			close(read)
			<-release
		}
		return nil
	})
	v := NewVerifier(table, VerifierOptions{})
	early := make(chan error, 1)
	go func() {
		_, err := v.Verify(context.Background(), key.Reveal())
		early <- err
	}()
	<-read
	now := time.Now()
	table.set(key, func(r *Record) { r.RevokedAt = &now })
	v.Invalidate(key.Hash())
	_, err := verify(t, v, key)
	require.ErrorIs(t, err, ErrRevokedKey, "does not join the earlier lookup")
	close(release)
	require.NoError(t, <-early, "who asked before may get the answer from before")
	_, err = verify(t, v, key)
	require.ErrorIs(t, err, ErrRevokedKey, "and it is not kept")
}

func TestOneLookupForAllWhoAskAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		key := Generate()
		table := newTable(key)
		table.setFault(func(context.Context) error { advance(time.Second); return nil })
		v := NewVerifier(table, VerifierOptions{})
		impatient, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := v.Verify(impatient, key.Reveal())
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
		for range 50 {
			wg.Go(func() {
				_, err := verify(t, v, key)
				require.NoError(t, err)
			})
		}
		wg.Wait()
		require.Equal(t, int32(1), table.lookups.Load())
	})
}

func TestItFailsClosed(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(context.Context) error{
		"error":   func(context.Context) error { return errors.New("connection refused by 10.0.0.1") },
		"hanging": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		"panic":   func(context.Context) error { panic("a bug") },
		"exits":   func(context.Context) error { runtime.Goexit(); return nil },
		"deaf":    func(context.Context) error { advance(time.Minute); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				key := Generate()
				table := newTable(key)
				v := NewVerifier(table, VerifierOptions{})
				_, err := verify(t, v, key)
				require.NoError(t, err)
				advance(4 * time.Second)
				table.setFault(fault)
				start := time.Now()
				p, err := verify(t, v, key)
				require.ErrorIs(t, err, ErrStoreDown)
				require.Nil(t, p)
				require.LessOrEqual(t, time.Since(start), 2*time.Second)
				table.setFault(nil)
				advance(2 * time.Minute) // what hangs ends by itself
				_, err = verify(t, v, key)
				require.NoError(t, err, "a failure is not kept")
			})
		})
	}
}

func TestOutageGraceAcceptsKnownKeysMarkedAndAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		known, unseen := Generate(), Generate()
		table := newTable(known, unseen)
		v := NewVerifier(table, VerifierOptions{OutageGrace: time.Minute})
		_, err := verify(t, v, known)
		require.NoError(t, err)
		table.setFault(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		advance(5 * time.Second)

		p, err := verify(t, v, known) // the first one finds out
		require.NoError(t, err)
		require.True(t, p.Unconfirmed)
		start := time.Now()
		for range 100 {
			p, err = verify(t, v, known)
			require.NoError(t, err)
			require.True(t, p.Unconfirmed)
		}
		require.Zero(t, time.Since(start), "nobody else waits for a store that hangs")
		_, err = verify(t, v, unseen)
		require.ErrorIs(t, err, ErrStoreDown, "grace is for keys that were good before")

		table.setFault(nil)
		advance(3 * time.Second)
		_, _ = verify(t, v, known)
		synctest.Wait()
		p, err = verify(t, v, known)
		require.NoError(t, err)
		require.False(t, p.Unconfirmed, "confirmed again")

		table.setFault(func(context.Context) error { return errors.New("down") })
		advance(2 * time.Minute)
		_, err = verify(t, v, known)
		require.ErrorIs(t, err, ErrStoreDown, "grace ends")
	})
}

func TestTheCacheIsBounded(t *testing.T) {
	t.Parallel()
	var keys []Key
	for range 500 {
		keys = append(keys, Generate())
	}
	v := NewVerifier(newTable(keys...), VerifierOptions{MaxKeys: 100, CacheTTL: time.Hour})
	require.Equal(t, maxCacheTTL, v.opts.CacheTTL)
	for _, k := range keys {
		_, err := verify(t, v, k)
		require.NoError(t, err)
	}
	v.known.CleanUp()
	require.LessOrEqual(t, v.known.EstimatedSize(), 100)
}

func TestConcurrentUseNeverMixesUpKeys(t *testing.T) {
	t.Parallel()
	var keys []Key
	for range 20 {
		keys = append(keys, Generate())
	}
	table := newTable(keys...)
	for i, k := range keys {
		table.set(k, func(r *Record) { r.TenantSlug = fmt.Sprint("tenant-", i) })
	}
	v := NewVerifier(table, VerifierOptions{MaxKeys: 16})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 2000 {
				n := (i*7 + g) % len(keys)
				p, err := v.Verify(context.Background(), keys[n].Reveal())
				if err != nil || p.TenantSlug != fmt.Sprint("tenant-", n) {
					t.Errorf("key %d: %v %v", n, p, err)
				}
				if i%50 == 0 {
					v.Invalidate(keys[n].Hash())
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkVerifyCached(b *testing.B) {
	key := Generate()
	v := NewVerifier(newTable(key), VerifierOptions{CacheTTL: maxCacheTTL})
	ctx, text := context.Background(), key.Reveal()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := v.Verify(ctx, text); err != nil {
				b.Fatal(err)
			}
		}
	})
}
