package store

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// NewAPIKey is a key to be stored: its hash, and what may be shown of it.
type NewAPIKey struct {
	Name        string
	Description string
	Key         auth.Key
	Scopes      auth.ScopeSet
	ExpiresAt   *time.Time
	// AllowedNetworks and RateLimit are those of domain.APIKey.
	AllowedNetworks []string
	RateLimit       int
}

// apiKeyEvent is the payload of api_key.* events: what any list of keys shows.
type apiKeyEvent struct {
	KeyID     uuid.UUID  `json:"key_id"`
	Name      string     `json:"name"`
	Prefix    string     `json:"prefix"`
	Scopes    []string   `json:"scopes"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	// ReplacedBy and RevokedAt are of a key that was rotated.
	ReplacedBy *uuid.UUID `json:"replaced_by,omitempty"`
	RevokedAt  *time.Time `json:"revoked_at,omitempty"`
}

func eventOf(k *domain.APIKey) apiKeyEvent {
	return apiKeyEvent{
		KeyID: k.ID, Name: k.Name, Prefix: k.Prefix, Scopes: nonNil(k.Scopes), ExpiresAt: k.ExpiresAt, ReplacedBy: k.ReplacedBy, RevokedAt: k.RevokedAt,
	}
}

// CreateAPIKey stores a key of the tenant, if its quota has room for another.
func (s *Store) CreateAPIKey(ctx context.Context, tenant uuid.UUID, k NewAPIKey) (out domain.APIKey, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		if out, err = insertKey(ctx, q, tenant, k); err != nil {
			return err
		}
		if err := tellKeyCreated(ctx, q, tenant, &out); err != nil {
			return err
		}
		return s.settleKeys(ctx, q, tenant, 1)
	})
	return out, err
}

// tellKeyCreated tells the audit log and webhooks of a new key.
func tellKeyCreated(ctx context.Context, q *db.Queries, tenant uuid.UUID, made *domain.APIKey) error {
	c := change{action: "api_key.created", kind: "api_key", id: made.ID.String(), after: keyFacts(made)}
	if err := audit(ctx, q, tenant, c); err != nil {
		return err
	}
	return tell(ctx, q, tenant, domain.EventAPIKeyCreated, eventOf(made))
}

func insertKey(ctx context.Context, q *db.Queries, tenant uuid.UUID, k NewAPIKey) (domain.APIKey, error) {
	hash, id := k.Key.Hash(), uuid.Must(uuid.NewV7())
	err := q.APIKeyInsert(ctx, db.APIKeyInsertParams{
		TenantID: tenant, ID: id, Name: k.Name, Description: k.Description, KeyHash: hash[:], Prefix: k.Key.Prefix(),
		LastFour: k.Key.LastFour(), Scopes: k.Scopes.Strings(), ExpiresAt: k.ExpiresAt,
		AllowedNetworks: nonNil(k.AllowedNetworks), RateLimit: int32(k.RateLimit),
	})
	if err != nil {
		return domain.APIKey{}, err
	}
	row, err := q.APIKeyGet(ctx, db.APIKeyGetParams{TenantID: tenant, ID: id})
	return keyFrom(row), err
}

func keyFrom(r db.ApiKey) domain.APIKey {
	return domain.APIKey{
		ID: r.ID, TenantID: r.TenantID, Name: r.Name, Description: r.Description, Prefix: r.Prefix, LastFour: r.LastFour,
		Scopes: r.Scopes, CreatedAt: r.CreatedAt.UTC(), ExpiresAt: r.ExpiresAt, RevokedAt: r.RevokedAt,
		LastUsedAt: r.LastUsedAt, RequestCount: r.RequestCount,
		AllowedNetworks: r.AllowedNetworks, RateLimit: int(r.RateLimit), ReplacedBy: r.ReplacedBy,
	}
}

// EnsureAPIKey stores a key that is known beforehand (the printed admin key,
// ADMIN_API_KEY) unless it is stored already.
func (s *Store) EnsureAPIKey(ctx context.Context, tenant uuid.UUID, k NewAPIKey) (created bool, err error) {
	hash := k.Key.Hash()
	id := uuid.Must(uuid.NewV7())
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		n, err := q.APIKeyInsertIfAbsent(ctx, db.APIKeyInsertIfAbsentParams{
			TenantID: tenant, ID: id, Name: k.Name, Description: k.Description, KeyHash: hash[:],
			Prefix: k.Key.Prefix(), LastFour: k.Key.LastFour(), Scopes: k.Scopes.Strings(),
		})
		if created = n == 1; err != nil || !created {
			return err
		}
		made := domain.APIKey{ID: id, Name: k.Name, Prefix: k.Key.Prefix(), Scopes: k.Scopes.Strings()}
		if err := tell(ctx, q, tenant, domain.EventAPIKeyCreated, eventOf(&made)); err != nil {
			return err
		}
		// Somebody may have tried it before it was stored.
		return notifyKey(ctx, q, hash[:])
	})
	return created, err
}

// KeyLookup implements auth.KeyStore.
func (s *Store) KeyLookup(ctx context.Context, hash []byte) (r auth.Record, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		row, err := q.APIKeyGetByHash(ctx, hash)
		if noRows(err) {
			return domain.NotFound("API key")
		}
		r = auth.Record{
			KeyID: row.ID, TenantID: row.TenantID, TenantSlug: row.Slug, TenantState: domain.TenantState(row.TenantState),
			Scopes: row.Scopes, ExpiresAt: row.ExpiresAt, RevokedAt: row.RevokedAt, Name: row.Name,
			Rules: auth.StoredRules(row.AllowedNetworks, int(row.RateLimit)), Limits: s.tiers.Limits(planFrom(row.Tier, row.Quota)),
		}
		return err
	})
	return r, err
}

// APIKeys lists the tenant's keys, newest first, those before the given id.
func (s *Store) APIKeys(ctx context.Context, tenant, before uuid.UUID, limit int) (out []domain.APIKey, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		rows, err := q.APIKeyList(ctx, db.APIKeyListParams{TenantID: tenant, BeforeID: beforeOr(before), RowLimit: int32(limit)})
		for _, r := range rows {
			out = append(out, keyFrom(r))
		}
		return err
	})
	return out, err
}

// KeyUse is how often one key was used since the last report.
type KeyUse struct {
	TenantID, KeyID uuid.UUID
	LastUsedAt      time.Time
	Requests        int64
}

// TouchAPIKeys adds up uses of many keys in one statement.
func (s *Store) TouchAPIKeys(ctx context.Context, uses []KeyUse) error {
	var p db.APIKeyTouchManyParams
	for _, u := range uses {
		p.TenantIds = append(p.TenantIds, u.TenantID)
		p.Ids = append(p.Ids, u.KeyID)
		p.UsedAts = append(p.UsedAts, u.LastUsedAt)
		p.Requests = append(p.Requests, u.Requests)
	}
	return s.inSystem(ctx, func(q *db.Queries) error { return q.APIKeyTouchMany(ctx, p) })
}

// Session is a signed-in browser.
type Session struct {
	TenantID   uuid.UUID
	TenantSlug string
	TenantName string
	KeyID      uuid.UUID
	KeyName    string
	KeyPrefix  string
	Scopes     []string
	Rules      auth.Rules
	Limits     domain.Quota
	ExpiresAt  time.Time
}

// CreateSession stores a session of the key under the hash of its token.
func (s *Store) CreateSession(ctx context.Context, tenant, key uuid.UUID, token auth.Hash, expires time.Time) error {
	return s.inTenant(ctx, tenant, func(q *db.Queries) error {
		return q.SessionInsert(ctx, db.SessionInsertParams{
			TenantID: tenant, ID: uuid.Must(uuid.NewV7()), ApiKeyID: key, TokenHash: token[:], ExpiresAt: expires,
		})
	})
}

// SessionByToken returns the live session of a token and marks it as used. A
// session whose key was revoked or has expired, or whose tenant is suspended, is gone.
func (s *Store) SessionByToken(ctx context.Context, token auth.Hash, idle time.Duration) (out Session, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		now := time.Now()
		r, err := q.SessionGet(ctx, db.SessionGetParams{TokenHash: token[:], IdleSince: now.Add(-idle)})
		if err != nil && !noRows(err) {
			return err
		}
		past := func(t *time.Time) bool { return t != nil && !t.After(now) }
		if noRows(err) || past(r.RevokedAt) || past(r.KeyExpiresAt) || r.TenantState != string(domain.TenantActive) {
			return domain.NotFound("session")
		}
		out = Session{
			TenantID: r.TenantID, TenantSlug: r.Slug, TenantName: r.TenantName, KeyID: r.ApiKeyID, KeyName: r.Name,
			KeyPrefix: r.Prefix, Scopes: r.Scopes, ExpiresAt: r.ExpiresAt.UTC(),
			Rules: auth.StoredRules(r.AllowedNetworks, int(r.RateLimit)), Limits: s.tiers.Limits(planFrom(r.Tier, r.Quota)),
		}
		return q.SessionTouch(ctx, token[:])
	})
	return out, err
}

// DeleteSession signs a browser out.
func (s *Store) DeleteSession(ctx context.Context, token auth.Hash) error {
	return s.inSystem(ctx, func(q *db.Queries) error { return q.SessionDelete(ctx, token[:]) })
}
