package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

const (
	// A batch is what one round trip to the database takes.
	batchDocuments = 500
	batchBytes     = 2 << 20
	// maxRejected is how many bad lines an answer names; all are counted.
	maxRejected     = 1000
	bulkRetryAfter  = 5 // seconds
	bulkOperation   = "POST /api/documents/bulk"
	mediaMultipart  = "multipart/form-data"
	mediaNDJSON     = "application/x-ndjson"
	mediaNDJSONToo  = "application/ndjson"
	mediaJSONLines  = "application/json-lines"
	mediaJSONLinesX = "application/jsonl"
)

// RejectedLine is a line or file of a bulk request that was not accepted.
type RejectedLine struct {
	Line  int         `json:"line" doc:"The number of the line, or of the file, from 1."`
	File  string      `json:"file,omitempty"`
	Code  domain.Code `json:"code" example:"invalid_argument"`
	Field string      `json:"field,omitempty" example:"content"`
	Error string      `json:"error" example:"content must not be empty"`
}

// BulkAccepted is the answer to a bulk request.
type BulkAccepted struct {
	JobID         *uuid.UUID     `json:"job_id,omitempty" doc:"Left out when there is nothing to do."`
	Accepted      int            `json:"accepted" doc:"Good lines: queued, unchanged and duplicates."`
	Queued        int            `json:"queued" doc:"Documents that the job makes searchable."`
	Unchanged     int            `json:"unchanged" doc:"Known already, under the same external_id."`
	Duplicates    int            `json:"duplicates" doc:"Known already, without an external_id."`
	RejectedCount int            `json:"rejected_count"`
	Rejected      []RejectedLine `json:"rejected" doc:"The first 1000 lines that were not accepted."`
}

// bulkSource yields the documents of a bulk request. A rejection concerns one of
// them; an error ends the request, io.EOF in the good way.
type bulkSource interface {
	next() (*domain.DocumentInput, *RejectedLine, error)
	// place returns where the last document of next was, as a line without a reason.
	place() RejectedLine
	// sum reads the rest and returns the hash of the whole request.
	sum() ([32]byte, error)
}

// createDocumentsBulk is a raw handler: its body may be longer than memory.
func (s *Server) createDocumentsBulk(c *gin.Context) {
	select {
	case s.bulkSlots <- struct{}{}:
		defer func() { <-s.bulkSlots }()
	default:
		fail(c, &domain.Error{
			Code: domain.CodeRateLimited, Message: "too many bulk requests are running on this server", RetryAfterSeconds: bulkRetryAfter,
		})
		return
	}
	result, err := s.acceptBulk(c)
	if err != nil {
		// What was not read of the body is in the way of the next request.
		c.Header("Connection", "close")
		fail(c, err)
		return
	}
	s.start(c.Request.Context(), result)
	if result.Replayed {
		c.Header("Idempotency-Replayed", "true")
	}
	c.Data(result.Status, "application/json", result.Body)
}

func (s *Server) acceptBulk(c *gin.Context) (store.IngestResult, error) {
	key, err := idempotencyKey(c.Request.Header)
	if err != nil {
		return store.IngestResult{}, err
	}
	source, err := s.bulkSource(c)
	if err != nil {
		return store.IngestResult{}, err
	}
	in := &bulkIntake{source: source, answer: BulkAccepted{Rejected: []RejectedLine{}}}
	// The first batch is read before a transaction is open: most requests are no
	// longer than that, and a slow client then holds no connection.
	if err := in.fill(); err != nil {
		return store.IngestResult{}, err
	}
	if in.done && len(in.batch) == 0 {
		return store.IngestResult{}, in.nothingAccepted()
	}
	ctx := c.Request.Context()
	options := store.IngestOptions{
		IdempotencyKey: key, Operation: bulkOperation,
		ReadRequest:        func(context.Context) ([32]byte, error) { return source.sum() },
		PartsMayBeRejected: true,
	}
	return s.deps.Store.Ingest(ctx, caller(ctx).TenantID, options, func(i *store.Ingest) (store.Reply, error) {
		return in.run(ctx, i)
	})
}

func (s *Server) bulkSource(c *gin.Context) (bulkSource, error) {
	media, params := "", map[string]string{}
	if kind := c.GetHeader("Content-Type"); kind != "" {
		var err error
		if media, params, err = mime.ParseMediaType(kind); err != nil {
			return nil, domain.Errorf(domain.CodeUnsupportedMedia, "the Content-Type cannot be read")
		}
	}
	switch media {
	case "", mediaNDJSON, mediaNDJSONToo, mediaJSONLines, mediaJSONLinesX, mediaMultipart:
	default:
		return nil, domain.Errorf(domain.CodeUnsupportedMedia, "the Content-Type must be %s or %s, not %q", mediaNDJSON, mediaMultipart, shorten(media))
	}
	stream, err := newBulkStream(c.Writer, c.Request, s.deps.MaxBulkBytes)
	if err != nil {
		return nil, err
	}
	if media == mediaMultipart {
		return newFileSource(s, stream, params["boundary"])
	}
	return &lineSource{server: s, stream: stream, lines: newLineReader(stream, s.maxLineBytes())}, nil
}

// maxLineBytes leaves room for a content of the largest size with many escapes.
func (s *Server) maxLineBytes() int { return 2*s.deps.MaxDocumentBytes + 1<<20 }

