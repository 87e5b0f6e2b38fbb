package auth

import (
	"strings"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// Scope is one permission of a key.
type Scope string

// The scopes. ScopeAdmin includes every other scope within the key's tenant;
// ScopePlatform includes ScopeAdmin over all tenants.
const (
	ScopeSearch         Scope = "search"
	ScopeDocumentsRead  Scope = "documents:read"
	ScopeDocumentsWrite Scope = "documents:write"
	ScopeAnalyticsRead  Scope = "analytics:read"
	ScopeWebhooks       Scope = "webhooks"
	ScopeAdmin          Scope = "admin"
	ScopePlatform       Scope = "platform"
)

// scopeOrder fixes the bit of each scope in a ScopeSet. The bits live in memory
// only; what is stored are the names.
var scopeOrder = [...]Scope{
	ScopeSearch, ScopeDocumentsRead, ScopeDocumentsWrite, ScopeAnalyticsRead,
	ScopeWebhooks, ScopeAdmin, ScopePlatform,
}

// ScopeSet is a set of scopes.
type ScopeSet uint8

// AllScopes returns every scope there is, in the order in which they are documented.
func AllScopes() []Scope { return append([]Scope(nil), scopeOrder[:]...) }

// Scopes returns the set of the given scopes.
func Scopes(scopes ...Scope) ScopeSet {
	var set ScopeSet
	for _, s := range scopes {
		set |= s.bit()
	}
	return set
}

// ParseScopes reads the names that a caller gave. An unknown name, or none at
// all, is a domain.CodeInvalid error on the field "scopes".
func ParseScopes(names []string) (ScopeSet, error) {
	var set ScopeSet
	for _, name := range names {
		bit := Scope(name).bit()
		if bit == 0 {
			return 0, invalidScopes("unknown scope " + quoteShort(name) + "; use " + scopeNames())
		}
		set |= bit
	}
	if set == 0 {
		return 0, invalidScopes("at least one scope is needed: " + scopeNames())
	}
	return set, nil
}

// Has reports whether the set grants want, by itself or by a scope that
// includes it.
func (s ScopeSet) Has(want Scope) bool {
	bit := want.bit()
	if bit == 0 {
		return false
	}
	if s&ScopePlatform.bit() != 0 {
		return true
	}
	if want == ScopePlatform {
		return false
	}
	return s&(bit|ScopeAdmin.bit()) != 0
}

// Strings returns the names in the set, as they are stored and shown.
func (s ScopeSet) Strings() []string {
	names := make([]string, 0, len(scopeOrder))
	for i, scope := range scopeOrder {
		if s&(1<<i) != 0 {
			names = append(names, string(scope))
		}
	}
	return names
}

// StoredScopes reads the names in a record. A name that this version does not
// know (a newer one wrote it) grants nothing and takes nothing else away.
func StoredScopes(names []string) ScopeSet {
	var set ScopeSet
	for _, name := range names {
		set |= Scope(name).bit()
	}
	return set
}

// bit returns 0 for a scope that does not exist.
func (s Scope) bit() ScopeSet {
	for i, scope := range scopeOrder {
		if s == scope {
			return 1 << i
		}
	}
	return 0
}

func scopeNames() string { return strings.Join(Scopes(scopeOrder[:]...).Strings(), ", ") }

func invalidScopes(message string) error {
	return &domain.Error{
		Code: domain.CodeInvalid, Message: "the scopes are not valid",
		Fields: []domain.FieldError{{Field: "scopes", Message: message}},
	}
}

// quoteShort keeps an error readable whatever was sent.
func quoteShort(s string) string {
	const most = 32
	if len(s) > most {
		s = s[:most] + "…"
	}
	return `"` + strings.ToValidUTF8(s, "?") + `"`
}
