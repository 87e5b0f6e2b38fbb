package domain

import (
	"time"

	"github.com/google/uuid"
)

// TenantOperationKind names what the platform does with a tenant.
type TenantOperationKind string

// The kinds of operations that leave a record of their own.
const (
	TenantSuspend  TenantOperationKind = "suspend"
	TenantResume   TenantOperationKind = "resume"
	TenantExport   TenantOperationKind = "export"
	TenantOffboard TenantOperationKind = "offboard"
)

// TenantOperationState says how an operation stands. Only a running one changes.
type TenantOperationState string

// The states of an operation.
const (
	OperationRunning   TenantOperationState = "running"
	OperationCompleted TenantOperationState = "completed"
	OperationFailed    TenantOperationState = "failed"
	OperationCanceled  TenantOperationState = "canceled"
)

// The stages of an off-boarding, in order. Until StagePurge it can be given up: the
// tenant is suspended then.
const (
	StageStop   = "stop"   // workflows end, servers forget the tenant
	StageExport = "export" // only when asked for
	StagePurge  = "purge"
	StageVerify = "verify"
)

// ExportRetention is for how long an export can be fetched.
const ExportRetention = 24 * time.Hour

// TenantOperation is one thing that the platform does with a tenant. It outlives
// the tenant.
type TenantOperation struct {
	ID       uuid.UUID
	TenantID uuid.UUID
	// Slug is that of the tenant; another tenant may have it by now.
	Slug       string
	Kind       TenantOperationKind
	State      TenantOperationState
	Stage      string
	WorkflowID string
	// RequestedBy is the API key that asked for it, uuid.Nil for none.
	RequestedBy   uuid.UUID
	RequestedName string
	// WithExport is of an off-boarding: ExportID is its export, once there is one.
	WithExport bool
	ExportID   *uuid.UUID
	// Table is what an export or off-boarding is at.
	Table string
	Parts int
	// Done counts rows, or jobs; Counts has the rows by table.
	Done   int64
	Bytes  int64
	Counts map[string]int64
	Error  string

	StartedAt  time.Time
	UpdatedAt  time.Time
	FinishedAt *time.Time
	// ExpiresAt is when an export can no longer be fetched.
	ExpiresAt *time.Time
}

// ExportPart is one gzipped file of an export.
type ExportPart struct {
	Number int
	Name   string
	Rows   int64
	Bytes  int64
	SHA256 [32]byte
}

// Certificate says what was deleted of a tenant. Body is canonical JSON.
type Certificate struct {
	ID       uuid.UUID
	TenantID uuid.UUID
	Slug     string
	IssuedAt time.Time
	Body     string
	SHA256   [32]byte
}

// CertificateBody is what a certificate's text holds.
type CertificateBody struct {
	CertificateID uuid.UUID        `json:"certificate_id"`
	TenantID      uuid.UUID        `json:"tenant_id"`
	Slug          string           `json:"slug"`
	Name          string           `json:"name"`
	RequestedBy   *uuid.UUID       `json:"requested_by,omitempty"` // an API key
	RequestedName string           `json:"requested_by_name,omitempty"`
	RequestedAt   time.Time        `json:"requested_at"`
	VerifiedAt    time.Time        `json:"verified_at"`
	ExportID      *uuid.UUID       `json:"export_id,omitempty"`
	Rows          map[string]int64 `json:"rows"` // deleted, by table
	TotalRows     int64            `json:"total_rows"`
	// Bytes is what the rows took in the database.
	Bytes int64 `json:"bytes"`
	// Tables are all that were looked at when no row was left.
	Tables []string `json:"tables_verified"`
}
