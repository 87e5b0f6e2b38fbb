package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// operationRetention is how long ended operations that leave nothing else are listed.
const operationRetention = 30 * 24 * time.Hour

type newOperation struct {
	kind       domain.TenantOperationKind
	withExport bool
	stage      string
}

// startOperation records an operation of a locked tenant. One of the kind that runs
// already is returned instead: it looks at the tenant's state before it ends.
func startOperation(ctx context.Context, q *db.Queries, t *db.Tenant, n newOperation) (*domain.TenantOperation, error) {
	actor := domain.ActorFrom(ctx)
	retention := operationRetention
	if n.kind == domain.TenantExport {
		retention = domain.ExportRetention
	}
	expires := time.Now().UTC().Add(retention)
	p := db.TenantOperationInsertParams{
		SubjectID: t.ID, ID: uuid.Must(uuid.NewV7()), Slug: t.Slug, Kind: string(n.kind), Stage: n.stage,
		WorkflowID: "tenant/" + t.Slug + "/" + string(n.kind), RequestedName: actor.Name, WithExport: n.withExport, ExpiresAt: &expires,
	}
	if actor.ID != uuid.Nil {
		p.RequestedBy = &actor.ID
	}
	row, err := q.TenantOperationInsert(ctx, p)
	if noRows(err) {
		return runningOperation(ctx, q, t.ID, n.kind)
	}
	if err != nil {
		return nil, err
	}
	return operationFrom(&row)
}

// runningOperation returns nil when none of the kind runs.
func runningOperation(ctx context.Context, q *db.Queries, tenant uuid.UUID, kind domain.TenantOperationKind) (*domain.TenantOperation, error) {
	row, err := q.TenantOperationRunning(ctx, db.TenantOperationRunningParams{SubjectID: tenant, Kind: string(kind)})
	if noRows(err) {
		return nil, nil //nolint:nilnil // none runs
	}
	if err != nil {
		return nil, err
	}
	return operationFrom(&row)
}

// TenantOperation returns one operation.
func (s *Store) TenantOperation(ctx context.Context, tenant, id uuid.UUID) (out domain.TenantOperation, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		row, err := q.TenantOperationGet(ctx, db.TenantOperationGetParams{SubjectID: tenant, ID: id})
		return oneOperation(&row, err, &out)
	})
	return out, err
}

// FindTenantOperation returns an operation of one kind by the slug of its tenant,
// also of a tenant that is gone.
func (s *Store) FindTenantOperation(ctx context.Context, slug string, kind domain.TenantOperationKind, id uuid.UUID) (out domain.TenantOperation, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		row, err := q.TenantOperationFind(ctx, db.TenantOperationFindParams{Slug: slug, ID: id, Kind: string(kind)})
		return oneOperation(&row, err, &out)
	})
	return out, err
}

func oneOperation(row *db.TenantOperation, err error, out *domain.TenantOperation) error {
	if noRows(err) {
		return domain.NotFound("operation")
	}
	if err != nil {
		return err
	}
	op, err := operationFrom(row)
	if err == nil {
		*out = *op
	}
	return err
}

// TenantOperations lists operations of a slug, newest first, those before the given
// id. An empty kind lists all.
func (s *Store) TenantOperations(ctx context.Context, slug string, kind domain.TenantOperationKind, before uuid.UUID, limit int) (out []domain.TenantOperation, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		rows, err := q.TenantOperationList(ctx, db.TenantOperationListParams{
			Slug: slug, BeforeID: beforeOr(before), Kind: optional(string(kind)), RowLimit: int32(limit),
		})
		out, err = operationsFrom(rows, err)
		return err
	})
	return out, err
}

// QuietTenantOperations lists, over all tenants, running operations that have shown
// no sign of life for a while, the quietest first.
func (s *Store) QuietTenantOperations(ctx context.Context, quiet time.Duration, limit int) (out []domain.TenantOperation, err error) {
	err = s.inSystem(ctx, func(q *db.Queries) error {
		rows, err := q.TenantOperationQuiet(ctx, db.TenantOperationQuietParams{Quiet: interval(quiet), RowLimit: int32(limit)})
		out, err = operationsFrom(rows, err)
		return err
	})
	return out, err
}

