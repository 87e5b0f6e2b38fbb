package api

import (
	"math"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/ratelimit"
	"github.com/rustassistant/rustassistant/internal/telemetry"
)

var errForeignAddress = domain.Errorf(domain.CodePermissionDenied, "this API key may not be used from this address")

// admit applies the rules of the caller's key: where from, and how often. A key
// without rules costs nothing.
func (s *Server) admit(c *gin.Context, p *auth.Principal) error {
	if !p.Rules.AllowsAddress(c.ClientIP()) {
		return errForeignAddress
	}
	if p.Rules.RateLimit == 0 {
		return nil
	}
	d := s.keyLimits.Allow(c.Request.Context(), p.KeyID.String(), p.Rules.RateLimit)
	sayRate(c, d)
	return slowDown(d, "this API key")
}

// admitTenant holds the tenant that is acted in to its requests a minute, all of its
// keys together. The headers are those of the tighter limit, which is the one that has
// fewer requests left.
func (s *Server) admitTenant(c *gin.Context, p *auth.Principal) error {
	limit := p.Limits.RequestsPerMinute
	if limit == nil {
		return nil
	}
	d := s.keyLimits.Allow(c.Request.Context(), "tenant:"+p.TenantID.String(), int(*limit))
	left, err := strconv.Atoi(c.Writer.Header().Get("RateLimit-Remaining"))
	if err != nil || d.Remaining <= left || !d.Allowed {
		sayRate(c, d)
	}
	return slowDown(d, "this tenant")
}

// sayRate tells the caller how much of a limit is left.
func sayRate(c *gin.Context, d ratelimit.Decision) {
	h := c.Writer.Header()
	h.Set("RateLimit-Limit", strconv.Itoa(d.Limit))
	h.Set("RateLimit-Remaining", strconv.Itoa(max(0, d.Remaining)))
	h.Set("RateLimit-Reset", strconv.Itoa(int(math.Ceil(d.ResetAfter.Seconds()))))
}

// slowDown turns a limiter's no into an error.
func slowDown(d ratelimit.Decision, who string) error {
	if d.Allowed {
		return nil
	}
	return &domain.Error{
		Code: domain.CodeRateLimited, Message: who + " may make " + strconv.Itoa(d.Limit) + " requests a minute",
		RetryAfterSeconds: max(1, int(math.Ceil(d.RetryAfter.Seconds()))),
	}
}

// actor is who the audit log names for what the request changes.
func actor(c *gin.Context, p *auth.Principal) domain.Actor {
	a := domain.Actor{
		Kind: domain.ActorAPIKey, ID: p.KeyID, Name: p.KeyName, Address: c.ClientIP(), RequestID: telemetry.RequestID(c.Request.Context()),
	}
	switch {
	case p.Session:
		a.Kind = domain.ActorSession
	case p.Development:
		a.Kind = domain.ActorDevelopment
	}
	return a
}
