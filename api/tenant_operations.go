package api

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// TenantOperation is one thing that is done with a tenant.
type TenantOperation struct {
	ID              uuid.UUID                   `json:"id"`
	TenantID        uuid.UUID                   `json:"tenant_id"`
	Slug            string                      `json:"slug"`
	Kind            domain.TenantOperationKind  `json:"kind" enum:"suspend,resume,export,offboard"`
	State           domain.TenantOperationState `json:"state" enum:"running,completed,failed,canceled"`
	Stage           string                      `json:"stage" doc:"Of an off-boarding: stop, export, purge, done. Of an export: the table it is at."`
	Done            int64                       `json:"done" doc:"Rows, or jobs that were told."`
	Bytes           int64                       `json:"bytes"`
	Parts           int                         `json:"parts" doc:"Files of an export."`
	Rows            map[string]int64            `json:"rows,omitempty" doc:"By table."`
	Export          bool                        `json:"export,omitempty" doc:"Of an off-boarding that exports first."`
	ExportID        *uuid.UUID                  `json:"export_id,omitempty"`
	Error           string                      `json:"error,omitempty"`
	RequestedBy     *uuid.UUID                  `json:"requested_by,omitempty" doc:"The API key that asked for it."`
	RequestedByName string                      `json:"requested_by_name,omitempty"`
	StartedAt       time.Time                   `json:"started_at"`
	UpdatedAt       time.Time                   `json:"updated_at"`
	FinishedAt      *time.Time                  `json:"finished_at" nullable:"true"`
	ExpiresAt       *time.Time                  `json:"expires_at" nullable:"true" doc:"When an export can no longer be fetched."`
	WorkflowID      string                      `json:"workflow_id,omitempty"`
	TemporalURL     string                      `json:"temporal_url,omitempty"`
}

func (s *Server) operationView(op *domain.TenantOperation) TenantOperation {
	out := TenantOperation{
		ID: op.ID, TenantID: op.TenantID, Slug: op.Slug, Kind: op.Kind, State: op.State, Stage: op.Stage, Done: op.Done, Bytes: op.Bytes,
		Parts: op.Parts, Rows: op.Counts, Export: op.WithExport, ExportID: op.ExportID, Error: op.Error, RequestedByName: op.RequestedName,
		StartedAt: op.StartedAt, UpdatedAt: op.UpdatedAt, FinishedAt: utc(op.FinishedAt), ExpiresAt: utc(op.ExpiresAt),
		WorkflowID: op.WorkflowID, TemporalURL: s.deps.Starter.WorkflowURL(op.WorkflowID),
	}
	if op.RequestedBy != uuid.Nil {
		out.RequestedBy = &op.RequestedBy
	}
	return out
}

// TenantOperationAnswer is what was started, and the tenant as it is now.
type TenantOperationAnswer struct {
	Tenant      *Tenant            `json:"tenant,omitempty" doc:"Left out when it is gone."`
	Operation   *TenantOperation   `json:"operation,omitempty" doc:"Left out when there was nothing to do."`
	Certificate *TenantCertificate `json:"certificate,omitempty" doc:"Of a tenant that is gone."`
}

type tenantOperationOutput struct {
	Status int
	Body   TenantOperationAnswer
}

const operationStartTimeout = 5 * time.Second

// answerOperation starts the workflow of what is recorded. It does not fail: what
// cannot be started now is started by a schedule.
func (s *Server) answerOperation(ctx context.Context, t *domain.Tenant, op *domain.TenantOperation) *tenantOperationOutput {
	out := &tenantOperationOutput{Status: http.StatusOK}
	if t != nil {
		view := tenantView(t)
		out.Body.Tenant = &view
	}
	if op == nil {
		return out
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), operationStartTimeout)
	defer cancel()
	if err := s.deps.Tenants.StartTenantOperation(limited, *op); err != nil {
		slog.WarnContext(ctx, "the workflow of a tenant's operation could not be started; a sweep starts it", "operation", op.ID, "error", err)
	}
	view := s.operationView(op)
	out.Status, out.Body.Operation = http.StatusAccepted, &view
	return out
}

func (s *Server) suspendTenant(ctx context.Context, in *TenantSlugInput) (*tenantOperationOutput, error) {
	t, op, err := s.deps.Store.SuspendTenant(ctx, in.Slug)
	if err != nil {
		return nil, err
	}
	s.TenantChanged(t.ID, string(t.State))
	return s.answerOperation(ctx, &t, op), nil
}

func (s *Server) resumeTenant(ctx context.Context, in *TenantSlugInput) (*tenantOperationOutput, error) {
	t, op, err := s.deps.Store.ResumeTenant(ctx, in.Slug)
	if err != nil {
		return nil, err
	}
	s.TenantChanged(t.ID, string(t.State))
	return s.answerOperation(ctx, &t, op), nil
}

