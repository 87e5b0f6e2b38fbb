package api

import (
	"github.com/danielgtaylor/huma/v2"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/webhook"
)

// maxRateLimit is in requests a second.
const maxRateLimit = 1000

// webhookFilter is a domain.EventFilter in a request or an answer.
type webhookFilter domain.EventFilter

// Schema implements huma.SchemaProvider.
func (webhookFilter) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeObject, Nullable: true,
		Examples: []any{map[string]any{"kind": []any{"index_documents"}, "state": []any{"failed"}}},
		AdditionalProperties: &huma.Schema{
			Type: huma.TypeArray,
			Items: &huma.Schema{
				OneOf: []*huma.Schema{{Type: huma.TypeString}, {Type: huma.TypeNumber}, {Type: huma.TypeBoolean}},
			},
		},
	}
}

// rateLimitView writes no limit as null.
func rateLimitView(n int) *int {
	if n == 0 {
		return nil
	}
	return &n
}

// rateLimitOf reads null as no limit.
func rateLimitOf(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}

func (c *webhookCheck) rateLimit(n *int) {
	if n != nil && (*n < 1 || *n > maxRateLimit) {
		c.add("rate_limit", "must be 1 to 1000 requests a second, or null for no limit")
	}
}

func (c *webhookCheck) filter(f webhookFilter) {
	c.add("filter", webhook.CheckFilter(domain.EventFilter(f)))
}
