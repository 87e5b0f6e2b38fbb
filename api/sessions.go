package api

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/ratelimit"
	"github.com/rustassistant/rustassistant/internal/store"
)

const (
	sessionIdle = 12 * time.Hour
	sessionLife = 7 * 24 * time.Hour

	// The __Host- prefix makes browsers refuse the cookie unless it is Secure and
	// of exactly this host. Plain HTTP on the developer's own machine cannot have it.
	secureCookie   = "__Host-ra_session"
	loopbackCookie = "ra_session"
)

var errNoSession = domain.Errorf(domain.CodeUnauthenticated, "the session has ended; sign in again")

type signInBody struct {
	APIKey string `json:"api_key" required:"true" doc:"A key of admin scope."`
}

// signIn is a raw handler for its cookie.
func (s *Server) signIn(c *gin.Context) {
	if err := s.csrf.Check(c.Request); err != nil {
		fail(c, errForeignOrigin)
		return
	}
	address := ratelimit.AddressKey(c.ClientIP())
	if err := limited(s.signIns.Peek(address)); err != nil {
		fail(c, err)
		return
	}
	data, err := io.ReadAll(c.Request.Body)
	if err != nil {
		fail(c, err)
		return
	}
	var in signInBody
	if err := decodeObject(data, &in); err != nil {
		fail(c, err)
		return
	}
	if in.APIKey == "" {
		fail(c, missing("api_key"))
		return
	}
	p, err := s.deps.Verifier.Verify(c.Request.Context(), in.APIKey)
	if err == nil && !p.Can(auth.ScopeAdmin) {
		err = domain.Errorf(domain.CodePermissionDenied, "the dashboard needs a key of admin scope")
	}
	if err == nil && !p.Rules.AllowsAddress(c.ClientIP()) {
		err = errForeignAddress
	}
	if err != nil {
		s.signIns.Allow(address) // only failures count
		fail(c, err)
		return
	}
	s.openSession(c, p)
}

func (s *Server) openSession(c *gin.Context, p *auth.Principal) {
	token, hash := auth.NewSessionToken()
	if err := s.deps.Store.CreateSession(c.Request.Context(), p.TenantID, p.KeyID, hash, time.Now().Add(sessionLife)); err != nil {
		fail(c, err)
		return
	}
	s.signIns.Reset(ratelimit.AddressKey(c.ClientIP()))
	s.keyUse.count(p)
	setSessionCookie(c, token, int(sessionLife.Seconds()))
	c.Status(http.StatusNoContent)
}

// setSessionCookie sets or, with a negative age, clears the cookie.
func setSessionCookie(c *gin.Context, token string, maxAge int) {
	name, secure := secureCookie, true
	if plainLoopback(c.Request) {
		name, secure = loopbackCookie, false
	}
	http.SetCookie(c.Writer, &http.Cookie{
		Name: name, Value: token, Path: "/", MaxAge: maxAge, HttpOnly: true, Secure: secure, SameSite: http.SameSiteStrictMode,
	})
}

// plainLoopback reports whether the request came over plain HTTP within this machine.
func plainLoopback(r *http.Request) bool {
	return r.TLS == nil && loopbackPeer(r.RemoteAddr) && loopbackHost(r.Host)
}

// sessionToken returns the token of the request's cookie, or "".
func sessionToken(r *http.Request) string {
	if cookie, err := r.Cookie(secureCookie); err == nil {
		return cookie.Value
	}
	if !plainLoopback(r) {
		return ""
	}
	cookie, err := r.Cookie(loopbackCookie)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// session finds the live session of a token.
func (s *Server) session(ctx context.Context, token string) (store.Session, error) {
	hash, ok := auth.HashSessionToken(token)
	if !ok {
		return store.Session{}, errNoSession
	}
	session, err := s.deps.Store.SessionByToken(ctx, hash, sessionIdle)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return store.Session{}, errNoSession
	}
	return session, err
}

// Session says who is signed in.
type Session struct {
	Name        string        `json:"name" doc:"The key's name."`
	KeyPrefix   string        `json:"key_prefix"`
	Tenant      SessionTenant `json:"tenant"`
	Scopes      []string      `json:"scopes"`
	ExpiresAt   *time.Time    `json:"expires_at" nullable:"true" doc:"null for the developer's own machine."`
	Development bool          `json:"development" doc:"Nobody signed in: this is the development server on this machine."`
}

// SessionTenant is the tenant of a session.
type SessionTenant struct {
	Slug string `json:"slug"`
	Name string `json:"name"`
}

type sessionTokenInput struct {
	Secure   string `cookie:"__Host-ra_session" hidden:"true"`
	Loopback string `cookie:"ra_session" hidden:"true"`
}

type sessionOutput struct{ Body Session }

func (s *Server) getSession(ctx context.Context, in *sessionTokenInput) (*sessionOutput, error) {
	p := caller(ctx)
	tenant, err := s.tenants.bySlug(ctx, p.TenantSlug)
	if err != nil {
		return nil, err
	}
	out := Session{Name: "Development", Tenant: SessionTenant{tenant.Slug, tenant.Name}, Scopes: p.Scopes.Strings(), Development: p.Development}
	if p.Development {
		return &sessionOutput{out}, nil
	}
	token := in.Secure
	if token == "" {
		token = in.Loopback
	}
	session, err := s.session(ctx, token)
	if err != nil {
		return nil, err
	}
	out.Name, out.KeyPrefix, out.ExpiresAt = session.KeyName, session.KeyPrefix, &session.ExpiresAt
	return &sessionOutput{out}, nil
}

// signOut ends the session of the cookie, if there is one.
func (s *Server) signOut(c *gin.Context) {
	if err := s.csrf.Check(c.Request); err != nil {
		fail(c, errForeignOrigin)
		return
	}
	if hash, ok := auth.HashSessionToken(sessionToken(c.Request)); ok {
		if err := s.deps.Store.DeleteSession(c.Request.Context(), hash); err != nil {
			fail(c, err)
			return
		}
	}
	setSessionCookie(c, "", -1)
	c.Status(http.StatusNoContent)
}

func documentSignIn(api huma.API, op *huma.Operation) {
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: schemaOf[signInBody](api)}}}
	documentNoContent(api, op)
}

func documentNoContent(_ huma.API, op *huma.Operation) {
	op.Responses["204"] = &huma.Response{Description: "Done."}
}
