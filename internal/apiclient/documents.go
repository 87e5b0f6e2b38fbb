package apiclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/klauspost/compress/gzip"
)

// Document is what a caller says about a document: a line of a bulk request, or the body of a single one.
type Document struct {
	ExternalID string          `json:"external_id,omitempty"`
	Title      string          `json:"title,omitempty"`
	Content    string          `json:"content"`
	DocType    string          `json:"doc_type,omitempty"`
	SourceType string          `json:"source_type,omitempty"`
	SourceURL  string          `json:"source_url,omitempty"`
	RepoID     string          `json:"repo_id,omitempty"`
	Language   string          `json:"language,omitempty"`
	Tags       []string        `json:"tags,omitempty"`
	Metadata   json.RawMessage `json:"metadata,omitempty"`
}

// Accepted is the answer to one document.
type Accepted struct {
	ID          string `json:"id"`
	JobID       string `json:"job_id"`
	Status      string `json:"status"`
	DuplicateOf string `json:"duplicate_of"`
}

// CreateDocument sends one document. An empty key makes a new Idempotency-Key.
func (c *Client) CreateDocument(ctx context.Context, doc *Document, key string) (*Accepted, error) {
	call, err := jsonCall(http.MethodPost, "/api/documents", doc)
	if err != nil {
		return nil, err
	}
	call.header.Set("Idempotency-Key", keyOr(key))
	var out Accepted
	_, err = c.do(ctx, call, &out)
	return &out, err
}

// DeleteDocument removes a document by its id.
func (c *Client) DeleteDocument(ctx context.Context, id string) error {
	_, err := c.do(ctx, &call{
		method: http.MethodDelete, path: "/api/documents/" + url.PathEscape(id), timeout: 30 * time.Second,
		header: http.Header{"Idempotency-Key": {keyOr("")}},
	}, nil)
	return err
}

// BulkOptions says how a bulk request is sent.
type BulkOptions struct {
	// Gzip compresses the body; worth it over a network, not over loopback.
	Gzip bool
	// IdempotencyKey makes a repetition harmless, also after a restart of the caller. Empty makes a new one.
	IdempotencyKey string
}

// BulkResult is the answer to a bulk request. All good lines are committed together; rejected ones are not.
type BulkResult struct {
	JobID         string         `json:"job_id"` // empty when there is nothing to index
	Accepted      int            `json:"accepted"`
	Queued        int            `json:"queued"` // of the accepted: those that the job indexes
	Unchanged     int            `json:"unchanged"`
	Duplicates    int            `json:"duplicates"`
	RejectedCount int            `json:"rejected_count"`
	Rejected      []RejectedLine `json:"rejected"` // the first ones
}

// RejectedLine is a line of a bulk request that was refused. Lines count from 1.
type RejectedLine struct {
	Line  int    `json:"line"`
	Code  string `json:"code"`
	Error string `json:"error"`
}

// BulkDocuments sends lines of JSON. What is not an io.ReadSeeker is read into memory first, so that it can be sent
// again. A request without one good line is an answer too: see allRejected.
func (c *Client) BulkDocuments(ctx context.Context, ndjson io.Reader, o BulkOptions) (*BulkResult, error) {
	header := http.Header{"Content-Type": {"application/x-ndjson"}, "Idempotency-Key": {keyOr(o.IdempotencyKey)}}
	if o.Gzip {
		compressed, err := compress(ndjson)
		if err != nil {
			return nil, err
		}
		ndjson = compressed
		header.Set("Content-Encoding", "gzip")
	}
	body, ok := ndjson.(io.ReadSeeker)
	if !ok {
		raw, err := io.ReadAll(ndjson)
		if err != nil {
			return nil, fmt.Errorf("read the documents: %w", err)
		}
		body = bytes.NewReader(raw)
	}
	var out BulkResult
	_, err := c.do(ctx, &call{method: http.MethodPost, path: "/api/documents/bulk", header: header, body: body, timeout: 10 * time.Minute}, &out)
	if rejected := allRejected(err); rejected != nil {
		return rejected, nil
	}
	if err != nil {
		return nil, err
	}
	out.RejectedCount = max(out.RejectedCount, len(out.Rejected))
	return &out, nil
}

var (
	rejectedField = regexp.MustCompile(`^line (\d+)(: .*)?$`)
	rejectedCount = regexp.MustCompile(`^none of (\d+) documents`)
)

// allRejected turns the error of a request whose lines were all refused into the result that it would be if one had
// been good; nil for any other error. The server names the first lines of them.
func allRejected(err error) *BulkResult {
	var e *Error
	if !errors.As(err, &e) || e.Status != http.StatusUnprocessableEntity {
		return nil
	}
	count := rejectedCount.FindStringSubmatch(e.Detail)
	if count == nil {
		return nil
	}
	out := &BulkResult{}
	out.RejectedCount, _ = strconv.Atoi(count[1])
	for _, f := range e.Fields {
		m := rejectedField.FindStringSubmatch(f.Field)
		if m == nil {
			return nil
		}
		line, _ := strconv.Atoi(m[1])
		out.Rejected = append(out.Rejected, RejectedLine{Line: line, Code: string(e.Code), Error: f.Message})
	}
	return out
}

func compress(r io.Reader) (*bytes.Reader, error) {
	var buf bytes.Buffer
	z, err := gzip.NewWriterLevel(&buf, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(z, r); err != nil {
		return nil, fmt.Errorf("compress the documents: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("compress the documents: %w", err)
	}
	return bytes.NewReader(buf.Bytes()), nil
}

func keyOr(key string) string {
	if key == "" {
		return uuid.NewString()
	}
	return key
}

// DocumentRef names a document that the server has.
type DocumentRef struct {
	ID         string `json:"id"`
	ExternalID string `json:"external_id"`
}

// Documents calls fn for each document of a type, newest first. An empty type lists all.
func (c *Client) Documents(ctx context.Context, docType string, fn func(DocumentRef) error) error {
	query := url.Values{}
	if docType != "" {
		query.Set("doc_type", docType)
	}
	return eachOf(ctx, c, "/api/documents", "documents", query, fn)
}