// TouchTenantOperation notes that an operation is alive and how much it has done.
func (s *Store) TouchTenantOperation(ctx context.Context, tenant, id uuid.UUID, done int64) error {
	return s.inSystem(ctx, func(q *db.Queries) error {
		return q.TenantOperationTouch(ctx, db.TenantOperationTouchParams{SubjectID: tenant, ID: id, Done: done})
	})
}

// EndTenantOperation ends a running operation. One that has ended stays as it is. Of
// an export that did not complete nothing is kept; an off-boarding that is given up
// leaves the tenant suspended, unless rows of it are gone already: that is a conflict.
func (s *Store) EndTenantOperation(ctx context.Context, tenant, id uuid.UUID, state domain.TenantOperationState, message string) error {
	return s.inSystem(ctx, func(q *db.Queries) error {
		row, err := q.TenantOperationLock(ctx, db.TenantOperationLockParams{SubjectID: tenant, ID: id})
		if noRows(err) {
			return domain.NotFound("operation")
		}
		if err != nil || row.State != string(domain.OperationRunning) {
			return err
		}
		if state != domain.OperationCompleted {
			if err := giveUp(ctx, q, &row); err != nil {
				return err
			}
		}
		_, err = q.TenantOperationEnd(ctx, db.TenantOperationEndParams{SubjectID: tenant, ID: id, State: string(state), Error: message})
		return err
	})
}

func giveUp(ctx context.Context, q *db.Queries, op *db.TenantOperation) error {
	switch domain.TenantOperationKind(op.Kind) {
	case domain.TenantExport:
		_, err := q.TenantExportDeleteParts(ctx, db.TenantExportDeletePartsParams{SubjectID: op.SubjectID, ExportID: op.ID})
		return err
	case domain.TenantOffboard:
		row, err := lockTenant(ctx, q, op.SubjectID)
		if err != nil {
			return err
		}
		if row.Purging {
			return domain.Errorf(domain.CodeConflict, "the off-boarding cannot be given up any more: rows of the tenant are gone")
		}
		_, err = changeState(ctx, q, &row, domain.TenantSuspended, stateChange{"tenant.offboarding_given_up", domain.EventTenantSuspended})
		return err
	case domain.TenantSuspend, domain.TenantResume:
	}
	return nil
}

func operationsFrom(rows []db.TenantOperation, err error) (out []domain.TenantOperation, _ error) {
	if err != nil {
		return nil, err
	}
	for i := range rows {
		op, err := operationFrom(&rows[i])
		if err != nil {
			return nil, err
		}
		out = append(out, *op)
	}
	return out, nil
}

func operationFrom(r *db.TenantOperation) (*domain.TenantOperation, error) {
	out := &domain.TenantOperation{
		ID: r.ID, TenantID: r.SubjectID, Slug: r.Slug, Kind: domain.TenantOperationKind(r.Kind), State: domain.TenantOperationState(r.State),
		Stage: r.Stage, WorkflowID: r.WorkflowID, RequestedName: r.RequestedName, WithExport: r.WithExport, ExportID: r.ExportID,
		Table: r.TableName, Parts: int(r.Parts), Done: r.Done, Bytes: r.Bytes, Error: r.Error,
		StartedAt: r.StartedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), FinishedAt: r.FinishedAt, ExpiresAt: r.ExpiresAt,
	}
	if r.RequestedBy != nil {
		out.RequestedBy = *r.RequestedBy
	}
	if err := json.Unmarshal(r.Counts, &out.Counts); err != nil {
		return nil, fmt.Errorf("read the counts of operation %s: %w", r.ID, err)
	}
	return out, nil
}

// expireStep bounds what one transaction expires: an export takes its parts, which
// are large, with it.
const expireStep = 20

// expireOperations removes operations and exports that are past their time.
func (s *Store) expireOperations(ctx context.Context, beat func()) (total int64, err error) {
	for n := int64(expireStep); n == expireStep && err == nil; beat() {
		err = s.inSystem(ctx, func(q *db.Queries) (err error) { n, err = q.TenantOperationExpire(ctx, expireStep); return err })
		total += n
	}
	return total, err
}
