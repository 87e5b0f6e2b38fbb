package api

import (
	"net/http"
	"path"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
)

// apiDescription introduces the docs and the OpenAPI document.
const apiDescription = "Index documents and search them. JSON in and out, snake_case, times in RFC 3339 and UTC, ids are UUIDs. " +
	"Every error is an RFC 9457 problem with a stable `code`. Lists are paged by `next_cursor`. " +
	"Every answer carries an `X-Request-Id`, yours if you sent one."

func humaConfig(version string) huma.Config {
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "RustAssistant", Version: version, Description: apiDescription, License: &huma.License{Name: "MIT", Identifier: "MIT"},
			},
			Servers: []*huma.Server{{URL: "/", Description: "This server"}},
			Tags:    apiTags(),
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", schemaName),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"apiKey":  {Type: "apiKey", In: "header", Name: "X-API-Key", Description: "An API key, ra_live_…"},
					"bearer":  {Type: "http", Scheme: "bearer", Description: "The same key as a bearer token."},
					"session": {Type: "apiKey", In: "cookie", Name: secureCookie, Description: "The dashboard's session."},
				},
			},
		},
		Formats:       map[string]huma.Format{"application/json": jsonFormat, "json": jsonFormat},
		DefaultFormat: "application/json",
	}
}

func apiTags() []*huma.Tag {
	return []*huma.Tag{
		{Name: "Search", Description: "Find passages of documents."},
		{Name: tagDocuments, Description: "What is indexed: add, change, delete."},
		{Name: tagIndexing, Description: "The jobs that make documents searchable."},
		{Name: tagWebhooks, Description: "Be told of events. Keys need the scope `webhooks`."},
		{Name: tagAnalytics, Description: "What was searched for, found and chosen. Keys need the scope `analytics:read`."},
		{Name: tagEmbeddings, Description: "Models of semantic search: state, training, going back."},
		{Name: tagAdmin, Description: "Keys, tenants and figures. Keys need the scope `admin`, for tenants `platform`."},
		{Name: tagSession, Description: "The dashboard's sign-in."},
		{Name: tagTenants, Description: "For keys of platform scope: make, change, suspend, export and delete tenants."},
		{Name: tagJobs, Description: "Durable work of every kind: how it stands, every attempt, and what can be done about it."},
		{Name: tagSystem, Description: "Probes, metrics, and this description."},
	}
}

// schemaNames give request bodies names that read well in generated clients.
var schemaNames = map[string]string{
	"documentBodyFields": "DocumentInput", "documentPatchBody": "DocumentPatch", "indexDocumentBody": "IndexRequest",
	"indexDocumentsBody": "IndexBatchRequest", "signInBody": "SignIn", "apiKeyBody": "APIKeyInput", "tenantBody": "TenantInput",
	"webhookBody": "WebhookInput", "webhookPatchBody": "WebhookPatch", "rotateSecretBody": "SecretRotation",
}

func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if name, ok := schemaNames[t.Name()]; ok {
		return name
	}
	name := huma.DefaultSchemaNamer(t, hint)
	// Words such as Stats are used by several packages.
	if pkg := path.Base(t.PkgPath()); strings.Contains(t.PkgPath(), "/internal/") && pkg != "domain" {
		name = strings.ToUpper(pkg[:1]) + pkg[1:] + name
	}
	return name
}

// schemaOf registers T and returns a reference to it.
func schemaOf[T any](api huma.API) *huma.Schema {
	return api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[T](), true, "")
}

func pathParam(name, doc string) *huma.Param {
	return &huma.Param{Name: name, In: "path", Required: true, Description: doc, Schema: &huma.Schema{Type: huma.TypeString}}
}

func (s *Server) serveOpenAPI(c *gin.Context) {
	c.Header("Cache-Control", "no-cache")
	c.Data(http.StatusOK, "application/json", s.openAPI)
}

func documentAnyJSON(_ huma.API, op *huma.Operation) {
	op.Responses["200"] = &huma.Response{Description: "OK", Content: map[string]*huma.MediaType{
		"application/json": {Schema: &huma.Schema{Type: huma.TypeObject}},
	}}
}

func documentText(_ huma.API, op *huma.Operation) {
	op.Responses["200"] = &huma.Response{Description: "OK", Content: map[string]*huma.MediaType{
		"text/plain": {Schema: &huma.Schema{Type: huma.TypeString}},
	}}
}
