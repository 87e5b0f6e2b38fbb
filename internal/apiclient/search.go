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
	Explain   bool           `json:"explain,omitempty"`

	// NoCache asks for an answer from the index.
	NoCache bool `json:"-"`
}

// SearchResponse is the answer to a search.
type SearchResponse struct {
	QueryID         string         `json:"query_id"`
	Query           string         `json:"query"`
	Type            string         `json:"type"`
	AnsweredBy      string         `json:"answered_by"`
	Notice          string         `json:"notice"`
	Results         []SearchResult `json:"results"`
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
