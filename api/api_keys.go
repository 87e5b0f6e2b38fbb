package api

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

const (
	maxNameBytes        = 200
	maxDescriptionBytes = 2000
	maxKeyRate          = 1_000_000 // requests a minute
)

// defaultScopes are those of a key whose creator did not say.
var defaultScopes = auth.Scopes(auth.ScopeSearch, auth.ScopeDocumentsRead, auth.ScopeDocumentsWrite)

// APIKey is what may be known of a key.
type APIKey struct {
	ID              uuid.UUID  `json:"id"`
	Name            string     `json:"name"`
	Description     string     `json:"description"`
	Prefix          string     `json:"prefix" doc:"How the key begins." example:"ra_live_a1b2"`
	LastFour        string     `json:"last_four"`
	Scopes          []string   `json:"scopes"`
	State           string     `json:"state" enum:"active,expired,revoked"`
	CreatedAt       time.Time  `json:"created_at"`
	ExpiresAt       *time.Time `json:"expires_at" nullable:"true"`
	RevokedAt       *time.Time `json:"revoked_at" nullable:"true"`
	LastUsedAt      *time.Time `json:"last_used_at" nullable:"true" doc:"Noted every few seconds."`
	RequestCount    int64      `json:"request_count"`
	AllowedNetworks []string   `json:"allowed_networks" doc:"Where it may be used from; empty is everywhere." example:"[\"203.0.113.0/24\"]"`
	RateLimit       int        `json:"rate_limit" doc:"Requests a minute over all servers; 0 is no limit of its own."`
	ReplacedBy      *uuid.UUID `json:"replaced_by" nullable:"true" doc:"The key that took its place when it was rotated; until revoked_at both work."`
}

func apiKeyView(k *domain.APIKey) APIKey {
	now := time.Now()
	state := "active"
	switch {
	case k.RevokedAt != nil && !k.RevokedAt.After(now):
		state = "revoked"
	case k.ExpiresAt != nil && !k.ExpiresAt.After(now):
		state = "expired"
	}
	return APIKey{
		ID: k.ID, Name: k.Name, Description: k.Description, Prefix: k.Prefix, LastFour: k.LastFour, Scopes: k.Scopes, State: state,
		CreatedAt: k.CreatedAt, ExpiresAt: utc(k.ExpiresAt), RevokedAt: utc(k.RevokedAt), LastUsedAt: utc(k.LastUsedAt),
		RequestCount: k.RequestCount, AllowedNetworks: k.AllowedNetworks, RateLimit: k.RateLimit, ReplacedBy: k.ReplacedBy,
	}
}

// APIKeyList is one page of keys.
type APIKeyList struct {
	APIKeys    []APIKey `json:"api_keys"`
	NextCursor string   `json:"next_cursor,omitempty" doc:"Left out on the last page."`
}

type listAPIKeysOutput struct{ Body APIKeyList }

