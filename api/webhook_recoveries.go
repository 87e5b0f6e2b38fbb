package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store"
)

// Recoverer starts the workflows of recoveries: *workflows.Client.
type Recoverer interface {
	StartRecovery(ctx context.Context, r domain.Recovery) error
}

const (
	recoverTimeout = 5 * time.Second
	// countTimeout bounds a dry run; what was counted until then is answered.
	countTimeout = 10 * time.Second
)

func (s *Server) recoveryRoutes() []route {
	return []route{
		{
			method: http.MethodPost, path: "/api/admin/webhooks/{id}/recover", id: "recoverWebhook", scope: auth.ScopeWebhooks, bodyLimit: smallBody,
			tag: tagWebhooks, status: http.StatusAccepted, also: []int{http.StatusOK}, errors: []int{http.StatusConflict}, summary: "Send again what a webhook did not get",
			description: "Deliveries of events in the range that ended in one of `states` are due again, with the same event ids; with `missed`, events of the " +
				"outbox that it subscribes to now and has no delivery for get one. There is no upper limit: a workflow does it step by step, no faster than the receiver takes it. " +
				"`dry_run` answers 200 with the counts and starts nothing.",
			endpoint: typed[recoverWebhookInput, recoverWebhookOutput](s.recoverWebhook),
		},
		{
			method: http.MethodGet, path: "/api/admin/webhooks/{id}/recoveries", id: "listRecoveries", scope: auth.ScopeWebhooks,
			tag: tagWebhooks, errors: []int{http.StatusUnprocessableEntity}, summary: "List a webhook's recoveries", description: "Newest first.",
			endpoint: typed[listRecoveriesInput, listRecoveriesOutput](s.listRecoveries),
		},
		{
			method: http.MethodGet, path: "/api/admin/webhooks/{id}/recoveries/{recovery_id}", id: "getRecovery", scope: auth.ScopeWebhooks,
			tag: tagWebhooks, summary: "Get a recovery", endpoint: typed[RecoveryIDInput, recoveryOutput](s.getRecovery),
		},
		{
			method: http.MethodPost, path: "/api/admin/webhooks/{id}/recoveries/{recovery_id}/cancel", id: "cancelRecovery", scope: auth.ScopeWebhooks,
			tag: tagWebhooks, status: http.StatusAccepted, errors: []int{http.StatusConflict}, summary: "Cancel a recovery",
			description: "What it has made due is sent all the same.",
			endpoint:    typed[RecoveryIDInput, recoveryOutput](s.cancelRecovery),
		},
		{
			method: http.MethodGet, path: "/api/admin/webhooks/{id}/stats", id: "getWebhookStats", scope: auth.ScopeWebhooks,
			tag: tagWebhooks, errors: []int{http.StatusUnprocessableEntity}, summary: "A webhook's attempts in numbers",
			description: "Of the present hour and those before it, and what is pending now.",
			endpoint:    typed[webhookStatsInput, webhookStatsOutput](s.getWebhookStats),
		},
	}
}

// recoverBody is the body of a request to recover.
type recoverBody struct {
	Since  string   `json:"since" required:"true" format:"date-time" doc:"When the first event occurred." example:"2026-01-02T03:04:05Z"`
	Until  string   `json:"until,omitempty" format:"date-time" doc:"Not in the range itself; now when left out."`
	States []string `json:"states,omitempty" enum:"exhausted,canceled,delivered" doc:"Of deliveries; exhausted and canceled when left out."`
	Missed *bool    `json:"missed,omitempty" doc:"Also events that it has no delivery for; true when left out."`
	DryRun bool     `json:"dry_run,omitempty" doc:"Count and start nothing."`
}

type recoverWebhookInput struct {
	WebhookIDInput
	IdempotencyInput
	Body body[recoverBody]
}

// WebhookRecovery is the answer to a request to recover.
type WebhookRecovery struct {
	RecoveryID  *uuid.UUID     `json:"recovery_id,omitempty" doc:"Left out of a dry run."`
	WorkflowID  string         `json:"workflow_id,omitempty"`
	TemporalURL string         `json:"temporal_url,omitempty" doc:"The workflow in the Temporal UI."`
	Since       time.Time      `json:"since"`
	Until       time.Time      `json:"until"`
	MissedSince *time.Time     `json:"missed_since,omitempty" doc:"Events without a delivery are found from then on: older ones are not kept."`
	Counts      *RecoveryCount `json:"counts,omitempty" doc:"Of a dry run."`
}

