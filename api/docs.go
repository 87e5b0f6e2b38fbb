package api

import (
	"bytes"
	_ "embed" // the template and the style of the docs
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"sort"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
)

//go:embed docs.html.tmpl
var docsTemplate string

//go:embed docs.css
var docsStyle []byte

// docsPolicy allows the page its style and nothing else: it has no scripts.
const docsPolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// The docs are made of the OpenAPI document, so they cannot say anything else.
type docsPage struct {
	Info     *huma.Info
	Groups   []docsGroup
	Schemas  []docsSchema
	Problems []docsProblem
}

type docsGroup struct {
	Name, Description string
	Operations        []docsOperation
}

type docsOperation struct {
	Method, Path, ID, Summary, Description, Scope, Curl string
	Parameters                                          []docsField
	Body                                                *docsBody
	Responses                                           []docsResponse
}

type docsBody struct {
	Type, Schema, Example string
	Fields                []docsField
}

type docsField struct {
	Name, In, Type, Description string
	Required                    bool
}

type docsResponse struct{ Status, Description, Type, Schema string }

type docsSchema struct {
	Name   string
	Fields []docsField
}

type docsProblem struct {
	Code, Title, Help string
	Status            int
}

// renderDocs makes the OpenAPI document and the page, once: they do not change.
func (s *Server) renderDocs() error {
	var err error
	if s.openAPI, err = s.api.OpenAPI().MarshalJSON(); err != nil {
		return fmt.Errorf("encode the OpenAPI document: %w", err)
	}
	page, err := template.New("docs").Funcs(template.FuncMap{"prose": prose}).Parse(docsTemplate)
	if err != nil {
		return fmt.Errorf("read the template of the docs: %w", err)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, newDocsPage(s.api.OpenAPI(), s.routeTable())); err != nil {
		return fmt.Errorf("render the docs: %w", err)
	}
	s.docs = out.Bytes()
	return nil
}

func (s *Server) serveDocs(c *gin.Context) {
	c.Header("Cache-Control", "no-cache")
	c.Header("Content-Security-Policy", docsPolicy)
	c.Data(http.StatusOK, "text/html; charset=utf-8", s.docs)
}

func serveDocsStyle(c *gin.Context) {
	c.Header("Cache-Control", "no-cache")
	c.Data(http.StatusOK, "text/css; charset=utf-8", docsStyle)
}

func newDocsPage(api *huma.OpenAPI, routes []route) docsPage {
	d := docsWriter{api: api, schemas: api.Components.Schemas}
	page := docsPage{Info: api.Info}
	for _, tag := range api.Tags {
		group := docsGroup{Name: tag.Name, Description: tag.Description}
		for _, r := range routes {
			if r.tag == tag.Name && !r.hidden {
				group.Operations = append(group.Operations, d.operation(&r))
			}
		}
		page.Groups = append(page.Groups, group)
	}
	for name, schema := range d.schemas.Map() {
		page.Schemas = append(page.Schemas, docsSchema{Name: name, Fields: d.fields(schema)})
	}
	sort.Slice(page.Schemas, func(i, j int) bool { return page.Schemas[i].Name < page.Schemas[j].Name })
	for _, k := range problemKinds {
		if k.code != codeCanceled { // nobody is there to read it
			page.Problems = append(page.Problems, docsProblem{Code: string(k.code), Title: k.title, Help: k.help, Status: k.status})
		}
	}
	return page
}

// docsWriter turns parts of the OpenAPI document into text.
type docsWriter struct {
	api     *huma.OpenAPI
	schemas huma.Registry
}

func (d *docsWriter) operation(r *route) docsOperation {
	op := operationOf(d.api.Paths[r.path], r.method)
	out := docsOperation{Method: r.method, Path: r.path, ID: r.id, Summary: r.summary, Description: r.description, Scope: string(r.scope)}
	for _, p := range op.Parameters {
		out.Parameters = append(out.Parameters, docsField{Name: p.Name, In: p.In, Type: d.typeName(p.Schema), Description: p.Description, Required: p.Required})
	}
	if op.RequestBody != nil {
		out.Body = d.body(op.RequestBody)
	}
	for status, response := range op.Responses {
		line := docsResponse{Status: status, Description: response.Description}
		for media, content := range response.Content {
			line.Type = media
			line.Schema = refName(content.Schema)
		}
		out.Responses = append(out.Responses, line)
	}
	slices.SortFunc(out.Responses, func(a, b docsResponse) int { return strings.Compare(a.Status, b.Status) })
	out.Curl = curl(r, out.Body)
	return out
}

