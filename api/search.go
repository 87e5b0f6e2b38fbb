package api

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/cache"
	"github.com/rustassistant/rustassistant/internal/search"
)

const tagSearch = "Search"

// searchBody is far above what a valid search needs, so that a query that is too
// long is named instead of the whole body.
const searchBody = 1 << 20

// Searcher answers searches: *search.Service.
type Searcher interface {
	Search(ctx context.Context, tenant uuid.UUID, r *search.Request, opts search.Options) (*search.Answer, error)
	SearchSeveral(ctx context.Context, tenant uuid.UUID, all []search.Outcome, opts search.Options) error
	Suggest(ctx context.Context, tenant uuid.UUID, text string, limit int) ([]search.Suggestion, error)
	Stats() search.Stats
}

// searchRoutes are the rows of the route table about searching.
func (s *Server) searchRoutes() []route {
	return append([]route{{
		method: http.MethodPost, path: "/api/search", id: "search", scope: auth.ScopeSearch, bodyLimit: searchBody,
		tag: tagSearch, summary: "Search",
		description: "Bare words are alternatives, `\"words in quotes\"` must occur as written, `-word` excludes. " +
			"`X-Cache` says how the answer came about: `MISS` from the index, `HIT` from the cache, `STALE` when it may not be the " +
			"newest, `BYPASS` when `Cache-Control: no-cache` asked for that. `Server-Timing` says where the time went.",
		endpoint: searchEndpoint{raw{s.search, documentSearch}},
	}, s.multiSearchRoute(), s.suggestRoute()}, s.statsRoutes()...)
}

// searchEndpoint is a raw one whose metrics come with it.
type searchEndpoint struct{ raw }

func (e searchEndpoint) register(s *Server, op huma.Operation) {
	e.raw.register(s, op)
	if s.deps.Metrics == nil { // only the OpenAPI document is wanted
		return
	}
	// Servers of one process may share a registry; the first one speaks for all.
	_ = s.deps.Metrics.Registry.Register(cacheMetrics{func() cache.Stats { return s.deps.Search.Stats().Cache }})
}

// Header values that do not change are made once: a kept answer takes some ten
// microseconds, and each small allocation shows.
var (
	searchContentType = []string{"application/json; charset=utf-8"}
	cacheHeader       = [...][]string{
		search.Miss: {search.Miss.String()}, search.Hit: {search.Hit.String()},
		search.Stale: {search.Stale.String()}, search.Bypass: {search.Bypass.String()},
	}
)

// searchBuffers hold the bodies of requests and answers. One that a rare large
// answer has grown is not kept.
var searchBuffers = sync.Pool{New: func() any { return bytes.NewBuffer(make([]byte, 0, 32<<10)) }}

const maxPooledBuffer = 512 << 10

func putSearchBuffer(b *bytes.Buffer) {
	if b.Cap() <= maxPooledBuffer {
		b.Reset()
		searchBuffers.Put(b)
	}
}

// search answers POST /api/search. It is not typed: the answer comes as bytes,
// often from the cache, and is not encoded a second time.
func (s *Server) search(c *gin.Context) {
	ctx := c.Request.Context()
	buf := searchBuffers.Get().(*bytes.Buffer)
	defer putSearchBuffer(buf)
	if _, err := buf.ReadFrom(c.Request.Body); err != nil {
		fail(c, err)
		return
	}
	request, err := search.Decode(buf.Bytes())
	if err != nil {
		fail(c, err)
		return
	}
	options := search.Options{NoCache: wantsNoCache(c.Request.Header)}
	p := auth.FromContext(ctx)
	if err := s.takeSearch(ctx, p); err != nil {
		fail(c, err)
		return
	}
	tenant := p.TenantID
	answer, err := s.deps.Search.Search(ctx, tenant, request, options)
	s.countSearch(p, err)
	if err != nil {
		fail(c, err)
		return
	}
	s.deps.Metrics.ObserveSearch(ctx, string(answer.Type), answer.State.Label(), answer.Took)
	writeAnswer(c.Writer, answer, buf)
	s.recordSearch(tenant, request, answer)
}

// wantsNoCache reports whether the caller asks for a new answer.
func wantsNoCache(h http.Header) bool {
	for _, v := range h["Cache-Control"] {
		for directive := range strings.SplitSeq(v, ",") {
			directive = strings.TrimSpace(directive)
			if strings.EqualFold(directive, "no-cache") || strings.EqualFold(directive, "no-store") {
				return true
			}
		}
	}
	return false
}

func writeAnswer(w http.ResponseWriter, a *search.Answer, buf *bytes.Buffer) {
	buf.Reset()
	buf.Grow(a.Size())
	body := a.AppendJSON(buf.AvailableBuffer())
	h := w.Header()
	h["Content-Type"] = searchContentType
	h["X-Cache"] = cacheHeader[a.State]
	h["Server-Timing"] = []string{serverTiming(a)}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(http.StatusOK)
	// It fails when the client went away, and then there is nobody to tell.
	_, _ = w.Write(body)
}

// serverTiming says in milliseconds where the time went.
func serverTiming(a *search.Answer) string {
	var room [128]byte
	b := room[:0]
	if a.State != search.Bypass {
		b = append(appendTiming(b, "cache;dur=", a.Cache), ", "...)
	}
	if a.Index > 0 {
		b = append(appendTiming(b, "index;dur=", a.Index), ", "...)
	}
	if a.Embed > 0 {
		b = append(appendTiming(b, "embed;dur=", a.Embed), ", "...)
	}
	return string(appendTiming(b, "total;dur=", a.Took))
}

func appendTiming(b []byte, name string, d time.Duration) []byte {
	return strconv.AppendFloat(append(b, name...), float64(d)/float64(time.Millisecond), 'f', 3, 64)
}
