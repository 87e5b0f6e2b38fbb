package domain

import (
	"regexp"
	"time"

	"github.com/google/uuid"
)

// DefaultTenantSlug is the tenant that exists from the first migration of data on.
const DefaultTenantSlug = "default"

// TenantState says whether a tenant may be used.
type TenantState string

// The states of a tenant.
const (
	TenantActive    TenantState = "active"
	TenantSuspended TenantState = "suspended"
)

// Tenant is one isolated customer of the platform.
type Tenant struct {
	ID        uuid.UUID
	Slug      string
	Name      string
	State     TenantState
	Plan      Plan
	CreatedAt time.Time
}

var slugPattern = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$`)

// ValidateSlug reports whether s can name a tenant: 1-63 lower-case letters,
// digits and inner hyphens, as in a DNS label.
func ValidateSlug(s string) error {
	if slugPattern.MatchString(s) {
		return nil
	}
	return &Error{Code: CodeInvalid, Message: "the tenant slug is not valid", Fields: []FieldError{{
		Field: "slug", Message: "use 1-63 lower-case letters, digits and inner hyphens",
	}}}
}
