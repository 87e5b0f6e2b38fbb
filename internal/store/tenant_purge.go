package store

import (
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
	// A step of a purge is made as large as takes about purgeTakes, so that its locks
	// are short whether a row is a counter or a megabyte.
	purgeTakes    = 200 * time.Millisecond
	purgeRows     = 500
	purgeRowsMost = 20_000
	purgeRowsMin  = 5
)

// OffboardTenant refuses everything of the tenant from now on and records the
// operation that takes it away. confirm must be the tenant's slug. One that runs
// already is returned.
func (s *Store) OffboardTenant(ctx context.Context, slug, confirm string, export bool) (op domain.TenantOperation, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		row, err := lockSlug(ctx, q, slug)
		if err != nil {
			return err
		}
		if confirm != slug {
			return &domain.Error{Code: domain.CodeInvalid, Message: "the off-boarding is not confirmed", Fields: []domain.FieldError{{
				Field: "confirm", Message: "must be the slug of the tenant, whose data is deleted for good",
			}}}
		}
		if err := mayEnd(&row, "off-boarded"); err != nil {
			return err
		}
		switch domain.TenantState(row.State) {
		case domain.TenantProvisioning:
			return domain.Errorf(domain.CodeConflict, "the tenant is being made; try again when it is active")
		case domain.TenantOffboarding:
		case domain.TenantActive, domain.TenantSuspended:
			_, err := changeState(ctx, q, &row, domain.TenantOffboarding, stateChange{action: "tenant.offboarding_started"})
			if err != nil {
				return err
			}
		}
		started, err := startOperation(ctx, q, &row, newOperation{kind: domain.TenantOffboard, withExport: export, stage: domain.StageStop})
		if err == nil {
			op = *started
		}
		return err
	})
	return op, err
}

// ExportForOffboarding records the export that an off-boarding waits for. It returns
// the one that is recorded already.
func (s *Store) ExportForOffboarding(ctx context.Context, tenant, operation uuid.UUID) (export uuid.UUID, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		op, err := q.TenantOperationLock(ctx, db.TenantOperationLockParams{SubjectID: tenant, ID: operation})
		if err != nil {
			return err
		}
		if op.ExportID != nil {
			export = *op.ExportID
			return nil
		}
		row, err := lockTenant(ctx, q, tenant)
		if err != nil {
			return err
		}
		started, err := startOperation(ctx, q, &row, newOperation{kind: domain.TenantExport})
		if err != nil {
			return err
		}
		export = started.ID
		_, err = q.TenantOperationStage(ctx, db.TenantOperationStageParams{
			SubjectID: tenant, ID: operation, Stage: domain.StageExport, ExportID: &export,
		})
		return err
	})
	return export, err
}

// BeginPurge is the point of no return of an off-boarding. Beginning again changes nothing.
func (s *Store) BeginPurge(ctx context.Context, tenant, operation uuid.UUID) error {
	return s.inSystem(ctx, func(q *db.Queries) error {
		row, err := lockTenant(ctx, q, tenant)
		if err != nil || row.Purging {
			return err
		}
		if n, err := q.TenantSetPurging(ctx, tenant); err != nil || n == 0 {
			return orConflict(err, "the tenant is %s: it is not being off-boarded", row.State)
		}
		n, err := q.TenantOperationStage(ctx, db.TenantOperationStageParams{SubjectID: tenant, ID: operation, Stage: domain.StagePurge})
		if err != nil || n == 0 {
			return orConflict(err, "the off-boarding has ended")
		}
		return nil
	})
}

func orConflict(err error, format string, args ...any) error {
	if err != nil {
		return err
	}
	return domain.Errorf(domain.CodeConflict, format, args...)
}

// PurgeTenant deletes the rows of a tenant that is being purged, in short
// transactions, until none is left or more says no. What each one deletes is counted
// in it. It may be called again after it was interrupted.
func (s *Store) PurgeTenant(ctx context.Context, tenant, operation uuid.UUID, more func(table string, rows int64) bool) (done bool, err error) {
	var tables []db.TenantTablesRow
	err = s.inSystem(ctx, func(q *db.Queries) (err error) {
		row, err := q.TenantLock(ctx, tenant)
		if noRows(err) {
			return nil // certified already
		}
		if err == nil && !row.Purging {
			return domain.Errorf(domain.CodeConflict, "the tenant is %s: its rows are not to be deleted", row.State)
		}
		tables, err = q.TenantTables(ctx)
		return err
	})
	if err != nil {
		return false, err
	}
	var rows int64
	for _, t := range tables {
		for limit, last := int32(purgeRows), int64(1); last > 0; {
			began := time.Now()
			if last, err = s.purgeSome(ctx, tenant, operation, t.Name, limit); err != nil {
				return false, err
			}
			if rows += last; !more(t.Name, rows) {
				return false, nil
			}
			limit = nextPurge(limit, time.Since(began))
		}
	}
	return true, nil
}