func (s *Server) exportTenant(ctx context.Context, in *TenantSlugInput) (*tenantOperationOutput, error) {
	op, err := s.deps.Store.ExportTenant(ctx, in.Slug, s.deps.MaxExportBytes)
	if err != nil {
		return nil, err
	}
	return s.answerOperation(ctx, nil, &op), nil
}

type offboardBody struct {
	Confirm string `json:"confirm" required:"true" doc:"The tenant's slug once more." example:"acme"`
	Export  bool   `json:"export,omitempty" doc:"Export it first."`
}

type offboardTenantInput struct {
	TenantSlugInput
	Body body[offboardBody]
}

func (s *Server) offboardTenant(ctx context.Context, in *offboardTenantInput) (*tenantOperationOutput, error) {
	op, err := s.deps.Store.OffboardTenant(ctx, in.Slug, in.Body.Value.Confirm, in.Body.Value.Export)
	if domain.CodeOf(err) == domain.CodeNotFound {
		done, certErr := s.getTenantCertificate(ctx, &in.TenantSlugInput)
		if certErr != nil {
			return nil, err
		}
		return &tenantOperationOutput{Status: http.StatusOK, Body: TenantOperationAnswer{Certificate: &done.Body}}, nil
	}
	if err != nil {
		return nil, err
	}
	s.TenantChanged(op.TenantID, string(domain.TenantOffboarding))
	return s.answerOperation(ctx, nil, &op), nil
}

// TenantChanged makes this process forget what it knows of a tenant whose state has
// changed. It does not block.
func (s *Server) TenantChanged(tenant uuid.UUID, _ string) {
	s.tenants.forget(tenant)
	s.deps.Verifier.InvalidateAll()
}

// TenantCertificate says what was deleted of a tenant.
type TenantCertificate struct {
	ID       uuid.UUID              `json:"id"`
	TenantID uuid.UUID              `json:"tenant_id"`
	Slug     string                 `json:"slug"`
	IssuedAt time.Time              `json:"issued_at"`
	Content  domain.CertificateBody `json:"content"`
	Body     string                 `json:"body" doc:"The same as the text that was signed off."`
	SHA256   string                 `json:"sha256" doc:"Of body, in hexadecimal."`
}

type tenantCertificateOutput struct{ Body TenantCertificate }

func (s *Server) getTenantCertificate(ctx context.Context, in *TenantSlugInput) (*tenantCertificateOutput, error) {
	c, err := s.deps.Store.Certificate(ctx, in.Slug)
	if err != nil {
		return nil, err
	}
	out := &tenantCertificateOutput{TenantCertificate{
		ID: c.ID, TenantID: c.TenantID, Slug: c.Slug, IssuedAt: c.IssuedAt, Body: c.Body, SHA256: hex.EncodeToString(c.SHA256[:]),
	}}
	return out, json.Unmarshal([]byte(c.Body), &out.Body.Content)
}

type listTenantExportsInput struct {
	TenantSlugInput
	PageInput
}

// TenantOperationList is one page of operations.
type TenantOperationList struct {
	Operations []TenantOperation `json:"operations"`
	NextCursor string            `json:"next_cursor,omitempty" doc:"Left out on the last page."`
}

type listTenantOperationsOutput struct{ Body TenantOperationList }

func (s *Server) listTenantOperations(ctx context.Context, in *listTenantExportsInput) (*listTenantOperationsOutput, error) {
	found, next, err := s.pageOperations(ctx, in, "")
	return &listTenantOperationsOutput{TenantOperationList{Operations: found, NextCursor: next}}, err
}

// TenantExportList is one page of exports.
type TenantExportList struct {
	Exports    []TenantOperation `json:"exports"`
	NextCursor string            `json:"next_cursor,omitempty" doc:"Left out on the last page."`
}

type listTenantExportsOutput struct{ Body TenantExportList }

func (s *Server) listTenantExports(ctx context.Context, in *listTenantExportsInput) (*listTenantExportsOutput, error) {
	found, next, err := s.pageOperations(ctx, in, domain.TenantExport)
	return &listTenantExportsOutput{TenantExportList{Exports: found, NextCursor: next}}, err
}

// pageOperations lists operations of a slug. One that no tenant has or had is not found.
func (s *Server) pageOperations(ctx context.Context, in *listTenantExportsInput, kind domain.TenantOperationKind) ([]TenantOperation, string, error) {
	before, err := in.beforeID()
	if err != nil {
		return nil, "", err
	}
	found, err := s.deps.Store.TenantOperations(ctx, in.Slug, kind, before, in.Limit+1)
	if err != nil {
		return nil, "", err
	}
	if len(found) == 0 && before == uuid.Nil {
		if _, err := s.deps.Store.TenantBySlug(ctx, in.Slug); err != nil {
			return nil, "", err
		}
	}
	found, next := page(found, in.Limit, func(op domain.TenantOperation) string { return cursorOfID(op.ID) })
	out := make([]TenantOperation, len(found))
	for i := range found {
		out[i] = s.operationView(&found[i])
	}
	return out, next, nil
}
