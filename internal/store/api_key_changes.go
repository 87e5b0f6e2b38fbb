package store

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// ChangeAPIKey lets change alter a key that nobody else can alter meanwhile, and
// tells every process. A key that was revoked stays as it is.
func (s *Store) ChangeAPIKey(ctx context.Context, tenant, id uuid.UUID, alter func(*domain.APIKey) error) (out domain.APIKey, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		row, k, err := lockKey(ctx, q, tenant, id)
		if err != nil {
			return err
		}
		if over(k.RevokedAt) {
			return domain.Errorf(domain.CodeConflict, "the API key was revoked; create another one")
		}
		before, lived := keyFacts(&k), live(&k)
		if err := alter(&k); err != nil {
			return err
		}
		if out, err = updateKey(ctx, q, &k); err != nil {
			return err
		}
		c := change{action: "api_key.changed", kind: "api_key", id: id.String(), before: before, after: keyFacts(&out)}
		if err := audit(ctx, q, tenant, c); err != nil {
			return err
		}
		if err := notifyKey(ctx, q, row.KeyHash); err != nil || lived == live(&out) {
			return err
		}
		if lived {
			return s.settleKeys(ctx, q, tenant, -1)
		}
		return s.settleKeys(ctx, q, tenant, 1) // it had expired
	})
	return out, err
}

// RotateAPIKey gives a key a successor with the same name, scopes and rules. The old
// one works until overlap is over. allowed may refuse.
func (s *Store) RotateAPIKey(ctx context.Context, tenant, id uuid.UUID, next auth.Key, overlap time.Duration, allowed func(*domain.APIKey) error) (out domain.APIKey, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		row, old, err := lockKey(ctx, q, tenant, id)
		if err != nil {
			return err
		}
		if err := allowed(&old); err != nil {
			return err
		}
		switch {
		case old.ReplacedBy != nil:
			return domain.Errorf(domain.CodeConflict, "the API key was rotated already, its successor is %s", old.ReplacedBy)
		case over(old.RevokedAt), over(old.ExpiresAt):
			return domain.Errorf(domain.CodeConflict, "the API key is revoked or expired; create another one")
		}
		out, err = insertKey(ctx, q, tenant, NewAPIKey{
			Name: old.Name, Description: old.Description, Key: next, Scopes: auth.StoredScopes(old.Scopes), ExpiresAt: old.ExpiresAt,
			AllowedNetworks: old.AllowedNetworks, RateLimit: old.RateLimit,
		})
		if err != nil {
			return err
		}
		before, ends := keyFacts(&old), time.Now().UTC().Add(overlap)
		old.ReplacedBy, old.RevokedAt = &out.ID, &ends
		if old, err = updateKey(ctx, q, &old); err != nil {
			return err
		}
		c := change{action: "api_key.rotated", kind: "api_key", id: id.String(), before: before, after: keyFacts(&old)}
		if err := audit(ctx, q, tenant, c); err != nil {
			return err
		}
		if err := tell(ctx, q, tenant, domain.EventAPIKeyRotated, eventOf(&old)); err != nil {
			return err
		}
		return notifyKey(ctx, q, row.KeyHash)
	})
	return out, err
}

// RevokeAPIKey ends a key at once, also one that was to end later, and tells every
// process to forget it. Revoking it again changes nothing.
func (s *Store) RevokeAPIKey(ctx context.Context, tenant, id uuid.UUID) error {
	return s.inTenant(ctx, tenant, func(q *db.Queries) error {
		row, k, err := lockKey(ctx, q, tenant, id)
		if err != nil || over(k.RevokedAt) {
			return err
		}
		before, now := keyFacts(&k), time.Now().UTC()
		k.RevokedAt = &now
		if k, err = updateKey(ctx, q, &k); err != nil {
			return err
		}
		c := change{action: "api_key.revoked", kind: "api_key", id: id.String(), before: before, after: keyFacts(&k)}
		if err := audit(ctx, q, tenant, c); err != nil {
			return err
		}
		if err := tell(ctx, q, tenant, domain.EventAPIKeyRevoked, eventOf(&k)); err != nil {
			return err
		}
		if err := notifyKey(ctx, q, row.KeyHash); err != nil {
			return err
		}
		return s.settleKeys(ctx, q, tenant, -1)
	})
}

// live reports whether a key counts in the quota: one that was rotated does not, its
// successor does.
func live(k *domain.APIKey) bool {
	return k.ReplacedBy == nil && !over(k.RevokedAt) && !over(k.ExpiresAt)
}

func over(t *time.Time) bool { return t != nil && !t.After(time.Now()) }

func lockKey(ctx context.Context, q *db.Queries, tenant, id uuid.UUID) (db.ApiKey, domain.APIKey, error) {
	row, err := q.APIKeyLock(ctx, db.APIKeyLockParams{TenantID: tenant, ID: id})
	if noRows(err) {
		err = domain.NotFound("API key")
	}
	return row, keyFrom(row), err
}

func updateKey(ctx context.Context, q *db.Queries, k *domain.APIKey) (domain.APIKey, error) {
	row, err := q.APIKeyUpdate(ctx, db.APIKeyUpdateParams{
		TenantID: k.TenantID, ID: k.ID, Name: k.Name, Description: k.Description, Scopes: k.Scopes, ExpiresAt: k.ExpiresAt,
		RevokedAt: k.RevokedAt, AllowedNetworks: nonNil(k.AllowedNetworks), RateLimit: int32(k.RateLimit), ReplacedBy: k.ReplacedBy,
	})
	return keyFrom(row), err
}

// keyFacts is what the audit log shows of a key.
func keyFacts(k *domain.APIKey) any {
	return struct {
		Name            string     `json:"name"`
		Description     string     `json:"description,omitempty"`
		Prefix          string     `json:"prefix"`
		LastFour        string     `json:"last_four"`
		Scopes          []string   `json:"scopes"`
		ExpiresAt       *time.Time `json:"expires_at,omitempty"`
		RevokedAt       *time.Time `json:"revoked_at,omitempty"`
		AllowedNetworks []string   `json:"allowed_networks,omitempty"`
		RateLimit       int        `json:"rate_limit,omitempty"`
		ReplacedBy      *uuid.UUID `json:"replaced_by,omitempty"`
	}{k.Name, k.Description, k.Prefix, k.LastFour, k.Scopes, k.ExpiresAt, k.RevokedAt, k.AllowedNetworks, k.RateLimit, k.ReplacedBy}
}
