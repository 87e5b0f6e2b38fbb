package api

import (
	"context"
	"strings"
	"time"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
)

type apiKeyPatchBody struct {
	Name            *string             `json:"name,omitempty" maxLength:"200"`
	Description     *string             `json:"description,omitempty" maxLength:"2000"`
	Scopes          []string            `json:"scopes,omitempty" doc:"Replaces all scopes."`
	ExpiresAt       optional[time.Time] `json:"expires_at,omitempty" doc:"null is never."`
	AllowedNetworks optional[[]string]  `json:"allowed_networks,omitempty" doc:"Replaces all; null or [] allows every address."`
	RateLimit       *int                `json:"rate_limit,omitempty" minimum:"0" maximum:"1000000" doc:"Requests a minute; 0 is no limit of its own."`
}

type changeAPIKeyInput struct {
	APIKeyIDInput
	Body body[apiKeyPatchBody]
}

type apiKeyOutput struct{ Body APIKey }

func (s *Server) changeAPIKey(ctx context.Context, in *changeAPIKeyInput) (*apiKeyOutput, error) {
	id, err := parseID(in.ID, "API key")
	if err != nil {
		return nil, err
	}
	p, b := caller(ctx), &in.Body.Value
	if err := b.check(p); err != nil {
		return nil, err
	}
	k, err := s.deps.Store.ChangeAPIKey(ctx, p.TenantID, id, func(k *domain.APIKey) error { return b.apply(p, k) })
	if err != nil {
		return nil, err
	}
	return &apiKeyOutput{apiKeyView(&k)}, nil
}

func (b *apiKeyPatchBody) check(p *auth.Principal) error {
	e := domain.Error{Code: domain.CodeInvalid, Message: "the change of the API key is not valid"}
	if b.Name != nil {
		*b.Name = strings.TrimSpace(*b.Name)
		checkText(&e, "name", *b.Name, maxNameBytes)
		if *b.Name == "" {
			e.Fields = append(e.Fields, domain.FieldError{Field: "name", Message: "must not be empty"})
		}
	}
	if b.Description != nil {
		checkText(&e, "description", *b.Description, maxDescriptionBytes)
	}
	if t := b.ExpiresAt.Value; !t.IsZero() && !t.After(time.Now()) {
		e.Fields = append(e.Fields, domain.FieldError{Field: "expires_at", Message: "must be in the future; to end a key now, revoke it"})
	}
	b.AllowedNetworks.Value = checkNetworks(&e, b.AllowedNetworks.Value)
	if b.RateLimit != nil {
		checkRateLimit(&e, *b.RateLimit)
	}
	_, err := checkScopes(&e, p, b.Scopes, 0)
	return err
}

// apply changes a key. Nobody may change one that can do more than they can.
func (b *apiKeyPatchBody) apply(p *auth.Principal, k *domain.APIKey) error {
	if err := mayManage(p, k); err != nil {
		return err
	}
	if b.Name != nil {
		k.Name = *b.Name
	}
	if b.Description != nil {
		k.Description = *b.Description
	}
	if b.Scopes != nil {
		k.Scopes = b.Scopes
	}
	if b.ExpiresAt.Given {
		k.ExpiresAt = nil
		if t := b.ExpiresAt.Value; !t.IsZero() {
			k.ExpiresAt = &t
		}
	}
	if b.AllowedNetworks.Given {
		k.AllowedNetworks = b.AllowedNetworks.Value
	}
	if b.RateLimit != nil {
		k.RateLimit = *b.RateLimit
	}
	return nil
}

func mayManage(p *auth.Principal, k *domain.APIKey) error {
	for _, name := range k.Scopes {
		if !p.Can(auth.Scope(name)) {
			return domain.Errorf(domain.CodePermissionDenied, "the key has the scope %q that its changer lacks", name)
		}
	}
	return nil
}

type rotateAPIKeyBody struct {
	OverlapHours *int `json:"overlap_hours,omitempty" minimum:"0" maximum:"168" doc:"How long the old key works, too. 24 when left out; 0 ends it at once."`
}

type rotateAPIKeyInput struct {
	APIKeyIDInput
	Body body[rotateAPIKeyBody]
}

func (s *Server) rotateAPIKey(ctx context.Context, in *rotateAPIKeyInput) (*createAPIKeyOutput, error) {
	id, err := parseID(in.ID, "API key")
	if err != nil {
		return nil, err
	}
	overlap := defaultOverlap
	if h := in.Body.Value.OverlapHours; h != nil {
		if *h < 0 || *h > maxOverlapHours {
			return nil, invalidField("overlap_hours", "must be 0 to 168")
		}
		overlap = time.Duration(*h) * time.Hour
	}
	p, key := caller(ctx), auth.Generate()
	allowed := func(k *domain.APIKey) error { return mayManage(p, k) }
	next, err := s.deps.Store.RotateAPIKey(ctx, p.TenantID, id, key, overlap, allowed)
	if err != nil {
		return nil, err
	}
	return &createAPIKeyOutput{CreatedAPIKey{APIKey: apiKeyView(&next), Key: key.Reveal()}}, nil
}