// RecoveryCount is what a recovery would do now.
type RecoveryCount struct {
	Exhausted int64 `json:"exhausted"`
	Canceled  int64 `json:"canceled"`
	Delivered int64 `json:"delivered"`
	Missed    int64 `json:"missed" doc:"Events without a delivery."`
	Total     int64 `json:"total"`
	Complete  bool  `json:"complete" doc:"false: there are at least that many; counting them all would take too long."`
}

type recoverWebhookOutput struct {
	Status   int
	Replayed string `header:"Idempotency-Replayed" doc:"true when this is the first answer to the same Idempotency-Key."`
	Body     WebhookRecovery
}

func (s *Server) recoverWebhook(ctx context.Context, in *recoverWebhookInput) (*recoverWebhookOutput, error) {
	id, err := parseID(in.ID, "webhook")
	if err != nil {
		return nil, err
	}
	r, err := recoveryRange(&in.Body.Value, time.Now().UTC())
	if err != nil {
		return nil, err
	}
	if in.Body.Value.DryRun {
		return s.countRecovery(ctx, id, r)
	}
	options := store.IngestOptions{
		IdempotencyKey: in.IdempotencyKey, Operation: "POST /api/admin/webhooks/" + id.String() + "/recover",
		ReadRequest: func(context.Context) ([32]byte, error) { return in.Body.hash() },
	}
	n := store.NewRecovery{EndpointID: id, RequestedBy: caller(ctx).KeyID, RecoveryRange: r}
	result, started, err := s.deps.Store.StartRecovery(ctx, caller(ctx).TenantID, options, n, func(r domain.Recovery) (store.Reply, error) {
		view := recoveryAnswer(&r.RecoveryRange)
		view.RecoveryID, view.WorkflowID, view.TemporalURL = &r.ID, r.WorkflowID, s.deps.Starter.WorkflowURL(r.WorkflowID)
		return replyWith(http.StatusAccepted, view, in.Body.hash)
	})
	if err != nil {
		return nil, err
	}
	if started != nil {
		s.startRecovery(ctx, *started)
	}
	out := &recoverWebhookOutput{Status: result.Status, Replayed: replayedHeader(result)}
	return out, decodeReply(result, &out.Body)
}

// startRecovery does not fail: what cannot be started now is started by a
// schedule, like a job.
func (s *Server) startRecovery(ctx context.Context, r domain.Recovery) {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), recoverTimeout)
	defer cancel()
	if err := s.deps.Recoverer.StartRecovery(limited, r); err != nil {
		slog.WarnContext(ctx, "a recovery could not be started; a sweep starts it", "recovery", r.ID, "error", err)
	}
}

func (s *Server) countRecovery(ctx context.Context, id uuid.UUID, r domain.RecoveryRange) (*recoverWebhookOutput, error) {
	limited, cancel := context.WithTimeout(ctx, countTimeout)
	defer cancel()
	n, err := s.deps.Store.CountRecovery(limited, caller(ctx).TenantID, id, r)
	if err != nil {
		return nil, err
	}
	out := &recoverWebhookOutput{Status: http.StatusOK, Body: recoveryAnswer(&r)}
	out.Body.Counts = &RecoveryCount{
		Exhausted: n.Exhausted, Canceled: n.Canceled, Delivered: n.Delivered, Missed: n.Missed,
		Total: n.Exhausted + n.Canceled + n.Delivered + n.Missed, Complete: n.Complete,
	}
	return out, nil
}

func recoveryAnswer(r *domain.RecoveryRange) WebhookRecovery {
	out := WebhookRecovery{Since: r.Since, Until: r.Until}
	if kept := time.Now().UTC().Add(-domain.EventRetention).Truncate(time.Second); r.Missed {
		from := r.Since
		if from.Before(kept) {
			from = kept
		}
		out.MissedSince = &from
	}
	return out
}

