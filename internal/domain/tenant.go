package domain

import (
	"regexp"
	"time"

	"github.com/google/uuid"
)

// DefaultTenantSlug is the tenant that exists from the first migration of data on.
const DefaultTenantSlug = "default"

// TenantState says whether a tenant may be used.
//
//	provisioning ──▶ active ◀──▶ suspended
//	                   └──▶ offboarding ◀──┘
//
// Off-boarding can be given up until the first row has gone: then the tenant is
// suspended. The database refuses every other change.
type TenantState string

// The states of a tenant.
const (
	TenantProvisioning TenantState = "provisioning"
	TenantActive       TenantState = "active"
	TenantSuspended    TenantState = "suspended"
	TenantOffboarding  TenantState = "offboarding"
)

// TenantStates lists every state, in the order of a tenant's life.
var TenantStates = []TenantState{TenantProvisioning, TenantActive, TenantSuspended, TenantOffboarding}

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