// nextPurge doubles or halves the rows of a step by the time the last one took.
func nextPurge(limit int32, took time.Duration) int32 {
	switch {
	case took < purgeTakes/2:
		return min(2*limit, purgeRowsMost)
	case took > purgeTakes:
		return max(limit/2, purgeRowsMin)
	default:
		return limit
	}
}

func (s *Store) purgeSome(ctx context.Context, tenant, operation uuid.UUID, table string, limit int32) (rows int64, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		gone, err := q.TenantPurgeStep(ctx, db.TenantPurgeStepParams{Target: table, TenantID: tenant, RowLimit: limit})
		if err != nil || gone.Rows == 0 {
			return err
		}
		rows = gone.Rows
		return q.TenantOperationCount(ctx, db.TenantOperationCountParams{
			SubjectID: tenant, ID: operation, Rows: gone.Rows, Bytes: gone.Bytes, TableName: table,
		})
	})
	return rows, err
}

// CertifyPurge verifies that nothing is left of a tenant and, in the same
// transaction, takes away the tenant itself, issues the certificate and tells of it.
// It returns the tables that have rows still, and then has changed nothing. A tenant
// that is certified already is a success.
func (s *Store) CertifyPurge(ctx context.Context, tenant, operation uuid.UUID) (left []string, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		op, err := q.TenantOperationLock(ctx, db.TenantOperationLockParams{SubjectID: tenant, ID: operation})
		if err != nil || op.State == string(domain.OperationCompleted) {
			return err
		}
		// The lock that a delete takes: whoever adds rows of the tenant with a reference
		// to it has ended before, or fails.
		row, err := q.TenantLockForDelete(ctx, tenant)
		if err != nil {
			return err
		}
		if left, err = q.TenantLeftovers(ctx, tenant); err != nil || len(left) > 0 {
			return err
		}
		return certify(ctx, q, &row, &op)
	})
	return left, err
}

func certify(ctx context.Context, q *db.Queries, row *db.Tenant, op *db.TenantOperation) error {
	tables, err := q.TenantTables(ctx)
	if err != nil {
		return err
	}
	body := domain.CertificateBody{
		CertificateID: uuid.Must(uuid.NewV7()), TenantID: row.ID, Slug: row.Slug, Name: row.Name, RequestedBy: op.RequestedBy,
		RequestedName: op.RequestedName, RequestedAt: op.StartedAt.UTC(), VerifiedAt: time.Now().UTC(), ExportID: op.ExportID, Bytes: op.Bytes,
	}
	if err := json.Unmarshal(op.Counts, &body.Rows); err != nil {
		return fmt.Errorf("read the counts of the off-boarding: %w", err)
	}
	// The tenant's own row goes with this transaction.
	body.Rows["tenants"] = 1
	for _, n := range body.Rows {
		body.TotalRows += n
	}
	for _, t := range tables {
		body.Tables = append(body.Tables, t.Name)
	}
	slices.Sort(body.Tables)
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write the certificate: %w", err)
	}
	sum := sha256.Sum256(text)
	err = q.TenantCertificateInsert(ctx, db.TenantCertificateInsertParams{
		SubjectID: row.ID, ID: body.CertificateID, Slug: row.Slug, IssuedAt: body.VerifiedAt, Body: string(text), Sha256: sum[:],
	})
	if err != nil {
		return err
	}
	if _, err := q.TenantDelete(ctx, row.ID); err != nil {
		return err
	}
	if err := tellGone(ctx, q, row, body.CertificateID); err != nil {
		return err
	}
	_, err = q.TenantOperationEnd(ctx, db.TenantOperationEndParams{SubjectID: row.ID, ID: op.ID, State: string(domain.OperationCompleted)})
	return err
}

// tellGone tells the platform, as the tenant's own webhooks and log are gone, and
// every process.
func tellGone(ctx context.Context, q *db.Queries, row *db.Tenant, certificate uuid.UUID) error {
	event := tenantEvent{TenantID: row.ID, Slug: row.Slug, Name: row.Name, CertificateID: &certificate}
	if err := tellPlatform(ctx, q, uuid.Nil, domain.EventTenantOffboarded, event); err != nil {
		return err
	}
	platform, err := platformTenant(ctx, q)
	if err != nil {
		return err
	}
	if platform != uuid.Nil {
		c := change{
			action: "tenant.offboarded", kind: "tenant", id: row.ID.String(), before: lifeFactsOf(row),
			after: map[string]string{"certificate_id": certificate.String()},
		}
		if err := audit(ctx, q, platform, c); err != nil {
			return err
		}
	}
	return notifyTenant(ctx, q, row.ID, TenantGone)
}

// Certificate returns the newest certificate of a slug.
func (s *Store) Certificate(ctx context.Context, slug string) (out domain.Certificate, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		row, err := q.TenantCertificateFind(ctx, slug)
		if noRows(err) {
			return domain.NotFound("certificate")
		}
		out = domain.Certificate{ID: row.ID, TenantID: row.SubjectID, Slug: row.Slug, IssuedAt: row.IssuedAt.UTC(), Body: row.Body}
		copy(out.SHA256[:], row.Sha256)
		return err
	})
	return out, err
}
