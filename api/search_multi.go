package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/search"
)

func (s *Server) multiSearchRoute() route {
	return route{
		method: http.MethodPost, path: "/api/search/multi", id: "searchMulti", scope: auth.ScopeSearch, bodyLimit: searchBody,
		tag: tagSearch, summary: "Several searches in one request",
		description: "Up to 20 searches of any kind, each with an answer or a problem of its own, in their order. `200` whatever became " +
			"of each. Each is cached, counted and recorded as if it had come alone.",
		endpoint: raw{s.searchMulti, documentMultiSearch},
	}
}

// MultiSearchRequest is several searches.
type MultiSearchRequest struct {
	Searches []SearchRequest `json:"searches" minItems:"1" maxItems:"20"`
}

// MultiSearchAnswer has an entry for each search, in their order.
type MultiSearchAnswer struct {
	Results []MultiSearchResult `json:"results" nullable:"false"`
}

// MultiSearchResult has an answer or a problem.
type MultiSearchResult struct {
	Cache   string        `json:"cache,omitempty" enum:"HIT,MISS,STALE,BYPASS" doc:"How the answer came about, as X-Cache says of a single search."`
	Answer  *SearchAnswer `json:"answer,omitempty"`
	Problem *Problem      `json:"problem,omitempty" doc:"Why there is no answer."`
}

func (s *Server) searchMulti(c *gin.Context) {
	ctx := c.Request.Context()
	buf := searchBuffers.Get().(*bytes.Buffer)
	defer putSearchBuffer(buf)
	if _, err := buf.ReadFrom(c.Request.Body); err != nil {
		fail(c, err)
		return
	}
	all, err := search.DecodeSeveral(buf.Bytes())
	if err != nil {
		fail(c, err)
		return
	}
	p := auth.FromContext(ctx)
	tenant := p.TenantID
	if err := s.searchSeveral(ctx, p, all, search.Options{NoCache: wantsNoCache(c.Request.Header)}); err != nil {
		fail(c, err)
		return
	}
	buf.Reset()
	body := append(buf.AvailableBuffer(), `{"results":[`...)
	for i := range all {
		if i > 0 {
			body = append(body, ',')
		}
		if body, err = s.appendOutcome(c, body, &all[i]); err != nil {
			fail(c, err)
			return
		}
	}
	body = append(body, `]}`...)
	h := c.Writer.Header()
	h["Content-Type"] = searchContentType
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	c.Writer.WriteHeader(http.StatusOK)
	_, _ = c.Writer.Write(body) // fails when the client went away
	for i := range all {
		if o := &all[i]; o.Err == nil {
			s.recordSearch(tenant, o.Request, o.Answer)
		}
	}
}

// searchSeveral answers those that could be read and that the tenant's quota of the day
// has room for. Each counts as one.
func (s *Server) searchSeveral(ctx context.Context, p *auth.Principal, all []search.Outcome, options search.Options) error {
	taken := make([]bool, len(all))
	for i := range all {
		if o := &all[i]; o.Err == nil {
			o.Err = s.takeSearch(ctx, p)
			taken[i] = o.Err == nil
		}
	}
	err := s.deps.Search.SearchSeveral(ctx, p.TenantID, all, options)
	for i := range all {
		if taken[i] {
			s.countSearch(p, all[i].Err)
		}
	}
	return err
}

// appendOutcome appends what became of one search.
func (s *Server) appendOutcome(c *gin.Context, b []byte, o *search.Outcome) ([]byte, error) {
	if o.Err != nil {
		problem, err := json.Marshal(newProblem(c.Request.Context(), o.Err))
		return append(append(append(b, `{"problem":`...), problem...), '}'), err
	}
	a := o.Answer
	s.deps.Metrics.ObserveSearch(c.Request.Context(), string(a.Type), a.State.Label(), a.Took)
	b = append(append(b, `{"cache":"`...), a.State.String()...)
	return append(a.AppendJSON(append(b, `","answer":`...)), '}'), nil
}

func documentMultiSearch(api huma.API, op *huma.Operation) {
	op.RequestBody = &huma.RequestBody{
		Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: schemaOf[MultiSearchRequest](api)}},
	}
	op.Responses["200"] = &huma.Response{
		Description: http.StatusText(http.StatusOK),
		Content:     map[string]*huma.MediaType{"application/json": {Schema: schemaOf[MultiSearchAnswer](api)}},
	}
}
