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
	// EmissionBatched is for events that tell of many things that happened.
	EmissionBatched Emission = "batched"
	// EmissionSampled is for events that are sent for a share of what happens.
	EmissionSampled Emission = "sampled"
	// EmissionOff is for events that may be subscribed to and are not sent: by this
	// version, or by this server as it is configured.
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
		`"searches":{"type":"array","minItems":1,"maxItems":100,"items":{"type":"object",` +
		`"required":["query_id","query","type","total_results","took_ms","cached","searched_at"],"properties":{` +
		`"query_id":{"type":"string","format":"uuid"},"query":{"type":"string","description":"As analytics keep it: lower case, the first 256 bytes."},` +
		`"type":{"enum":["keyword","semantic","hybrid"]},"total_results":{"type":"integer","minimum":0},"took_ms":{"type":"number","minimum":0},` +
		`"cached":{"type":"boolean"},"user_id":{"type":"string"},"searched_at":{"type":"string","format":"date-time"}}}}}}`
	keySchema = `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","required":["key_id","name","prefix","scopes"],"properties":{` +
		`"key_id":{"type":"string","format":"uuid"},"name":{"type":"string"},"prefix":{"type":"string","description":"How the key begins. The key itself is never told."},` +
		`"scopes":{"type":"array","items":{"type":"string"}},"expires_at":{"type":"string","format":"date-time"},` +
		`"replaced_by":{"type":"string","format":"uuid"},"revoked_at":{"type":"string","format":"date-time"}}}`
	quotaSchema = `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","required":["quota","tier","limit","used","percent"],"properties":{` +
		`"quota":{"enum":["documents","storage_bytes","searches_per_day","api_keys","webhooks"]},"tier":{"enum":["free","standard","enterprise","unlimited"]},` +
		`"limit":{"type":"integer","minimum":0},"used":{"type":"integer","minimum":0},"percent":{"type":"number","minimum":0}}}`

	tenantSchema = `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","required":["tenant_id","slug","name"],"properties":{` +
		`"tenant_id":{"type":"string","format":"uuid"},"slug":{"type":"string"},"name":{"type":"string"},` +
		`"state":{"enum":["active","suspended"],"description":"What it is now. Left out of a tenant that is gone."},` +
		`"certificate_id":{"type":"string","format":"uuid","description":"Of what was deleted, for a tenant that is gone."}}}`

	exampleDocument = `"document_id":"0198c0de-0000-7000-8000-0000000000d1","external_id":"handbook/intro.md","version":2,"job_id":"0198c0de-0000-7000-8000-0000000000a1"`
	exampleJob      = `"job_id":"0198c0de-0000-7000-8000-0000000000a1","kind":"index_documents"`
	exampleEndpoint = `"endpoint_id":"0198c0de-0000-7000-8000-0000000000e1"`
	exampleTenant   = `"tenant_id":"0198c0de-0000-7000-8000-0000000000b1","slug":"acme","name":"Acme Inc."`
	exampleKey      = `{"key_id":"0198c0de-0000-7000-8000-0000000000c1","name":"Production API Key","prefix":"ra_live_a1b2","scopes":["search","documents:read"]}`
)

// catalogue is sorted by type.
var catalogue = []EventDescription{
	describe(domain.EventAPIKeyCreated, EmissionAlways, "An API key was created.", keySchema, exampleKey),
	describe(domain.EventAPIKeyRevoked, EmissionAlways, "An API key was revoked.", keySchema, exampleKey),
	describe(domain.EventAPIKeyRotated, EmissionAlways, "An API key got a successor; it works until revoked_at.", keySchema,
		exampleKey[:len(exampleKey)-1]+`,"replaced_by":"0198c0de-0000-7000-8000-0000000000c2","revoked_at":"2026-01-03T03:04:05Z"}`),
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
	describe(domain.EventQuotaExceeded, EmissionAlways,
		"A quota is used up; what would exceed it is refused. Once, and again only after it fell below; of searches a day, once a day.", quotaSchema,
		`{"quota":"documents","tier":"free","limit":1000,"used":1000,"percent":100}`),
	describe(domain.EventQuotaWarning, EmissionAlways, "80 % of a quota are used. Once, and again only after it fell below; of searches a day, once a day.", quotaSchema,
		`{"quota":"documents","tier":"free","limit":1000,"used":800,"percent":80}`),
	describe(domain.EventSearchPerformed, EmissionBatched,
		"Searches of the tenant, a second or so after they were answered: all of them, up to 100 in one event (batched), or a share of them, each alone (sampled).",
		searchSchema, `{"searches":[{"query_id":"0198c0de-0000-7000-8000-0000000000f1","query":"rolling update","type":"keyword","total_results":12,`+
			`"took_ms":1.8,"cached":false,"user_id":"user-42","searched_at":"2026-01-02T03:04:04Z"}]}`),
	describe(domain.EventTenantOffboarded, EmissionAlways, "A tenant and all of its data were deleted. Sent to the webhooks of the default tenant.",
		tenantSchema, `{`+exampleTenant+`,"certificate_id":"0198c0de-0000-7000-8000-0000000000b2"}`),
	describe(domain.EventTenantProvisioned, EmissionAlways, "A tenant was made and can be used. Sent to the webhooks of the default tenant, too, as are the other events of tenants.",
		tenantSchema, `{`+exampleTenant+`,"state":"active"}`),
	describe(domain.EventTenantResumed, EmissionAlways, "A suspended tenant is active again.", tenantSchema, `{`+exampleTenant+`,"state":"active"}`),
	describe(domain.EventTenantSuspended, EmissionAlways, "A tenant was suspended: its keys are refused, its jobs and its own webhooks wait. Its own webhooks hear of it when it is resumed.",
		tenantSchema, `{`+exampleTenant+`,"state":"suspended"}`),
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

// Catalogue lists every event that may be subscribed to, by type. How searches are
// told depends on the configuration; the empty value is SearchesOff.
func Catalogue(searches domain.SearchEmission) []EventDescription {
	rows := slices.Clone(catalogue)
	for i := range rows {
		if rows[i].Type == domain.EventSearchPerformed {
			rows[i].Emission = searchEmission(searches)
		}
	}
	return rows
}

func searchEmission(searches domain.SearchEmission) Emission {
	switch searches {
	case domain.SearchesBatched:
		return EmissionBatched
	case domain.SearchesSampled:
		return EmissionSampled
	default:
		return EmissionOff
	}
}

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
