package apiclient

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// SearchRequest is the body of a search.
type SearchRequest struct {
	Query     string         `json:"query"`
	Type      string         `json:"type,omitempty"`
	Limit     int            `json:"limit,omitempty"`
	Cursor    string         `json:"cursor,omitempty"`
	Filters   map[string]any `json:"filters,omitempty"`
	Highlight *bool          `json:"highlight,omitempty"`
	GroupBy   string         `json:"group_by,omitempty"`
	GroupSize int            `json:"group_size,omitempty"`
	Sort      []string       `json:"sort,omitempty"` // as created_at:desc
	Facets    []Facet        `json:"facets,omitempty"`
	Include   []string       `json:"include,omitempty"`
	Explain   bool           `json:"explain,omitempty"`

	// NoCache asks for an answer from the index.
	NoCache bool `json:"-"`
}

// Facet asks for the counts of the values of a field.
type Facet struct {
	Field            string `json:"field"`
	Limit            int    `json:"limit,omitempty"`
	Sort             string `json:"sort,omitempty"` // count or value
	ExcludeOwnFilter bool   `json:"exclude_own_filter,omitempty"`
}

// FacetCount is the answer to a Facet.
type FacetCount struct {
	Field       string       `json:"field"`
	Exact       bool         `json:"exact"`
	TotalValues int          `json:"total_values"`
	Values      []FacetValue `json:"values"`
}

// FacetValue is a text, a number or a truth value, with the documents that have it.
type FacetValue struct {
	Value any `json:"value"`
	Count int `json:"count"`
}

// SearchGroup is the results with one value of GroupBy's field, nil for none.
type SearchGroup struct {
	Value        any            `json:"value"`
	TotalResults int            `json:"total_results"`
	Results      []SearchResult `json:"results"`
}

// SearchResponse is the answer to a search.
type SearchResponse struct {
	QueryID         string         `json:"query_id"`
	Query           string         `json:"query"`
	Type            string         `json:"type"`
	AnsweredBy      string         `json:"answered_by"`
	Notice          string         `json:"notice"`
	Results         []SearchResult `json:"results"` // empty when grouped by a field
	Groups          []SearchGroup  `json:"groups"`
	TotalGroups     int            `json:"total_groups"`
	Facets          []FacetCount   `json:"facets"`
	TotalResults    int            `json:"total_results"`
	TotalRelation   string         `json:"total_relation"` // "eq", or "gte" where the total is a lower bound
	NextCursor      string         `json:"next_cursor"`
	ExecutionTimeMS float64        `json:"execution_time_ms"`
	Cached          bool           `json:"cached"`

	// Cache is the X-Cache header: HIT, MISS, STALE or BYPASS.
	Cache string `json:"-"`
	// Raw is the whole answer as it came.
	Raw json.RawMessage `json:"-"`
}

// SearchResult is one document, shown by its best passage.
type SearchResult struct {
	DocumentID   string          `json:"document_id"`
	ExternalID   string          `json:"external_id"`
	ChunkID      string          `json:"chunk_id"`
	Title        string          `json:"title"`
	Heading      string          `json:"heading"`
	Content      string          `json:"content"`
	Highlights   []Highlight     `json:"highlights"`
	Score        float64         `json:"score"`
	ScoreDetails json.RawMessage `json:"score_details"`
	DocType      string          `json:"doc_type"`
	Tags         []string        `json:"tags"`
	Metadata     json.RawMessage `json:"metadata"`
	SourceURL    string          `json:"source_url"`
	CreatedAt    time.Time       `json:"created_at"`
}

// Highlight is a part of the content around matches, which are [start, end) offsets in bytes of Text.
type Highlight struct {
	Text    string   `json:"text"`
	Start   int      `json:"start"`
	Matches [][2]int `json:"matches"`
}

// Search asks for the best documents.
func (c *Client) Search(ctx context.Context, r *SearchRequest) (*SearchResponse, error) {
	call, err := jsonCall(http.MethodPost, "/api/search", r)
	if err != nil {
		return nil, err
	}
	if r.NoCache {
		call.header.Set("Cache-Control", "no-cache")
	}
	var out SearchResponse
	header, err := c.do(ctx, call, &out.Raw)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(out.Raw, &out); err != nil {
		return nil, err
	}
	out.Cache = strings.ToUpper(header.Get("X-Cache"))
	return &out, nil
}
