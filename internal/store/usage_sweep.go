package store

import (
	"context"
	"log/slog"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// sweepPage bounds the tenants that one statement of a sweep reads.
const sweepPage = 1000

// RecountChanged recounts the tenants whose documents have changed lately, each about
// once a day when it is called every hour, and corrects counters that are wrong. beat
// is called after each.
func (s *Store) RecountChanged(ctx context.Context, beat func()) (recounted, corrected int64, err error) {
	for after := (uuid.UUID{}); ; {
		var page []uuid.UUID
		err = s.inSystem(ctx, func(q *db.Queries) error {
			page, err = q.UsageChangedTenants(ctx, db.UsageChangedTenantsParams{AfterID: after, RowLimit: sweepPage})
			return err
		})
		if err != nil {
			return recounted, corrected, err
		}
		for _, tenant := range page {
			r, err := s.RecountUsage(ctx, tenant)
			if err != nil {
				return recounted, corrected, err
			}
			recounted++
			if r.Corrected() {
				corrected++
				slog.WarnContext(ctx, "a tenant's usage was counted wrongly and is corrected", "tenant_id", tenant,
					"documents", r.Documents, "counted_documents", r.CountedDocuments, "bytes", r.StorageBytes, "counted_bytes", r.CountedBytes)
			}
			beat()
		}
		if len(page) < sweepPage {
			return recounted, corrected, nil
		}
		after = page[len(page)-1]
	}
}

// Fullness is how full one quota is over all tenants that it limits.
type Fullness struct {
	// Highest is the highest share of a limit that is used, 1 being all of it.
	Highest float64
	// Warned and Full are how many tenants use 80 % and more, and how many all of it.
	Warned, Full int
}

// QuotaFullness looks at every tenant that something limits.
func (s *Store) QuotaFullness(ctx context.Context) (map[domain.QuotaName]Fullness, error) {
	out := map[domain.QuotaName]Fullness{}
	for after := (uuid.UUID{}); ; {
		var page []db.UsageLimitedRow
		err := s.inSystem(ctx, func(q *db.Queries) (err error) {
			page, err = q.UsageLimited(ctx, db.UsageLimitedParams{AfterID: after, RowLimit: sweepPage})
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, r := range page {
			u := domain.Usage{
				Limits: s.tiers.Limits(planFrom(r.Tier, r.Quota)), Documents: r.Documents, StorageBytes: r.StorageBytes,
				SearchesLeased: r.SearchesLeased, APIKeys: r.ApiKeys, Webhooks: r.Webhooks,
			}
			for _, name := range domain.QuotaNames {
				out[name] = out[name].with(&u, name)
			}
		}
		if len(page) < sweepPage {
			return out, nil
		}
		after = page[len(page)-1].ID
	}
}

func (f Fullness) with(u *domain.Usage, name domain.QuotaName) Fullness {
	limit := u.Limits.Of(name)
	used, known := u.Used(name)
	if limit == nil || !known {
		return f
	}
	f.Highest = max(f.Highest, domain.QuotaPercent(used, *limit)/100)
	switch domain.LevelOf(used, *limit) {
	case domain.QuotaFull:
		f.Full++
		f.Warned++
	case domain.QuotaWarning:
		f.Warned++
	case domain.QuotaBelow:
	}
	return f
}