func (s *Server) listAPIKeys(ctx context.Context, in *PageInput) (*listAPIKeysOutput, error) {
	before, err := in.beforeID()
	if err != nil {
		return nil, err
	}
	found, err := s.deps.Store.APIKeys(ctx, caller(ctx).TenantID, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	found, next := page(found, in.Limit, func(k domain.APIKey) string { return cursorOfID(k.ID) })
	out := &listAPIKeysOutput{APIKeyList{APIKeys: make([]APIKey, len(found)), NextCursor: next}}
	for i := range found {
		out.Body.APIKeys[i] = apiKeyView(&found[i])
	}
	return out, nil
}

type apiKeyBody struct {
	Name            string     `json:"name" required:"true" maxLength:"200" example:"Production API Key"`
	Description     string     `json:"description,omitempty" maxLength:"2000" example:"Main production key"`
	Scopes          []string   `json:"scopes,omitempty" nullable:"true" doc:"search, documents:read, documents:write, analytics:read, webhooks, admin, platform. The first three when left out." example:"[\"search\"]"`
	ExpiresAt       *time.Time `json:"expires_at,omitempty" nullable:"true" doc:"Never when left out."`
	AllowedNetworks []string   `json:"allowed_networks,omitempty" nullable:"true" maxItems:"100" doc:"Networks and addresses it may be used from; everywhere when left out." example:"[\"203.0.113.0/24\"]"`
	RateLimit       int        `json:"rate_limit,omitempty" minimum:"0" maximum:"1000000" doc:"Requests a minute over all servers; no limit of its own when left out."`
}

type createAPIKeyInput struct{ Body body[apiKeyBody] }

// CreatedAPIKey is a new key, with the key itself.
type CreatedAPIKey struct {
	APIKey
	Key string `json:"key" doc:"The key. It is not shown again." example:"ra_live_…"`
}

type createAPIKeyOutput struct{ Body CreatedAPIKey }

func (s *Server) createAPIKey(ctx context.Context, in *createAPIKeyInput) (*createAPIKeyOutput, error) {
	p := caller(ctx)
	b := &in.Body.Value
	scopes, err := b.check(p)
	if err != nil {
		return nil, err
	}
	key := auth.Generate()
	stored, err := s.deps.Store.CreateAPIKey(ctx, p.TenantID, store.NewAPIKey{
		Name: b.Name, Description: b.Description, Key: key, Scopes: scopes, ExpiresAt: b.ExpiresAt,
		AllowedNetworks: b.AllowedNetworks, RateLimit: b.RateLimit,
	})
	if err != nil {
		return nil, err
	}
	return &createAPIKeyOutput{CreatedAPIKey{APIKey: apiKeyView(&stored), Key: key.Reveal()}}, nil
}

// check validates the body and returns the scopes, none of which the creator lacks.
func (b *apiKeyBody) check(p *auth.Principal) (auth.ScopeSet, error) {
	e := domain.Error{Code: domain.CodeInvalid, Message: "the API key is not valid"}
	b.Name = strings.TrimSpace(b.Name)
	checkText(&e, "name", b.Name, maxNameBytes)
	checkText(&e, "description", b.Description, maxDescriptionBytes)
	if b.Name == "" {
		e.Fields = append(e.Fields, domain.FieldError{Field: "name", Message: "is required"})
	}
	if b.ExpiresAt != nil && !b.ExpiresAt.After(time.Now()) {
		e.Fields = append(e.Fields, domain.FieldError{Field: "expires_at", Message: "must be in the future"})
	}
	b.AllowedNetworks = checkNetworks(&e, b.AllowedNetworks)
	checkRateLimit(&e, b.RateLimit)
	return checkScopes(&e, p, b.Scopes, defaultScopes)
}

// checkScopes returns the scopes of a key, none of which the caller lacks, or e if
// that or anything before was wrong.
func checkScopes(e *domain.Error, p *auth.Principal, names []string, scopes auth.ScopeSet) (auth.ScopeSet, error) {
	if names != nil {
		var err error
		if scopes, err = auth.ParseScopes(names); err != nil {
			e.Fields = append(e.Fields, visible(err).Fields...)
		}
	}
	if len(e.Fields) > 0 {
		return 0, e
	}
	for _, name := range scopes.Strings() {
		if !p.Can(auth.Scope(name)) {
			return 0, domain.Errorf(domain.CodePermissionDenied, "a key cannot grant the scope %q that its creator lacks", name)
		}
	}
	return scopes, nil
}

// checkNetworks returns networks as they are stored.
func checkNetworks(e *domain.Error, texts []string) []string {
	networks, err := auth.ParseNetworks(texts)
	if err != nil {
		e.Fields = append(e.Fields, domain.FieldError{Field: "allowed_networks", Message: err.Error()})
	}
	out := make([]string, len(networks))
	for i, n := range networks {
		out[i] = n.String()
	}
	return out
}

func checkRateLimit(e *domain.Error, perMinute int) {
	if perMinute < 0 || perMinute > maxKeyRate {
		e.Fields = append(e.Fields, domain.FieldError{Field: "rate_limit", Message: "must be 0 (none) to 1000000 requests a minute"})
	}
}

func checkText(e *domain.Error, field, text string, limit int) {
	switch {
	case len(text) > limit:
		e.Fields = append(e.Fields, domain.FieldError{Field: field, Message: fmt.Sprintf("is %d bytes long, at most %d are allowed", len(text), limit)})
	case !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0:
		e.Fields = append(e.Fields, domain.FieldError{Field: field, Message: "must be UTF-8 without NUL characters"})
	}
}

// APIKeyIDInput names a key. It is exported for huma, which sees no other embedded fields.
type APIKeyIDInput struct {
	ID string `path:"id" doc:"The key's id, not the key." example:"0198c0de-0000-7000-8000-000000000000"`
}

func (s *Server) revokeAPIKey(ctx context.Context, in *APIKeyIDInput) (*struct{}, error) {
	id, err := parseID(in.ID, "API key")
	if err != nil {
		return nil, err
	}
	return nil, s.deps.Store.RevokeAPIKey(ctx, caller(ctx).TenantID, id)
}