// recoverableStates are those of deliveries that have ended.
var recoverableStates = []domain.DeliveryState{domain.DeliveryExhausted, domain.DeliveryCanceled, domain.DeliveryDelivered}

// recoveryRange reads a range and names everything that is wrong with it.
func recoveryRange(b *recoverBody, now time.Time) (domain.RecoveryRange, error) {
	problems := &domain.Error{Code: domain.CodeInvalid, Message: "the recovery is not valid"}
	add := func(field, format string, args ...any) {
		problems.Fields = append(problems.Fields, domain.FieldError{Field: field, Message: fmt.Sprintf(format, args...)})
	}
	r := domain.RecoveryRange{Until: now, Missed: b.Missed == nil || *b.Missed}
	var err error
	switch r.Since, err = time.Parse(time.RFC3339Nano, b.Since); {
	case b.Since == "":
		add("since", "is required: a time such as 2026-01-02T03:04:05Z")
	case err != nil:
		add("since", "must be a time such as 2026-01-02T03:04:05Z")
	case r.Since.After(now):
		add("since", "is in the future")
	case r.Since.Before(now.Add(-domain.DeliveryRetention)):
		add("since", "must not be before %s: deliveries are kept for %d days after they ended, events without one for %d days",
			now.Add(-domain.DeliveryRetention).Add(time.Minute).Truncate(time.Minute).Format(time.RFC3339), days(domain.DeliveryRetention), days(domain.EventRetention))
	}
	sinceRead := err == nil
	if b.Until != "" {
		if r.Until, err = time.Parse(time.RFC3339Nano, b.Until); err != nil {
			add("until", "must be a time such as 2026-01-02T03:04:05Z")
		} else if sinceRead && !r.Until.After(r.Since) {
			add("until", "must be after since")
		}
	}
	r.Since, r.Until = r.Since.UTC(), r.Until.UTC()
	r.States = recoveryStates(b.States, add)
	if len(problems.Fields) > 0 {
		return r, problems
	}
	return r, nil
}

func days(d time.Duration) int { return int(d.Hours() / 24) }

func recoveryStates(names []string, add func(field, format string, args ...any)) []domain.DeliveryState {
	if names == nil {
		return []domain.DeliveryState{domain.DeliveryExhausted, domain.DeliveryCanceled}
	}
	out := make([]domain.DeliveryState, 0, len(names))
	for _, name := range names {
		state := domain.DeliveryState(name)
		if !slices.Contains(recoverableStates, state) {
			add("states", "has %.40q, which is none of exhausted, canceled and delivered: other deliveries are on their way already", name)
			return nil
		}
		if !slices.Contains(out, state) {
			out = append(out, state)
		}
	}
	return out
}

// RecoveryIDInput names a recovery of a webhook.
type RecoveryIDInput struct {
	WebhookIDInput
	RecoveryID string `path:"recovery_id" doc:"The recovery's id." example:"0198c0de-0000-7000-8000-000000000000"`
}

// Recovery is how a recovery stands.
type Recovery struct {
	ID             uuid.UUID              `json:"id"`
	WebhookID      uuid.UUID              `json:"webhook_id"`
	State          domain.RecoveryState   `json:"state" enum:"running,completed,failed,canceled"`
	Stage          string                 `json:"stage" enum:"deliveries,missed,done" doc:"What it looks through, or did last."`
	Since          time.Time              `json:"since"`
	Until          time.Time              `json:"until"`
	States         []domain.DeliveryState `json:"states"`
	Missed         bool                   `json:"missed"`
	Seen           int64                  `json:"seen" doc:"Rows that were looked at."`
	Resent         int64                  `json:"resent" doc:"Deliveries that were made due again."`
	Created        int64                  `json:"created" doc:"Deliveries that were made for events without one."`
	WaitsFor       string                 `json:"waits_for,omitempty" enum:"receiver,endpoint,tenant" doc:"receiver: enough is due already; endpoint: it is paused; tenant: it is suspended."`
	Error          string                 `json:"error,omitempty"`
	RequestedBy    uuid.UUID              `json:"requested_by" doc:"The API key that asked for it."`
	RequestedByKey string                 `json:"requested_by_name,omitempty" doc:"The key's name, when it is a key of this tenant."`
	StartedAt      time.Time              `json:"started_at"`
	UpdatedAt      time.Time              `json:"updated_at"`
	FinishedAt     *time.Time             `json:"finished_at" nullable:"true"`
	WorkflowID     string                 `json:"workflow_id"`
	TemporalURL    string                 `json:"temporal_url,omitempty" doc:"The workflow in the Temporal UI."`
}

