package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

const (
	// exportStepRows and exportStepBytes bound what one transaction reads and one
	// part holds, before compression.
	exportStepRows  = 1000
	exportStepBytes = 4 << 20
)

// notExported are the tables that an export leaves out: what is made of the rest, what
// serves one process or one moment, and what opens doors. Everything else is
// exported, also tables that come to be later. Secrets are binary columns here, and
// those are never exported.
var notExported = []string{
	"sessions", "idempotency_keys", // credentials and answers of a day
	"document_contents",                       // part of documents
	"chunks", "index_state", "index_segments", // made of the documents
	"index_segment_parts", "index_tombstones", //
	"index_vectors", "index_vector_parts", //
	"embedding_models", "embedding_model_parts", //
	"embedding_cache", "index_rebuilds", //
	"outbox", "webhook_deliveries", // on their way, or told already
	"webhook_attempts", "analytics_pending", //
	"search_events", "search_clicks", // rolled up in analytics_*
}

// documentsTable is exported twice: as what a bulk request takes, and its rows as
// they are stored.
const documentsTable, documentRows = "documents", "document_rows"

// ExportTenant records an export whose workflow is to be started. One that runs
// already is returned; maxBytes bounds what all exports together may take.
func (s *Store) ExportTenant(ctx context.Context, slug string, maxBytes int64) (op domain.TenantOperation, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		row, err := lockSlug(ctx, q, slug)
		if err != nil {
			return err
		}
		if state := domain.TenantState(row.State); state != domain.TenantActive && state != domain.TenantSuspended {
			return domain.Errorf(domain.CodeConflict, "the tenant is %s: it cannot be exported", state)
		}
		if err := roomForExport(ctx, q, maxBytes); err != nil {
			return err
		}
		started, err := startOperation(ctx, q, &row, newOperation{kind: domain.TenantExport})
		if err != nil {
			return err
		}
		op = *started
		return auditTenant(ctx, q, &row, change{action: "tenant.export_requested", after: map[string]string{"export_id": op.ID.String()}})
	})
	return op, err
}

func roomForExport(ctx context.Context, q *db.Queries, maxBytes int64) error {
	if maxBytes <= 0 {
		return nil
	}
	used, err := q.TenantExportBytes(ctx)
	if err == nil && used >= maxBytes {
		err = domain.Errorf(domain.CodeTooLarge,
			"exports take %d bytes, at most %d are kept (EXPORT_MAX_BYTES): they go a day after they were asked for", used, maxBytes)
	}
	return err
}

// ExportSome does the next step of an export in one transaction: the part it stores
// and the place where it goes on are committed together, so that a step that is
// repeated, or done by two workers, stores nothing twice. It returns the export as
// it stands then.
func (s *Store) ExportSome(ctx context.Context, tenant, id uuid.UUID, maxBytes int64) (out domain.TenantOperation, err error) {
	tables, err := s.exportTables(ctx, maxBytes)
	if err != nil {
		return out, err
	}
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		row, err := q.TenantOperationLock(ctx, db.TenantOperationLockParams{SubjectID: tenant, ID: id})
		if noRows(err) {
			return domain.NotFound("export")
		}
		if err != nil {
			return err
		}
		if row.State == string(domain.OperationRunning) {
			step := exportStep{q: q, op: &row, tables: tables}
			if err := step.run(ctx); err != nil {
				return err
			}
			if row, err = q.TenantOperationGet(ctx, db.TenantOperationGetParams{SubjectID: tenant, ID: id}); err != nil {
				return err
			}
		}
		op, err := operationFrom(&row)
		if err == nil {
			out = *op
		}
		return err
	})
	return out, err
}

func (s *Store) exportTables(ctx context.Context, maxBytes int64) (names []string, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		if err := roomForExport(ctx, q, maxBytes); err != nil {
			return err
		}
		rows, err := q.TenantTables(ctx)
		for _, t := range rows {
			if !slices.Contains(notExported, t.Name) && t.Name != documentsTable {
				names = append(names, t.Name)
			}
		}
		slices.Sort(names)
		names = append([]string{documentsTable, documentRows}, names...)
		return err
	})
	return names, err
}

// exportStep reads one page of one table into one part.
type exportStep struct {
	q      *db.Queries
	op     *db.TenantOperation
	tables []string

	lines bytes.Buffer
	rows  int64
	last  json.RawMessage
	more  bool
}

func (e *exportStep) run(ctx context.Context) error {
	at := max(0, slices.Index(e.tables, e.op.TableName))
	table := e.tables[at]
	if err := e.read(ctx, table); err != nil {
		return err
	}
	stored := int32(0)
	if e.rows > 0 || len(e.op.AfterKey) == 0 {
		// A table without rows has a file, too: that it is empty was seen.
		stored = 1
		if err := e.store(ctx, table); err != nil {
			return err
		}
	}
	next := db.TenantOperationAdvanceParams{SubjectID: e.op.SubjectID, ID: e.op.ID, TableName: table, AfterKey: e.last, Parts: stored}
	last := !e.more && at+1 == len(e.tables)
	if !e.more && !last {
		next.TableName, next.AfterKey = e.tables[at+1], nil
	}
	if err := e.q.TenantOperationAdvance(ctx, next); err != nil || !last {
		return err
	}
	_, err := e.q.TenantOperationEnd(ctx, db.TenantOperationEndParams{
		SubjectID: e.op.SubjectID, ID: e.op.ID, State: string(domain.OperationCompleted),
	})
	return err
}

