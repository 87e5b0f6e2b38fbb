package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// SearchSettings are a tenant's settings as they are stored. Version counts the
// changes; it is 0, and UpdatedAt zero, when there was none.
type SearchSettings struct {
	index.Settings
	Version   int64
	UpdatedAt time.Time
}

// SearchSettings returns the tenant's search settings.
func (s *Store) SearchSettings(ctx context.Context, tenant uuid.UUID) (out SearchSettings, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		out, err = getSearchSettings(ctx, q, tenant)
		return err
	})
	return out, err
}

// ChangeSearchSettings changes the settings. With version not nil they must be of
// that version, or it is a conflict. The change is a commit of the index: it gets
// a generation, so that kept answers become unreachable and every process reads
// the settings anew.
func (s *Store) ChangeSearchSettings(
	ctx context.Context, tenant uuid.UUID, version *int64, alter func(*index.Settings),
) (out SearchSettings, err error) {
	err = s.inTenant(ctx, tenant, func(q *db.Queries) error {
		generation, err := q.IndexStateLock(ctx, tenant)
		if noRows(err) {
			return domain.NotFound("tenant")
		}
		if err != nil {
			return err
		}
		if out, err = getSearchSettings(ctx, q, tenant); err != nil {
			return err
		}
		if version != nil && *version != out.Version {
			return domain.Errorf(domain.CodeConflict, "the search settings are at version %d by now; read them again", out.Version)
		}
		before, err := json.Marshal(out.Settings)
		if err != nil {
			return fmt.Errorf("write search settings: %w", err)
		}
		alter(&out.Settings)
		if err := out.Validate(); err != nil {
			return err
		}
		if err := putSearchSettings(ctx, q, tenant, &out, generation+1); err != nil {
			return err
		}
		return audit(ctx, q, tenant, change{
			action: "search_settings.changed", kind: "search_settings", before: json.RawMessage(before), after: &out.Settings,
		})
	})
	return out, err
}

func getSearchSettings(ctx context.Context, q *db.Queries, tenant uuid.UUID) (out SearchSettings, err error) {
	row, err := q.SearchSettingsGet(ctx, tenant)
	if noRows(err) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.Version, out.UpdatedAt = row.Version, row.UpdatedAt.UTC()
	out.Settings, err = index.ParseSettings(row.Settings)
	return out, err
}

func putSearchSettings(ctx context.Context, q *db.Queries, tenant uuid.UUID, s *SearchSettings, generation int64) error {
	data, err := json.Marshal(s.Settings)
	if err != nil {
		return fmt.Errorf("write search settings: %w", err)
	}
	row, err := q.SearchSettingsPut(ctx, db.SearchSettingsPutParams{TenantID: tenant, Settings: data})
	if err != nil {
		return err
	}
	s.Version, s.UpdatedAt = row.Version, row.UpdatedAt.UTC()
	if err := q.IndexStateAdvance(ctx, db.IndexStateAdvanceParams{TenantID: tenant, Generation: generation}); err != nil {
		return err
	}
	return notifyGeneration(ctx, q, tenant, generation)
}
