package apiclient

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

const searchSettingsPath = "/api/admin/search-settings"

// SearchSettings are a tenant's choices about its searches. They are kept as they came, so that what a newer server
// knows is not lost when they are sent back.
type SearchSettings struct {
	// Version counts the changes.
	Version   int64      `json:"version"`
	UpdatedAt *time.Time `json:"updated_at"` // nil when they were never changed
	// Raw is everything, with the version.
	Raw json.RawMessage `json:"-"`
}

// SearchSettings asks for the tenant's settings; it needs admin scope.
func (c *Client) SearchSettings(ctx context.Context) (*SearchSettings, error) {
	var raw json.RawMessage
	if err := c.get(ctx, searchSettingsPath, nil, &raw); err != nil {
		return nil, err
	}
	return newSearchSettings(raw)
}

// PutSearchSettings replaces the tenant's settings by a JSON object. The version in it makes the change safe: where the
// server has another one, the error is of IsConflict and nothing is changed. So the request needs no Idempotency-Key,
// but when an answer was lost on the way, the second attempt may find the change of the first and report a conflict.
func (c *Client) PutSearchSettings(ctx context.Context, settings json.RawMessage) (*SearchSettings, error) {
	call, err := jsonCall(http.MethodPut, searchSettingsPath, settings)
	if err != nil {
		return nil, err
	}
	var raw json.RawMessage
	if _, err := c.do(ctx, call, &raw); err != nil {
		return nil, err
	}
	return newSearchSettings(raw)
}

func newSearchSettings(raw json.RawMessage) (*SearchSettings, error) {
	out := SearchSettings{Raw: raw}
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, fmt.Errorf("the search settings are not the API's JSON: %w", err)
	}
	return &out, nil
}