func (e *exportStep) read(ctx context.Context, table string) error {
	if table == documentsTable {
		return e.readDocuments(ctx)
	}
	if table == documentRows {
		table = documentsTable
	}
	page, err := e.q.TenantExportPage(ctx, db.TenantExportPageParams{
		Target: table, TenantID: e.op.SubjectID, After: e.op.AfterKey, RowLimit: exportStepRows,
	})
	if err != nil {
		return err
	}
	e.more = len(page) == exportStepRows
	for i := range page {
		e.add(page[i].Line, page[i].Key)
	}
	return nil
}

func (e *exportStep) readDocuments(ctx context.Context) error {
	var after struct{ ID uuid.UUID }
	if len(e.op.AfterKey) > 0 {
		if err := json.Unmarshal(e.op.AfterKey, &after); err != nil {
			return fmt.Errorf("read where the export goes on: %w", err)
		}
	}
	docs, err := e.q.TenantExportDocuments(ctx, db.TenantExportDocumentsParams{
		TenantID: e.op.SubjectID, AfterID: after.ID, RowLimit: exportStepRows, MostBytes: exportStepBytes,
	})
	if err != nil {
		return err
	}
	e.more = len(docs) > 0 // a page may have been cut by its bytes
	for i := range docs {
		e.add(docs[i].Line, json.RawMessage(`{"id":"`+docs[i].ID.String()+`"}`))
	}
	return nil
}

func (e *exportStep) add(line string, key json.RawMessage) {
	e.lines.WriteString(line)
	e.lines.WriteByte('\n')
	e.rows++
	e.last = key
}

func (e *exportStep) store(ctx context.Context, table string) error {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(e.lines.Bytes()); err != nil {
		return fmt.Errorf("compress a part of an export: %w", err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("compress a part of an export: %w", err)
	}
	sum, part := sha256.Sum256(packed.Bytes()), e.op.Parts+1
	err := e.q.TenantExportPartInsert(ctx, db.TenantExportPartInsertParams{
		SubjectID: e.op.SubjectID, ExportID: e.op.ID, Part: part, Name: fmt.Sprintf("%s-%05d.ndjson.gz", table, part),
		Rows: e.rows, Bytes: int64(packed.Len()), Sha256: sum[:], Data: packed.Bytes(),
	})
	if err != nil {
		return err
	}
	return e.q.TenantOperationCount(ctx, db.TenantOperationCountParams{
		SubjectID: e.op.SubjectID, ID: e.op.ID, Rows: e.rows, Bytes: int64(packed.Len()), TableName: table,
	})
}

// ExportParts lists the files of an export.
func (s *Store) ExportParts(ctx context.Context, tenant, id uuid.UUID) (out []domain.ExportPart, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		rows, err := q.TenantExportPartList(ctx, db.TenantExportPartListParams{SubjectID: tenant, ExportID: id})
		for i := range rows {
			p := domain.ExportPart{Number: int(rows[i].Part), Name: rows[i].Name, Rows: rows[i].Rows, Bytes: rows[i].Bytes}
			copy(p.SHA256[:], rows[i].Sha256)
			out = append(out, p)
		}
		return err
	})
	return out, err
}

// ExportPart reads one file of an export, gzipped.
func (s *Store) ExportPart(ctx context.Context, tenant, id uuid.UUID, number int) (data []byte, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		data, err = q.TenantExportPartGet(ctx, db.TenantExportPartGetParams{SubjectID: tenant, ExportID: id, Part: int32(number)})
		if noRows(err) {
			return domain.NotFound("part of the export")
		}
		return err
	})
	return data, err
}

// expired reports whether an export can no longer be fetched.
func expired(op *domain.TenantOperation) bool {
	return op.ExpiresAt != nil && !op.ExpiresAt.After(time.Now())
}

// ReadyExport returns a completed export that can be fetched.
func (s *Store) ReadyExport(ctx context.Context, slug string, id uuid.UUID) (domain.TenantOperation, error) {
	op, err := s.FindTenantOperation(ctx, slug, domain.TenantExport, id)
	if domain.CodeOf(err) == domain.CodeNotFound || err == nil && expired(&op) {
		return op, domain.NotFound("export")
	}
	if err == nil && op.State != domain.OperationCompleted {
		err = domain.Errorf(domain.CodeConflict, "the export is %s: only a completed one can be fetched", op.State)
	}
	return op, err
}
