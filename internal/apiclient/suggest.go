package apiclient

import (
	"context"
	"net/url"
	"strconv"
)

// Suggestion is a way to go on from what was typed.
type Suggestion struct {
	Kind       string   `json:"kind"` // query, word or title
	Text       string   `json:"text"`
	DocumentID string   `json:"document_id,omitempty"` // of a title
	Matches    [][2]int `json:"matches"`               // what was typed: [start, end) in bytes of Text
}

// Suggest asks how text may go on; a limit of 0 is the server's.
func (c *Client) Suggest(ctx context.Context, text string, limit int) ([]Suggestion, error) {
	query := url.Values{"q": {text}}
	if limit > 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	var out struct {
		Suggestions []Suggestion `json:"suggestions"`
	}
	err := c.get(ctx, "/api/suggest", query, &out)
	return out.Suggestions, err
}