func (s *Server) recoveryView(r *domain.Recovery) Recovery {
	return Recovery{
		ID: r.ID, WebhookID: r.EndpointID, State: r.State, Stage: r.Stage, Since: r.Since, Until: r.Until, States: r.States, Missed: r.Missed,
		Seen: r.Seen, Resent: r.Resent, Created: r.Created, WaitsFor: r.WaitsFor, Error: r.Error, RequestedBy: r.RequestedBy,
		RequestedByKey: r.KeyName, StartedAt: r.StartedAt, UpdatedAt: r.UpdatedAt, FinishedAt: utc(r.FinishedAt),
		WorkflowID: r.WorkflowID, TemporalURL: s.deps.Starter.WorkflowURL(r.WorkflowID),
	}
}

type recoveryOutput struct{ Body Recovery }

func (s *Server) getRecovery(ctx context.Context, in *RecoveryIDInput) (*recoveryOutput, error) {
	r, err := s.findRecovery(ctx, in)
	if err != nil {
		return nil, err
	}
	return &recoveryOutput{s.recoveryView(&r)}, nil
}

func (s *Server) findRecovery(ctx context.Context, in *RecoveryIDInput) (domain.Recovery, error) {
	endpoint, err := parseID(in.ID, "webhook")
	if err != nil {
		return domain.Recovery{}, err
	}
	id, err := parseID(in.RecoveryID, "recovery")
	if err != nil {
		return domain.Recovery{}, err
	}
	return s.deps.Store.Recovery(ctx, caller(ctx).TenantID, endpoint, id)
}

// cancelRecovery asks the workflow to end and does not depend on its answer: the
// row is what counts.
func (s *Server) cancelRecovery(ctx context.Context, in *RecoveryIDInput) (*recoveryOutput, error) {
	r, err := s.findRecovery(ctx, in)
	if err != nil {
		return nil, err
	}
	if r.State != domain.RecoveryRunning {
		return nil, domain.Errorf(domain.CodeConflict, "the recovery is %s already", r.State)
	}
	if err := s.deps.Starter.CancelWorkflow(ctx, r.WorkflowID); err != nil {
		slog.WarnContext(ctx, "the workflow of a canceled recovery could not be told", "recovery", r.ID, "error", err)
	}
	if _, err := s.deps.Store.EndRecovery(ctx, r.TenantID, r.ID, domain.RecoveryCanceled, ""); err != nil {
		return nil, err
	}
	return s.getRecovery(ctx, in)
}

type listRecoveriesInput struct {
	WebhookIDInput
	PageInput
}

// RecoveryList is one page of recoveries.
type RecoveryList struct {
	Recoveries []Recovery `json:"recoveries"`
	NextCursor string     `json:"next_cursor,omitempty" doc:"Left out on the last page."`
}

type listRecoveriesOutput struct{ Body RecoveryList }

func (s *Server) listRecoveries(ctx context.Context, in *listRecoveriesInput) (*listRecoveriesOutput, error) {
	id, err := parseID(in.ID, "webhook")
	if err != nil {
		return nil, err
	}
	before, err := in.beforeID()
	if err != nil {
		return nil, err
	}
	found, err := s.deps.Store.Recoveries(ctx, caller(ctx).TenantID, id, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	found, next := page(found, in.Limit, func(r domain.Recovery) string { return cursorOfID(r.ID) })
	out := &listRecoveriesOutput{RecoveryList{Recoveries: make([]Recovery, len(found)), NextCursor: next}}
	for i := range found {
		out.Body.Recoveries[i] = s.recoveryView(&found[i])
	}
	return out, nil
}
