package api

import (
	"context"
	"time"

	"github.com/rustassistant/rustassistant/internal/domain"
)

type webhookStatsInput struct {
	WebhookIDInput
	Hours int `query:"hours" minimum:"1" maximum:"168" default:"24" doc:"The present hour and those before it."`
}

// WebhookStats is what became of a webhook's attempts.
type WebhookStats struct {
	Since             time.Time        `json:"since"`
	Attempts          int64            `json:"attempts"`
	Succeeded         int64            `json:"succeeded"`
	Failed            int64            `json:"failed"`
	FailedByCode      map[string]int64 `json:"failed_by_code" doc:"By error code, as in the attempts of deliveries."`
	SuccessRate       *float64         `json:"success_rate" nullable:"true" doc:"0 to 1; null without attempts."`
	P50MS             *int64           `json:"p50_ms" nullable:"true" doc:"Of all attempts, within 15 %; null without attempts."`
	P95MS             *int64           `json:"p95_ms" nullable:"true"`
	Pending           int64            `json:"pending" doc:"Deliveries on their way now; 10000 means that or more."`
	OldestPendingSecs *int64           `json:"oldest_pending_seconds" nullable:"true" doc:"How long ago the oldest event of them occurred; null when nothing is pending."`
	NextAttemptAt     *time.Time       `json:"next_attempt_at" nullable:"true"`
}

type webhookStatsOutput struct{ Body WebhookStats }

func (s *Server) getWebhookStats(ctx context.Context, in *webhookStatsInput) (*webhookStatsOutput, error) {
	id, err := parseID(in.ID, "webhook")
	if err != nil {
		return nil, err
	}
	found, err := s.deps.Store.EndpointStats(ctx, caller(ctx).TenantID, id, in.Hours)
	if err != nil {
		return nil, err
	}
	return &webhookStatsOutput{statsView(&found)}, nil
}

func statsView(st *domain.EndpointStats) WebhookStats {
	out := WebhookStats{
		Since: st.Since, Attempts: st.Attempts, Succeeded: st.Succeeded, Failed: st.Attempts - st.Succeeded, FailedByCode: st.Failed,
		Pending: st.Pending, NextAttemptAt: st.NextAttempt,
	}
	if st.Attempts > 0 {
		rate := float64(st.Succeeded) / float64(st.Attempts)
		p50, p95 := st.P50.Milliseconds(), st.P95.Milliseconds()
		out.SuccessRate, out.P50MS, out.P95MS = &rate, &p50, &p95
	}
	if st.OldestPending != nil {
		age := max(0, int64(time.Since(*st.OldestPending).Seconds()))
		out.OldestPendingSecs = &age
	}
	return out
}
