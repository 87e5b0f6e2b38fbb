package webhook

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// Emission says when events of a type are sent.
type Emission string

const (
	// EmissionAlways is for events that are sent whenever they happen.
	EmissionAlways Emission = "always"
	// EmissionOnRequest is for events that somebody asks for.
	EmissionOnRequest Emission = "on_request"
	// EmissionOff is for events that may be subscribed to and are not sent by
	// this version.
	EmissionOff Emission = "off"
)

// EventDescription is one row of the catalogue. Schema is a JSON Schema
// (2020-12) of the field data of the request; Example is a whole request body.
type EventDescription struct {
	Type        domain.EventType
	Description string
	Emission    Emission
	Schema      json.RawMessage
	Example     json.RawMessage
}

const (
	documentSchema = `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","required":["document_id","version"],"properties":{` +
		`"document_id":{"type":"string","format":"uuid"},"external_id":{"type":"string"},"version":{"type":"integer","minimum":1},` +
		`"job_id":{"type":"string","format":"uuid"},"chunks":{"type":"integer","minimum":0},` +
		`"error_code":{"type":"string"},"error":{"type":"string"}}}`
	jobSchema = `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","required":["job_id","kind","state","total","done","failed"],"properties":{` +
		`"job_id":{"type":"string","format":"uuid"},"kind":{"type":"string"},"state":{"type":"string"},` +
		`"total":{"type":"integer","minimum":0},"done":{"type":"integer","minimum":0},"failed":{"type":"integer","minimum":0}}}`
	endpointSchema = `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","required":["endpoint_id","url"],"properties":{` +
		`"endpoint_id":{"type":"string","format":"uuid"},"url":{"type":"string","format":"uri"},"reason":{"enum":["gone","failing"]}}}`
	testSchema = `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","required":["endpoint_id","message"],"properties":{` +
		`"endpoint_id":{"type":"string","format":"uuid"},"message":{"type":"string"}}}`
	searchSchema = `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","required":["searches"],"properties":{` +
		`"searches":{"type":"array","items":{"type":"object","required":["query_id","query","type","total_results"],"properties":{` +
		`"query_id":{"type":"string","format":"uuid"},"query":{"type":"string"},"type":{"type":"string"},"total_results":{"type":"integer"}}}}}}`

	exampleDocument = `"document_id":"0198c0de-0000-7000-8000-0000000000d1","external_id":"handbook/intro.md","version":2,"job_id":"0198c0de-0000-7000-8000-0000000000a1"`
	exampleJob      = `"job_id":"0198c0de-0000-7000-8000-0000000000a1","kind":"index_documents"`
	exampleEndpoint = `"endpoint_id":"0198c0de-0000-7000-8000-0000000000e1"`
)

// catalogue is sorted by type.
var catalogue = []EventDescription{
	describe(domain.EventDocumentDeleted, EmissionAlways, "A document was removed from the store and from search.", documentSchema,
		`{"document_id":"0198c0de-0000-7000-8000-0000000000d1","external_id":"handbook/intro.md","version":2}`),
	describe(domain.EventDocumentFailed, EmissionAlways, "A version of a document could not be indexed.", documentSchema,
		`{`+exampleDocument+`,"error_code":"chunking_failed","error":"the text of this document could not be cut into passages"}`),
	describe(domain.EventDocumentIndexed, EmissionAlways, "A document became searchable for the first time.", documentSchema, `{`+exampleDocument+`,"chunks":4}`),
	describe(domain.EventDocumentUpdated, EmissionAlways, "A newer version of a searchable document became searchable.", documentSchema, `{`+exampleDocument+`,"chunks":5}`),
	describe(domain.EventJobCanceled, EmissionAlways, "A job was canceled.", jobSchema, `{`+exampleJob+`,"state":"canceled","total":100,"done":40,"failed":0}`),
	describe(domain.EventJobCompleted, EmissionAlways, "A job ended; state tells whether some of its documents failed.", jobSchema,
		`{`+exampleJob+`,"state":"completed","total":100,"done":100,"failed":0}`),
	describe(domain.EventJobFailed, EmissionAlways, "A job ended and every document of it failed.", jobSchema, `{`+exampleJob+`,"state":"failed","total":2,"done":0,"failed":2}`),
	describe(domain.EventSearchPerformed, EmissionOff,
		"Searches of the tenant, in batches. It may be subscribed to; this version does not send it, so that a webhook costs a search nothing.",
		searchSchema, `{"searches":[{"query_id":"0198c0de-0000-7000-8000-0000000000f1","query":"rolling update","type":"keyword","total_results":12}]}`),
	describe(domain.EventWebhookDisabled, EmissionAlways, "An endpoint was disabled because it answered 410 or failed for days. Sent to the other endpoints.",
		endpointSchema, `{`+exampleEndpoint+`,"url":"https://example.com/webhook","reason":"failing"}`),
	describe(domain.EventWebhookRecovered, EmissionAlways, "A disabled endpoint was enabled again.", endpointSchema, `{`+exampleEndpoint+`,"url":"https://example.com/webhook"}`),
	describe(domain.EventWebhookTest, EmissionOnRequest, "A test that somebody asked for, sent to the tested endpoint whatever it subscribes to.",
		testSchema, `{`+exampleEndpoint+`,"message":"This is a test."}`),
}

func describe(t domain.EventType, emission Emission, description, schema, data string) EventDescription {
	body := fmt.Sprintf(`{"id":"0198c0de-0000-7000-8000-000000000001","type":%q,"timestamp":"2026-01-02T03:04:05Z","data":%s}`, t, data)
	return EventDescription{Type: t, Description: description, Emission: emission, Schema: json.RawMessage(schema), Example: json.RawMessage(body)}
}

// Catalogue lists every event that may be subscribed to, by type.
func Catalogue() []EventDescription { return slices.Clone(catalogue) }

// maxPatterns bounds the events of one endpoint.
const maxPatterns = 50

// CheckEvents says what is wrong with a subscription, in words that follow the
// field's name, or "". A pattern is a type, a group such as document.*, or *.
func CheckEvents(patterns []string) string {
	switch {
	case len(patterns) == 0:
		return "must name at least one event, such as document.indexed or document.*"
	case len(patterns) > maxPatterns:
		return fmt.Sprintf("names more than %d events", maxPatterns)
	}
	for _, p := range patterns {
		if !slices.ContainsFunc(catalogue, func(e EventDescription) bool { return Matches(p, e.Type) }) {
			return fmt.Sprintf("names the unknown event %.60q; GET /api/admin/event-types lists them", p)
		}
	}
	return ""
}

// Matches reports whether a pattern covers a type. The store's fan-out decides
// the same in SQL.
func Matches(pattern string, t domain.EventType) bool {
	group, _, _ := strings.Cut(string(t), ".")
	return pattern == "*" || pattern == string(t) || pattern == group+".*"
}
