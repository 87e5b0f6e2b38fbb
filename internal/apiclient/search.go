package apiclient

import (
	"context"
	"encoding/json"
	"fmt"
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
	Weights   *Weights       `json:"weights,omitempty"`
	Fusion    string         `json:"fusion,omitempty"` // minmax or rrf
	MinScore  *float64       `json:"min_score,omitempty"`
	Language  string         `json:"language,omitempty"`       // of the query, as de or german
	Prefix    string         `json:"prefix,omitempty"`         // auto, always or never
	Typos     string         `json:"typo_tolerance,omitempty"` // auto or off

	// NoCache asks for an answer from the index.
	NoCache bool `json:"-"`
}

// Weights are the shares of the branches of a hybrid search, of which only the ratio counts.
type Weights struct {
	Keyword float64 `json:"keyword"`
	Vector  float64 `json:"vector"`
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
	Stats       *FacetStats  `json:"stats"`
}

// FacetStats are of the numbers of a field, or of dates, which have no average.
type FacetStats struct {
	Count int      `json:"count"`
	Min   any      `json:"min"`
	Max   any      `json:"max"`
	Avg   *float64 `json:"avg"`
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
	AnsweredBy      string         `json:"answered_by"` // empty when it is Type
	Notice          string         `json:"notice"`
	Corrections     []Correction   `json:"corrections"`
	DroppedPhrases  []string       `json:"dropped_phrases"`
	Vectors         *Coverage      `json:"vectors"` // nil when every passage has a vector
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

// Correction is a word of the query and what was searched beside it.
type Correction struct {
	Word string   `json:"word"`
	Used []string `json:"used"`
}

// Coverage says how many of the passages have a vector of the model.
type Coverage struct {
	Model   string `json:"model"`
	Covered int    `json:"covered"`
	Chunks  int    `json:"chunks"`
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
	var raw json.RawMessage
	header, err := c.do(ctx, call, &raw)
	if err != nil {
		return nil, err
	}
	return newSearchResponse(raw, header.Get("X-Cache"))
}

func newSearchResponse(raw json.RawMessage, cache string) (*SearchResponse, error) {
	out := SearchResponse{Raw: raw, Cache: strings.ToUpper(cache)}
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, fmt.Errorf("the answer to a search is not the API's JSON: %w", err)
	}
	return &out, nil
}
