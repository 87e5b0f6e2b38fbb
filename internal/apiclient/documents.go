package apiclient

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
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

// BulkResult is the answer to a bulk request. All accepted lines are committed; rejected ones are not.
type BulkResult struct {
	JobID         string         `json:"job_id"`
	Accepted      int            `json:"accepted"`
	Updated       int            `json:"updated"`
	Unchanged     int            `json:"unchanged"`
	RejectedCount int            `json:"rejected_count"`
	Rejected      []RejectedLine `json:"rejected"`
}

// RejectedLine is a line of a bulk request that was refused. Lines count from 1.
type RejectedLine struct {
	Line  int    `json:"line"`
	Code  string `json:"code"`
	Error string `json:"error"`
}

// BulkDocuments sends lines of JSON. It is tried again only if ndjson is an io.ReadSeeker, or if it is compressed,
// because then it is in memory.
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
	if err != nil {
		return nil, err
	}
	out.RejectedCount = max(out.RejectedCount, len(out.Rejected))
	return &out, nil
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