// bulkIntake moves documents from a source into an ingest, batch by batch.
type bulkIntake struct {
	source bulkSource
	answer BulkAccepted
	batch  []domain.DocumentInput
	places []RejectedLine // of the batch
	done   bool
	// full is why the last document was rejected that the quota had no room for.
	full *domain.Error
}

// fill reads the next batch.
func (b *bulkIntake) fill() error {
	clear(b.batch) // the contents of the last batch may go
	b.batch, b.places = b.batch[:0], b.places[:0]
	for size := 0; len(b.batch) < batchDocuments && size < batchBytes; {
		doc, rejected, err := b.source.next()
		switch {
		case errors.Is(err, io.EOF):
			b.done = true
			return nil
		case err != nil:
			return err
		case rejected != nil:
			b.reject(rejected)
		default:
			b.batch, b.places = append(b.batch, *doc), append(b.places, b.source.place())
			size += len(doc.Content)
		}
	}
	return nil
}

func (b *bulkIntake) reject(line *RejectedLine) {
	b.answer.RejectedCount++
	if len(b.answer.Rejected) < maxRejected {
		b.answer.Rejected = append(b.answer.Rejected, *line)
	}
}

// run accepts the batch that was read and all that follow, and returns the answer.
func (b *bulkIntake) run(ctx context.Context, i *store.Ingest) (store.Reply, error) {
	for {
		if len(b.batch) > 0 {
			accepted, err := i.Add(ctx, b.batch)
			if err != nil {
				return store.Reply{}, err
			}
			b.count(accepted)
		}
		if b.done {
			break
		}
		if err := b.fill(); err != nil {
			return store.Reply{}, err
		}
	}
	if b.full != nil && b.answer.Accepted == 0 {
		return store.Reply{}, b.full
	}
	slices.SortStableFunc(b.answer.Rejected, func(x, y RejectedLine) int { return x.Line - y.Line })
	status := http.StatusOK
	if i.Items() > 0 {
		job := i.JobID()
		status, b.answer.JobID = http.StatusAccepted, &job
	}
	return replyWith(status, b.answer, b.source.sum)
}

func (b *bulkIntake) count(accepted []store.Accepted) {
	b.answer.Accepted += len(accepted)
	for n, a := range accepted {
		switch a.Outcome {
		case store.AcceptRejected:
			b.answer.Accepted--
			b.full = a.Reason
			line := b.places[n]
			line.Code, line.Error = a.Reason.Code, a.Reason.Message
			b.reject(&line)
		case store.AcceptCreated, store.AcceptUpdated:
			b.answer.Queued++
		case store.AcceptUnchanged:
			b.answer.Unchanged++
		case store.AcceptDuplicate:
			b.answer.Duplicates++
		}
	}
}

// nothingAccepted is the error for a request without one good line.
func (b *bulkIntake) nothingAccepted() error {
	e := &domain.Error{Code: domain.CodeInvalid, Message: "the request holds no documents"}
	if b.answer.RejectedCount > 0 {
		e.Message = fmt.Sprintf("none of %d documents could be accepted", b.answer.RejectedCount)
	}
	for _, r := range b.answer.Rejected[:min(len(b.answer.Rejected), maxFieldErrors)] {
		field := fmt.Sprintf("line %d", r.Line)
		if r.File != "" {
			field = r.File
		}
		if r.Field != "" {
			field += ": " + r.Field
		}
		e.Fields = append(e.Fields, domain.FieldError{Field: field, Message: r.Error})
	}
	return e
}

var idempotencyPattern = regexp.MustCompile(`^[\x21-\x7e]{1,255}$`)

// idempotencyKey reads the header as typed handlers have it read.
func idempotencyKey(h http.Header) (string, error) {
	key := h.Get("Idempotency-Key")
	if key != "" && !idempotencyPattern.MatchString(key) {
		return "", &domain.Error{Code: domain.CodeInvalid, Message: "the request is not valid", Fields: []domain.FieldError{{
			Field: "Idempotency-Key", Message: "must be 1-255 printable ASCII characters",
		}}}
	}
	return key, nil
}

func documentBulk(api huma.API, op *huma.Operation) {
	line := schemaOf[documentBodyFields](api)
	op.Parameters = []*huma.Param{{
		Name: "Idempotency-Key", In: "header", Schema: &huma.Schema{Type: huma.TypeString},
		Description: "The same key with the same request within 24 hours gets the first answer; nothing happens twice.",
	}, {
		Name: "Content-Encoding", In: "header", Schema: &huma.Schema{Type: huma.TypeString, Enum: []any{"gzip", "identity"}},
	}}
	files := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		mediaNDJSON: {
			Schema:  line,
			Example: "{\"external_id\":\"a.md\",\"title\":\"A\",\"content\":\"First\"}\n{\"external_id\":\"b.md\",\"title\":\"B\",\"content\":\"Second\"}\n",
		},
		mediaMultipart: {Schema: files},
	}}
	answer := map[string]*huma.MediaType{"application/json": {Schema: schemaOf[BulkAccepted](api)}}
	op.Responses["202"] = &huma.Response{Description: "Stored; the job makes them searchable.", Content: answer}
	op.Responses["200"] = &huma.Response{Description: "Every good line was known already.", Content: answer}
}
