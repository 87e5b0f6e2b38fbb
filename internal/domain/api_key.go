package domain

import (
	"time"

	"github.com/google/uuid"
)

// APIKey is what is known of a key after it was shown once. The key itself is
// never stored.
type APIKey struct {
	ID           uuid.UUID
	TenantID     uuid.UUID
	Name         string
	Description  string
	Prefix       string
	LastFour     string
	Scopes       []string
	CreatedAt    time.Time
	ExpiresAt    *time.Time
	RevokedAt    *time.Time
	LastUsedAt   *time.Time
	RequestCount int64
	// AllowedNetworks are where the key may be used from, in CIDR notation; none
	// means everywhere. RateLimit is in requests a minute, 0 for none.
	AllowedNetworks []string
	RateLimit       int
	// ReplacedBy is the key that took its place when it was rotated.
	ReplacedBy *uuid.UUID
}
