package api

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/ratelimit"
	"github.com/rustassistant/rustassistant/internal/telemetry"
)

var (
	errNoCredentials = domain.Errorf(domain.CodeUnauthenticated,
		"an API key is needed: send it as X-API-Key or as Authorization: Bearer")
	errTwoCredentials = domain.Errorf(domain.CodeUnauthenticated, "X-API-Key and Authorization hold different keys")
	errForeignOrigin  = domain.Errorf(domain.CodePermissionDenied, "requests of other web sites are refused")
)

// authenticate finds out who calls, in which tenant, and whether the operation's
// scope is among theirs. It fails closed.
func (s *Server) authenticate(c *gin.Context) {
	r := s.routes[c.Request.Method+" "+c.FullPath()]
	if r == nil || r.scope == scopePublic {
		return
	}
	p, err := s.principal(c)
	if err != nil {
		s.deps.Metrics.AuthFailures.WithLabelValues(string(domain.CodeOf(err))).Inc()
		fail(c, err)
		return
	}
	if err := s.admit(c, p); err != nil {
		fail(c, err)
		return
	}
	s.keyUse.count(p)
	if p, err = s.inTenant(c.Request, p); err != nil {
		fail(c, err)
		return
	}
	s.meter.Request(p.TenantID)
	if err := s.admitTenant(c, p); err != nil {
		fail(c, err)
		return
	}
	if err := allowed(p, r); err != nil {
		fail(c, err)
		return
	}
	if err := s.usable(c.Request.Context(), p, r); err != nil {
		fail(c, err)
		return
	}
	ctx := telemetry.With(c.Request.Context(), slog.String("tenant", p.TenantSlug))
	if r.scope != auth.ScopeSearch && !safeMethod(r.method) {
		ctx = domain.WithActor(ctx, actor(c, p))
	}
	c.Request = c.Request.WithContext(auth.WithPrincipal(ctx, p))
}

func allowed(p *auth.Principal, r *route) error {
	if p.Unconfirmed && !safeMethod(r.method) && r.scope != auth.ScopeSearch {
		return auth.ErrStoreDown
	}
	if r.scope != scopeSignedIn && !p.Can(r.scope) {
		return domain.Errorf(domain.CodePermissionDenied, "this operation needs the scope %q", r.scope)
	}
	return nil
}

func safeMethod(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// principal authenticates by key, then by session, then as the developer at this
// very machine. Whoever presents a key is that key or nobody.
func (s *Server) principal(c *gin.Context) (*auth.Principal, error) {
	key, err := presentedKey(c.Request.Header)
	if err != nil {
		return nil, s.authFailed(c, err)
	}
	if key != "" {
		return s.byKey(c, key)
	}
	if token := sessionToken(c.Request); token != "" {
		return s.bySession(c, token)
	}
	if s.deps.Development != nil && developer(c.Request) {
		return s.deps.Development, nil
	}
	return nil, errNoCredentials
}

// presentedKey returns the key that the headers hold, or "" for none.
func presentedKey(h http.Header) (string, error) {
	key, bearer := h.Get("X-API-Key"), h.Get("Authorization")
	if bearer == "" {
		if key == "" && len(h.Values("X-API-Key")) > 0 {
			return "", auth.ErrMalformed
		}
		return key, nil
	}
	scheme, token, _ := strings.Cut(bearer, " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return "", auth.ErrMalformed
	}
	if key != "" && key != token {
		return "", errTwoCredentials
	}
	return token, nil
}

func (s *Server) byKey(c *gin.Context, key string) (*auth.Principal, error) {
	// A key that was good before is let through: it must not suffer from what else
	// goes on behind the same address.
	if !s.goodKeys.known(key) {
		if err := limited(s.authFailures.Peek(ratelimit.AddressKey(c.ClientIP()))); err != nil {
			return nil, err
		}
	}
	p, err := s.deps.Verifier.Verify(c.Request.Context(), key)
	if err != nil {
		if domain.CodeOf(err) == domain.CodeUnauthenticated {
			s.goodKeys.forget(key)
		}
		return nil, s.authFailed(c, err)
	}
	s.goodKeys.remember(key)
	return p, nil
}

// authFailed counts a refused credential against the address it came from.
func (s *Server) authFailed(c *gin.Context, err error) error {
	if domain.CodeOf(err) != domain.CodeUnauthenticated {
		return err
	}
	if limit := limited(s.authFailures.Allow(ratelimit.AddressKey(c.ClientIP()))); limit != nil {
		return limit
	}
	return err
}

// limited turns a limiter's no into an error.
func limited(d ratelimit.Decision) error {
	if d.Allowed {
		return nil
	}
	return &domain.Error{
		Code: domain.CodeRateLimited, Message: "too many failed attempts from this address, wait before the next one",
		RetryAfterSeconds: max(1, int(math.Ceil(d.RetryAfter.Seconds()))),
	}
}

// bySession authenticates a browser. The cookie comes by itself, so requests that
// change something must come from our own pages.
func (s *Server) bySession(c *gin.Context, token string) (*auth.Principal, error) {
	if err := s.csrf.Check(c.Request); err != nil {
		return nil, errForeignOrigin
	}
	session, err := s.session(c.Request.Context(), token)
	if err != nil {
		return nil, err
	}
	return &auth.Principal{
		KeyID: session.KeyID, KeyName: session.KeyName, Rules: session.Rules, Limits: session.Limits, Session: true, TenantID: session.TenantID, TenantSlug: session.TenantSlug, Scopes: auth.StoredScopes(session.Scopes),
	}, nil
}

// inTenant applies the X-Tenant header, which only the platform scope may use for
// another tenant than its own.
func (s *Server) inTenant(r *http.Request, p *auth.Principal) (*auth.Principal, error) {
	slug := r.Header.Get("X-Tenant")
	if slug == "" || slug == p.TenantSlug {
		return p, nil
	}
	if !p.Can(auth.ScopePlatform) || domain.ValidateSlug(slug) != nil {
		return nil, domain.NotFound("tenant")
	}
	t, err := s.tenants.bySlug(r.Context(), slug)
	if err != nil {
		return nil, err
	}
	return p.ForTenant(t.ID, t.Slug, s.deps.Store.Limits(t.Plan))
}

// usable refuses what the platform's keys ask of another tenant that is not active:
// of a suspended one they may read, of one that comes or goes nothing. Keys of such a
// tenant itself are refused before.
func (s *Server) usable(ctx context.Context, p *auth.Principal, r *route) error {
	if !p.Foreign || r.scope == auth.ScopePlatform {
		return nil
	}
	t, err := s.tenants.bySlug(ctx, p.TenantSlug)
	if err != nil || t.State == domain.TenantActive || t.State == domain.TenantSuspended && (safeMethod(r.method) || r.scope == auth.ScopeSearch) {
		return err
	}
	return domain.Errorf(domain.CodeConflict, "the tenant %q is %s: this needs an active one", t.Slug, t.State)
}

// caller returns the authenticated caller of a handler that has a scope.
func caller(ctx context.Context) *auth.Principal {
	p := auth.FromContext(ctx)
	if p == nil {
		panic(errors.New("a handler with a scope was reached without a principal"))
	}
	return p
}
