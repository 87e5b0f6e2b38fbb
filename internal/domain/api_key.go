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
}