// operationOf is nil-safe because a missing operation is a fault that a test finds.
func operationOf(item *huma.PathItem, method string) *huma.Operation {
	var op *huma.Operation
	if item != nil {
		op = map[string]*huma.Operation{
			http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put,
			http.MethodPatch: item.Patch, http.MethodDelete: item.Delete,
		}[method]
	}
	if op == nil {
		return &huma.Operation{}
	}
	return op
}

// body describes the first media type in the order of their names, which puts JSON
// and NDJSON before forms.
func (d *docsWriter) body(b *huma.RequestBody) *docsBody {
	var types []string
	for media := range b.Content {
		types = append(types, media)
	}
	sort.Strings(types)
	content := b.Content[types[0]]
	out := &docsBody{Type: strings.Join(types, ", "), Schema: refName(content.Schema), Fields: d.fields(content.Schema)}
	switch example := content.Example.(type) {
	case string:
		out.Example = example
	case nil:
		out.Example = encodeExample(d.example(content.Schema, 0))
	default:
		out.Example = encodeExample(example)
	}
	return out
}

func encodeExample(v any) string {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if v == nil || enc.Encode(v) != nil {
		return ""
	}
	return strings.TrimSpace(out.String())
}

// example is made of the examples of the fields; fields without one are left out.
func (d *docsWriter) example(s *huma.Schema, depth int) any {
	s = d.resolve(s)
	if s == nil || depth > 4 {
		return nil
	}
	if len(s.Examples) > 0 {
		return s.Examples[0]
	}
	if len(s.Properties) == 0 {
		return nil
	}
	out := map[string]any{}
	for name, field := range s.Properties {
		if value := d.example(field, depth+1); value != nil {
			out[name] = value
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

func (d *docsWriter) resolve(s *huma.Schema) *huma.Schema {
	if s != nil && s.Ref != "" {
		return d.schemas.SchemaFromRef(s.Ref)
	}
	return s
}

func (d *docsWriter) fields(s *huma.Schema) []docsField {
	s = d.resolve(s)
	if s == nil {
		return nil
	}
	var out []docsField
	for name, field := range s.Properties {
		out = append(out, docsField{Name: name, Type: d.typeName(field), Description: field.Description, Required: slices.Contains(s.Required, name)})
	}
	sort.Slice(out, func(i, j int) bool {
		if out[i].Required != out[j].Required {
			return out[i].Required
		}
		return out[i].Name < out[j].Name
	})
	return out
}

func refName(s *huma.Schema) string {
	if s == nil {
		return ""
	}
	return s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
}

// typeName says what a value is, with its limits.
func (d *docsWriter) typeName(s *huma.Schema) string {
	if s == nil {
		return ""
	}
	name := refName(s)
	if name == "" {
		name = s.Type
	}
	if s.Type == huma.TypeArray {
		name = "list of " + d.typeName(s.Items)
	}
	if len(s.Enum) > 0 {
		name = strings.ReplaceAll(strings.Trim(fmt.Sprint(s.Enum), "[]"), " ", " | ")
	}
	if s.Format != "" && s.Format != "int64" && s.Format != "int32" && s.Format != "double" {
		name += " (" + s.Format + ")"
	}
	if s.Minimum != nil && s.Maximum != nil {
		name += fmt.Sprintf(", %v to %v", *s.Minimum, *s.Maximum)
	}
	if s.Default != nil {
		name += fmt.Sprintf(", %v by default", s.Default)
	}
	if s.Nullable {
		name += " or null"
	}
	return name
}

// curl is a command that can be pasted into a shell.
func curl(r *route, body *docsBody) string {
	var out strings.Builder
	out.WriteString("curl ")
	if r.method != http.MethodGet {
		out.WriteString("-X " + r.method + " ")
	}
	if strings.HasSuffix(r.path, "/events") {
		out.WriteString("-N ")
	}
	out.WriteString("http://localhost:8080" + strings.NewReplacer("{", "$", "}", "").Replace(r.path))
	if r.scope != scopePublic {
		out.WriteString(" \\\n  -H \"X-API-Key: $KEY\"")
	}
	if body == nil {
		return out.String()
	}
	media, _, _ := strings.Cut(body.Type, ",")
	out.WriteString(" \\\n  -H 'Content-Type: " + media + "'")
	if r.bodyLimit == streamBody {
		return out.String() + " \\\n  --data-binary @documents.ndjson"
	}
	return out.String() + " \\\n  -d '" + strings.ReplaceAll(body.Example, "'", `'\''`) + "'"
}

// prose escapes a description and makes code of what stands in backticks.
func prose(text string) template.HTML {
	var b strings.Builder
	for n, part := range strings.Split(text, "`") {
		part = template.HTMLEscapeString(part)
		if n%2 == 1 {
			part = "<code>" + part + "</code>"
		}
		b.WriteString(part)
	}
	return template.HTML(b.String()) //nolint:gosec // every part was escaped
}
