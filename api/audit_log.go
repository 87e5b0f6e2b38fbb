package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// AuditActor is who made a change.
type AuditActor struct {
	Kind    domain.ActorKind `json:"kind" enum:"api_key,session,development,system" doc:"session: a browser that signed in with the key. system: a command or a workflow."`
	KeyID   *uuid.UUID       `json:"key_id,omitempty"`
	KeyName string           `json:"key_name,omitempty"`
	Address string           `json:"address,omitempty"`
}

// AuditEntry is one change.
type AuditEntry struct {
	ID         uuid.UUID       `json:"id"`
	At         time.Time       `json:"at"`
	Actor      AuditActor      `json:"actor"`
	Action     string          `json:"action" example:"api_key.created"`
	TargetType string          `json:"target_type" example:"api_key"`
	TargetID   string          `json:"target_id"`
	RequestID  string          `json:"request_id,omitempty"`
	Before     json.RawMessage `json:"before,omitempty" doc:"Facts of the target; never a secret."`
	After      json.RawMessage `json:"after,omitempty"`
}

func auditView(e *domain.AuditEntry) AuditEntry {
	out := AuditEntry{
		ID: e.ID, At: e.CreatedAt, Action: e.Action, TargetType: e.TargetType, TargetID: e.TargetID, RequestID: e.Actor.RequestID,
		Before: e.Before, After: e.After,
		Actor: AuditActor{Kind: e.Actor.Kind, KeyName: e.Actor.Name, Address: e.Actor.Address},
	}
	if e.Actor.ID != uuid.Nil {
		out.Actor.KeyID = &e.Actor.ID
	}
	return out
}

// AuditFilterInput narrows the audit log. It is exported for huma, which sees no
// other embedded fields.
type AuditFilterInput struct {
	Action   string `query:"action" maxLength:"100" doc:"An action, or a group such as api_key.*" example:"api_key.*"`
	ActorID  string `query:"actor_id" maxLength:"36" doc:"The id of the key that made the change."`
	TargetID string `query:"target_id" maxLength:"100"`
	From     string `query:"from" maxLength:"40" doc:"RFC 3339 or a day in UTC."`
	To       string `query:"to" maxLength:"40" doc:"RFC 3339 or a day in UTC, which is not part of the range."`
}

func (in *AuditFilterInput) filter() (f store.AuditFilter, err error) {
	f = store.AuditFilter{Action: in.Action, TargetID: in.TargetID}
	if in.ActorID != "" {
		if f.ActorID, err = uuid.Parse(in.ActorID); err != nil {
			return f, invalidField("actor_id", "must be the id of an API key")
		}
	}
	if in.From != "" {
		if f.Since, err = parseMoment("from", in.From); err != nil {
			return f, err
		}
	}
	if in.To != "" {
		if f.Until, err = parseMoment("to", in.To); err != nil {
			return f, err
		}
	}
	if !f.Since.IsZero() && !f.Until.IsZero() && !f.Since.Before(f.Until) {
		return f, invalidField("to", "must be after from")
	}
	return f, nil
}

type auditInput struct {
	PageInput
	AuditFilterInput
}

// AuditList is one page of the audit log.
type AuditList struct {
	Entries    []AuditEntry `json:"entries"`
	NextCursor string       `json:"next_cursor,omitempty" doc:"Left out on the last page."`
}

type auditOutput struct{ Body AuditList }

func (s *Server) listAuditLog(ctx context.Context, in *auditInput) (*auditOutput, error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	if f.Before, err = in.beforeID(); err != nil {
		return nil, err
	}
	f.Limit = in.Limit + 1
	found, err := s.deps.Store.AuditLog(ctx, caller(ctx).TenantID, f)
	if err != nil {
		return nil, err
	}
	found, next := page(found, in.Limit, func(e domain.AuditEntry) string { return cursorOfID(e.ID) })
	out := &auditOutput{AuditList{Entries: make([]AuditEntry, len(found)), NextCursor: next}}
	for i := range found {
		out.Body.Entries[i] = auditView(&found[i])
	}
	return out, nil
}

// exportAuditLog streams the log. The first page is read before the answer begins,
// so that what is wrong from the start is a proper problem.
func (s *Server) exportAuditLog(ctx context.Context, in *AuditFilterInput) (*huma.StreamResponse, error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	f.Limit = exportPage
	tenant := caller(ctx).TenantID
	first, err := s.deps.Store.AuditLog(ctx, tenant, f)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		if err := s.writeAuditLog(c, tenant, f, first); err != nil {
			slog.InfoContext(c.Context(), "an export ended early", slog.Any("error", err))
			panic(http.ErrAbortHandler) // only a cut connection tells that lines are missing
		}
	}}, nil
}

func (s *Server) writeAuditLog(c huma.Context, tenant uuid.UUID, f store.AuditFilter, page []domain.AuditEntry) (err error) {
	out := c.BodyWriter()
	extend := exportDeadline(out)
	c.SetHeader("Content-Type", "application/x-ndjson")
	c.SetHeader("Content-Disposition", `attachment; filename="audit-log.ndjson"`)
	c.SetStatus(http.StatusOK)
	rows := json.NewEncoder(out)
	for {
		extend()
		for i := range page {
			if err := rows.Encode(auditView(&page[i])); err != nil {
				return err
			}
		}
		if len(page) < exportPage {
			return nil
		}
		f.Before = page[len(page)-1].ID
		if page, err = s.deps.Store.AuditLog(c.Context(), tenant, f); err != nil {
			return err
		}
	}
}
