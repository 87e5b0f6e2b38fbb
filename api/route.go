package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/rustassistant/rustassistant/internal/auth"
)

// Access rules beside the scopes of keys.
const (
	// scopePublic needs no credentials.
	scopePublic auth.Scope = "public"
	// scopeSignedIn needs any valid credentials.
	scopeSignedIn auth.Scope = "signed-in"
)

// Body limits in bytes. 0 means that the operation takes no body.
const (
	noBody    = 0
	smallBody = 64 << 10
	listBody  = 256 << 10
	// documentBody leaves room for a content of the largest size whose letters are
	// escaped, as some encoders do with all that is not ASCII.
	documentBody = 32 << 20
	// streamBody marks bodies that are not read as a whole; the handler limits them.
	streamBody = -1
)

// route is one row of the route table.
type route struct {
	method, path string // the path in OpenAPI's form: /api/documents/{id}
	id           string // OpenAPI's operationId
	scope        auth.Scope
	bodyLimit    int64
	tag          string
	summary      string
	description  string
	// status of success; 200 when 0.
	status int
	// also lists other statuses that carry the same body as success.
	also []int
	// errors lists statuses beyond those that follow from scope and body.
	errors   []int
	hidden   bool // not in the OpenAPI document
	endpoint endpoint
}

// endpoint is what answers a route: typed for most, raw for streams and for what
// must be fast.
type endpoint interface {
	register(s *Server, op huma.Operation)
}

// handlerTimeout bounds a typed handler, its body read already.
const handlerTimeout = 30 * time.Second

// typed is a handler whose parameters, body and answer huma reads, writes and documents.
type typed[I, O any] func(context.Context, *I) (*O, error)

func (h typed[I, O]) register(s *Server, op huma.Operation) {
	op.SkipValidateBody = true // body[T] does it
	op.MaxBodyBytes = -1       // limitBody does it
	op.BodyReadTimeout = 0
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		// A database that hangs must not hold requests for ever.
		ctx, cancel := context.WithTimeout(ctx, handlerTimeout)
		defer cancel()
		return h(ctx, in)
	})
}

// raw is a gin handler. document describes what huma cannot see.
type raw struct {
	handler  gin.HandlerFunc
	document func(api huma.API, op *huma.Operation)
}

func (h raw) register(s *Server, op huma.Operation) {
	op.Responses = map[string]*huma.Response{}
	if h.document != nil {
		h.document(s.api, &op)
	}
	documentErrors(s.api, &op)
	s.engine.Handle(op.Method, ginPath(op.Path), h.handler)
	if !op.Hidden {
		s.api.OpenAPI().AddOperation(&op)
	}
}

// documentErrors adds the error answers of op.Errors, as huma does for typed handlers.
func documentErrors(api huma.API, op *huma.Operation) {
	schema := schemaOf[Problem](api)
	for _, status := range op.Errors {
		op.Responses[strconv.Itoa(status)] = &huma.Response{
			Description: http.StatusText(status),
			Content:     map[string]*huma.MediaType{problemType: {Schema: schema}},
		}
	}
}

// operation is the row as huma and OpenAPI know it.
func (r *route) operation() huma.Operation {
	op := huma.Operation{
		Method: r.method, Path: r.path, OperationID: r.id, Tags: []string{r.tag}, Summary: r.summary,
		Description: r.description, DefaultStatus: r.status, Hidden: r.hidden, Errors: r.statuses(),
		Extensions: map[string]any{"x-scope": string(r.scope)},
		// A misspelled filter must not be an unfiltered list. Probes may add what they like.
		RejectUnknownQueryParameters: r.scope != scopePublic,
	}
	if op.DefaultStatus == 0 {
		op.DefaultStatus = http.StatusOK
	}
	if r.scope != scopePublic {
		op.Security = []map[string][]string{{"apiKey": {}}, {"bearer": {}}, {"session": {}}}
	}
	return op
}

// statuses are the error statuses of the row: what follows from its access rule,
// path and body, and what it adds.
func (r *route) statuses() []int {
	var out []int
	if r.bodyLimit != noBody {
		out = append(out, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity)
	}
	if r.scope != scopePublic {
		out = append(out, http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests, http.StatusServiceUnavailable)
	}
	if strings.Contains(r.path, "{") {
		out = append(out, http.StatusNotFound)
	}
	return append(out, r.errors...)
}

// documentAlso repeats the answer of success under the row's other statuses.
func (r *route) documentAlso(api *huma.OpenAPI) {
	op := operationOf(api.Paths[r.path], r.method)
	success := op.Responses[strconv.Itoa(r.operation().DefaultStatus)]
	if success == nil {
		return
	}
	for _, status := range r.also {
		same := *success
		same.Description = http.StatusText(status)
		op.Responses[strconv.Itoa(status)] = &same
	}
}

// key finds a row by what gin says has matched.
func (r *route) key() string { return r.method + " " + ginPath(r.path) }

// ginPath turns OpenAPI's /a/{b} into gin's /a/:b.
func ginPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}
