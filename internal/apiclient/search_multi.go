package apiclient

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// MultiSearchResult has an answer, or the problem with one search.
type MultiSearchResult struct {
	Answer  *SearchResponse
	Problem *Error
}

// SearchMulti asks several searches in one request, at most 20, and answers in their order. NoCache of one counts for
// all. The error is of the request as a whole.
func (c *Client) SearchMulti(ctx context.Context, searches []*SearchRequest) ([]MultiSearchResult, error) {
	call, err := jsonCall(http.MethodPost, "/api/search/multi", map[string]any{"searches": searches})
	if err != nil {
		return nil, err
	}
	for _, r := range searches {
		if r.NoCache {
			call.header.Set("Cache-Control", "no-cache")
		}
	}
	var body struct {
		Results []struct {
			Cache   string          `json:"cache"`
			Answer  json.RawMessage `json:"answer"`
			Problem json.RawMessage `json:"problem"`
		} `json:"results"`
	}
	if _, err := c.do(ctx, call, &body); err != nil {
		return nil, err
	}
	if len(body.Results) != len(searches) {
		return nil, fmt.Errorf("%s answered %d searches with %d results", c.base, len(searches), len(body.Results))
	}
	out := make([]MultiSearchResult, len(searches))
	for i, r := range body.Results {
		if r.Problem != nil {
			out[i].Problem = newProblem(r.Problem)
			continue
		}
		if out[i].Answer, err = newSearchResponse(r.Answer, r.Cache); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// newProblem decodes a problem that is a part of an answer.
func newProblem(raw json.RawMessage) *Error {
	e := &Error{}
	e.read(raw)
	var about struct {
		Status    int    `json:"status"`
		RequestID string `json:"request_id"`
	}
	if json.Unmarshal(raw, &about) == nil {
		e.Status, e.RequestID = about.Status, about.RequestID
	}
	return e
}
