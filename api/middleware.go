package api

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/telemetry"
)

const (
	requestIDHeader   = "X-Request-Id"
	maxRequestIDChars = 128
	// slowRequest is what deserves a line in the log even when it went well.
	slowRequest = time.Second
)

// identify gives the request an id: the client's if it is a sane one.
func (s *Server) identify(c *gin.Context) {
	id := c.GetHeader(requestIDHeader)
	if !saneRequestID(id) {
		id = uuid.Must(uuid.NewV7()).String()
	}
	c.Header(requestIDHeader, id)
	c.Request = c.Request.WithContext(telemetry.WithRequestID(c.Request.Context(), id))
}

// saneRequestID keeps what goes into logs and answers short and printable.
func saneRequestID(id string) bool {
	if len(id) < 8 || len(id) > maxRequestIDChars {
		return false
	}
	for _, c := range []byte(id) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && !strings.ContainsRune("-_.:/+=", rune(c)) {
			return false
		}
	}
	return true
}

// observe logs and counts the request, by the pattern of its route.
func (s *Server) observe(c *gin.Context) {
	start := time.Now()
	s.deps.Metrics.HTTPInFlight.Inc()
	defer s.deps.Metrics.HTTPInFlight.Dec()
	c.Next()
	took, status := time.Since(start), c.Writer.Status()
	ctx := c.Request.Context()
	s.deps.Metrics.ObserveRequest(ctx, c.Request.Method, c.FullPath(), status, took)
	level := slog.LevelDebug
	switch {
	case status >= http.StatusInternalServerError:
		level = slog.LevelError
	case status >= http.StatusBadRequest, took > slowRequest:
		level = slog.LevelInfo
	}
	if !slog.Default().Enabled(ctx, level) {
		return
	}
	slog.LogAttrs(ctx, level, "request",
		slog.String("method", c.Request.Method), slog.String("route", c.FullPath()), slog.Int("status", status),
		slog.Duration("took", took), slog.Int("bytes", c.Writer.Size()), slog.String("client", c.ClientIP()))
}

// recover answers a panic with 500, and logs where it was.
func (s *Server) recover(c *gin.Context) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		if err, ok := r.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(r) // net/http's own way to drop a connection
		}
		slog.ErrorContext(c.Request.Context(), "a request panicked", slog.Any("panic", r), slog.String("stack", string(debug.Stack())))
		if c.Writer.Written() {
			c.Abort() // too late for an answer; a cut one tells the client
			panic(http.ErrAbortHandler)
		}
		fail(c, fmt.Errorf("panic: %v", r))
	}()
	c.Next()
}

// The headers are assigned as slices that all answers share: nothing is allocated
// for them on the way of a search.
var (
	headerNoSniff    = []string{"nosniff"}
	headerNoReferrer = []string{"no-referrer"}
	headerNoStore    = []string{"no-store"}
	headerSameOrigin = []string{"same-origin"}
	headerDeny       = []string{"DENY"}
	headerAPIPolicy  = []string{"default-src 'none'; frame-ancestors 'none'"}
)

// secure sets the headers that keep browsers from doing anything with an answer
// but showing it. The dashboard sets its own policy over this one. It also refuses
// query strings that no handler and no database could read.
func (s *Server) secure(c *gin.Context) {
	h := c.Writer.Header()
	h["X-Content-Type-Options"] = headerNoSniff
	h["Referrer-Policy"] = headerNoReferrer
	h["Cross-Origin-Resource-Policy"] = headerSameOrigin
	h["X-Frame-Options"] = headerDeny
	h["Content-Security-Policy"] = headerAPIPolicy
	h["Cache-Control"] = headerNoStore
	if err := checkQuery(c.Request.URL.RawQuery); err != nil {
		fail(c, err)
	}
}

func checkQuery(query string) error {
	if query == "" {
		return nil
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return domain.Errorf(domain.CodeMalformed, "the query string cannot be read")
	}
	for name, all := range values {
		for _, v := range append(all, name) {
			if !utf8.ValidString(v) || strings.IndexByte(v, 0) >= 0 {
				return &domain.Error{Code: domain.CodeInvalid, Message: "the query string is not valid", Fields: []domain.FieldError{{
					Field: shorten(name), Message: "must be UTF-8 without NUL characters",
				}}}
			}
		}
		if len(all) > 1 {
			return &domain.Error{Code: domain.CodeInvalid, Message: "the query string is not valid", Fields: []domain.FieldError{{
				Field: shorten(name), Message: "is given twice",
			}}}
		}
	}
	return nil
}

// limitBody refuses bodies of the wrong type and bounds their length.
func (s *Server) limitBody(c *gin.Context) {
	r := s.routes[c.Request.Method+" "+c.FullPath()]
	if r == nil || r.bodyLimit == streamBody {
		return
	}
	if r.bodyLimit == noBody {
		if c.Request.ContentLength > 0 {
			fail(c, domain.Errorf(domain.CodeMalformed, "this operation takes no body"))
		}
		return
	}
	if err := checkMediaType(c.Request.Header); err != nil {
		fail(c, err)
		return
	}
	if c.Request.ContentLength > r.bodyLimit {
		fail(c, domain.Errorf(domain.CodeTooLarge, "the body is %d bytes long, at most %d are allowed", c.Request.ContentLength, r.bodyLimit))
		return
	}
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, r.bodyLimit)
	if r.bodyLimit > largeBody && (c.Request.ContentLength < 0 || c.Request.ContentLength > largeBody) {
		s.oneOfFewLarge(c)
	}
}

const (
	// largeBody is the size, in bytes, from which on bodies are handled few at once:
	// each is in memory several times over while it is decoded and stored.
	largeBody      = 1 << 20
	maxLargeBodies = 6
	largeBodyWait  = 10 * time.Second
)

// oneOfFewLarge goes on when the memory for another large body is there.
func (s *Server) oneOfFewLarge(c *gin.Context) {
	wait := time.NewTimer(largeBodyWait)
	defer wait.Stop()
	select {
	case s.largeSlots <- struct{}{}:
		defer func() { <-s.largeSlots }()
		c.Next()
	case <-c.Request.Context().Done():
		fail(c, c.Request.Context().Err())
	case <-wait.C:
		fail(c, &domain.Error{
			Code: domain.CodeRateLimited, Message: "too many large documents are being sent; the bulk operation takes many at once", RetryAfterSeconds: bulkRetryAfter,
		})
	}
}

func checkMediaType(h http.Header) error {
	if encoding := h.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return domain.Errorf(domain.CodeUnsupportedMedia, "this operation reads no Content-Encoding %q", shorten(encoding))
	}
	kind := h.Get("Content-Type")
	if kind == "application/json" || kind == "" { // the usual, without parsing
		return nil
	}
	media, _, _ := strings.Cut(kind, ";")
	media = strings.ToLower(strings.TrimSpace(media))
	if media == "application/json" || strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json") {
		return nil
	}
	return domain.Errorf(domain.CodeUnsupportedMedia, "the Content-Type must be application/json, not %q", shorten(media))
}
