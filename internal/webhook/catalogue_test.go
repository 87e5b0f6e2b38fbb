package webhook_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/webhook"
)

func TestTheCatalogueIsWhole(t *testing.T) {
	t.Parallel()
	rows := webhook.Catalogue(domain.SearchesBatched)
	require.True(t, slices.IsSortedFunc(rows, func(a, b webhook.EventDescription) int { return strings.Compare(string(a.Type), string(b.Type)) }))
	for _, e := range []domain.EventType{
		domain.EventDocumentIndexed, domain.EventDocumentUpdated, domain.EventDocumentDeleted, domain.EventDocumentFailed,
		domain.EventJobCompleted, domain.EventJobFailed, domain.EventJobCanceled, domain.EventSearchPerformed,
		domain.EventAPIKeyCreated, domain.EventAPIKeyRevoked, domain.EventAPIKeyRotated,
		domain.EventTenantProvisioned, domain.EventTenantSuspended, domain.EventTenantResumed, domain.EventTenantOffboarded,
		domain.EventWebhookTest, domain.EventWebhookDisabled, domain.EventWebhookRecovered,
	} {
		require.True(t, slices.ContainsFunc(rows, func(d webhook.EventDescription) bool { return d.Type == e }), e)
	}
}

func TestExamplesFitTheirSchemas(t *testing.T) {
	t.Parallel()
	for _, e := range webhook.Catalogue(domain.SearchesBatched) {
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(e.Schema))
		require.NoError(t, err, e.Type)
		compiler := jsonschema.NewCompiler()
		compiler.AssertFormat()
		require.NoError(t, compiler.AddResource("schema.json", document), e.Type)
		schema, err := compiler.Compile("schema.json")
		require.NoError(t, err, e.Type)
		example, err := jsonschema.UnmarshalJSON(bytes.NewReader(e.Example))
		require.NoError(t, err, e.Type)
		whole, ok := example.(map[string]any)
		require.True(t, ok)
		require.Equal(t, string(e.Type), whole["type"])
		data, ok := whole["data"].(map[string]any)
		require.True(t, ok)
		require.NoError(t, schema.Validate(data), e.Type)

		var known struct {
			Required   []string                   `json:"required"`
			Properties map[string]json.RawMessage `json:"properties"`
		}
		require.NoError(t, json.Unmarshal(e.Schema, &known))
		for name := range data {
			require.Contains(t, known.Properties, name, "%s: everything that is sent is described", e.Type)
		}
		delete(data, known.Required[0])
		require.Error(t, schema.Validate(data), "%s: the schema refuses what is not whole", e.Type)
	}
}
