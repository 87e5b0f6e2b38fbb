package api

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/store"
)

// SearchRow is one recorded search.
type SearchRow struct {
	At      time.Time `json:"at"`
	QueryID uuid.UUID `json:"query_id"`
	Query   string    `json:"query"`
	Type    string    `json:"type"`
	Cached  bool      `json:"cached"`
	Results int64     `json:"results"`
	TookMS  float64   `json:"took_ms"`
	UserID  string    `json:"user_id,omitempty"`
	Clicks  int64     `json:"clicks"`
}

func searchRow(r *store.RecordedSearch) SearchRow {
	return SearchRow{
		At: r.At, QueryID: r.ID, Query: r.Query, Type: r.Type, Cached: r.Cached, Results: r.Results, TookMS: millis(r.Took),
		UserID: r.UserID, Clicks: r.Clicks,
	}
}

type exportInput struct {
	AnalyticsInput
	Format string `query:"format" enum:"csv,ndjson" default:"csv"`
}

const (
	exportPage = 1000
	// exportWriteTimeout ends the export of a client that does not read.
	exportWriteTimeout = 30 * time.Second
)

// exportSearches streams the searches of a range. The first page is read before
// the answer begins, so that what is wrong from the start is a proper problem.
func (s *Server) exportSearches(ctx context.Context, in *exportInput) (*huma.StreamResponse, error) {
	from, to, err := in.times(time.Now())
	if err != nil {
		return nil, err
	}
	tenant := caller(ctx).TenantID
	read := func(ctx context.Context, after store.SearchCursor) ([]store.RecordedSearch, error) {
		return s.deps.Store.RecordedSearches(ctx, tenant, from, to, after, exportPage)
	}
	first, err := read(ctx, store.SearchCursor{})
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(c huma.Context) { streamExport(c, in.Format, first, read) }}, nil
}

// readPage returns the searches after a cursor.
type readPage func(ctx context.Context, after store.SearchCursor) ([]store.RecordedSearch, error)

// streamExport runs after the handler has returned, whose context has ended by then.
func streamExport(c huma.Context, format string, first []store.RecordedSearch, read readPage) {
	if err := writeExport(c, format, first, read); err != nil {
		slog.InfoContext(c.Context(), "an export ended early", slog.Any("error", err))
		// The status is sent. Only a cut connection tells that lines are missing.
		panic(http.ErrAbortHandler)
	}
}

func writeExport(c huma.Context, format string, page []store.RecordedSearch, read readPage) (err error) {
	var rows rowWriter
	out := c.BodyWriter()
	extend := exportDeadline(out)
	extend()
	if format == "ndjson" {
		c.SetHeader("Content-Type", "application/x-ndjson")
		rows = &ndjsonRows{json.NewEncoder(out)}
	} else {
		c.SetHeader("Content-Type", "text/csv; charset=utf-8; header=present")
		rows = &csvRows{w: csv.NewWriter(out)}
	}
	c.SetHeader("Content-Disposition", `attachment; filename="searches.`+format+`"`)
	c.SetStatus(http.StatusOK)
	for {
		if err := rows.write(page); err != nil {
			return fmt.Errorf("write an export: %w", err)
		}
		if len(page) < exportPage {
			return nil
		}
		last := &page[len(page)-1]
		if page, err = read(c.Context(), store.SearchCursor{At: last.At, ID: last.ID}); err != nil {
			return err
		}
		extend()
	}
}

// exportDeadline returns what gives the client more time for what is written next.
func exportDeadline(out io.Writer) (extend func()) {
	w, ok := out.(http.ResponseWriter)
	if !ok {
		return func() {}
	}
	control := http.NewResponseController(w)
	return func() { _ = control.SetWriteDeadline(time.Now().Add(exportWriteTimeout)) }
}

type rowWriter interface {
	write(page []store.RecordedSearch) error
}

type ndjsonRows struct{ out *json.Encoder }

func (n *ndjsonRows) write(page []store.RecordedSearch) error {
	for i := range page {
		if err := n.out.Encode(searchRow(&page[i])); err != nil {
			return err
		}
	}
	return nil
}

type csvRows struct {
	w      *csv.Writer
	header bool
}

func (c *csvRows) write(page []store.RecordedSearch) error {
	if !c.header {
		c.header = true
		if err := c.w.Write([]string{"at", "query_id", "query", "type", "cached", "results", "took_ms", "user_id", "clicks"}); err != nil {
			return err
		}
	}
	for i := range page {
		r := searchRow(&page[i])
		err := c.w.Write([]string{
			r.At.Format(time.RFC3339Nano), r.QueryID.String(), cell(r.Query), r.Type, strconv.FormatBool(r.Cached),
			strconv.FormatInt(r.Results, 10), strconv.FormatFloat(r.TookMS, 'f', 3, 64), cell(r.UserID), strconv.FormatInt(r.Clicks, 10),
		})
		if err != nil {
			return err
		}
	}
	c.w.Flush()
	return c.w.Error()
}

// cell keeps a spreadsheet from running as a formula what somebody has searched for.
func cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}
