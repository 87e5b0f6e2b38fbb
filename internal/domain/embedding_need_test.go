package domain_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
)

func TestWhenATenantNeedsAnotherModel(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) *time.Time { at := now.Add(-d); return &at }
	builtin := domain.EmbeddingWant{Provider: "builtin", Identity: "builtin/1"}
	server := domain.EmbeddingWant{Provider: "openai", Identity: "large"}
	active := domain.EmbeddingModel{
		State: domain.ModelActive, Provider: "builtin", Identity: "builtin/1", CorpusChunks: 1000, CorpusWritten: 1000, ActivatedAt: ago(time.Hour),
	}
	model := func(change func(*domain.EmbeddingModel)) domain.EmbeddingModel {
		m := active
		change(&m)
		return m
	}
	canceled := model(func(m *domain.EmbeddingModel) {
		m.State, m.ErrorCode, m.FailedAt, m.CorpusChunks = domain.ModelFailed, domain.ModelCanceled, ago(time.Hour), 1500
	})
	failed := func(since time.Duration) domain.EmbeddingModel {
		return model(func(m *domain.EmbeddingModel) {
			m.State, m.Identity, m.ErrorCode, m.FailedAt = domain.ModelFailed, "large", "unauthorized", ago(since)
		})
	}
	target := func(touched time.Duration) domain.EmbeddingModel {
		return model(func(m *domain.EmbeddingModel) { m.State, m.TouchedAt = domain.ModelTraining, *ago(touched) })
	}
	rolledBack := model(func(m *domain.EmbeddingModel) {
		m.State, m.Identity, m.RolledBackAt = domain.ModelRetired, "large", ago(time.Hour)
	})
	newer := domain.EmbeddingWant{Provider: "builtin", Identity: "builtin/2"}
	newerRolledBack := model(func(m *domain.EmbeddingModel) {
		m.State, m.Identity, m.RolledBackAt = domain.ModelRetired, newer.Identity, ago(time.Hour)
	})
	type models = []domain.EmbeddingModel
	for name, c := range map[string]struct {
		want   domain.EmbeddingWant
		chunks int64
		wrote  int64
		models models
		needs  bool
	}{
		"no provider":                         {domain.EmbeddingWant{}, 10_000, 0, nil, false},
		"too little text":                     {builtin, 499, 0, nil, false},
		"enough text":                         {builtin, 500, 0, nil, true},
		"a provider needs no text to learn":   {server, 1, 0, nil, true},
		"nothing to embed":                    {server, 0, 0, nil, false},
		"grown by less than half":             {builtin, 1499, 1499, models{active}, false},
		"grown by half":                       {builtin, 1500, 1500, models{active}, true},
		"shrunk by a third":                   {builtin, 666, 1000, models{active}, true},
		"shrunk a little":                     {builtin, 700, 1000, models{active}, false},
		"rewritten":                           {builtin, 1000, 2500, models{active}, true},
		"rewritten in part":                   {builtin, 1000, 2400, models{active}, false},
		"rewritten, but the model is young":   {builtin, 1000, 2500, models{model(func(m *domain.EmbeddingModel) { m.ActivatedAt = ago(time.Minute) })}, false},
		"growth makes no new server model":    {server, 9000, 9000, models{model(func(m *domain.EmbeddingModel) { m.Provider, m.Identity = "openai", "large" })}, false},
		"another model is configured":         {server, 1000, 1000, models{active}, true},
		"made by another release":             {newer, 1000, 1000, models{active}, true},
		"it is being made":                    {server, 1000, 1000, models{active, target(time.Minute)}, false},
		"its making stands still":             {server, 1000, 1000, models{active, target(time.Hour)}, true},
		"canceled":                            {builtin, 1500, 1500, models{active, canceled}, false},
		"canceled and grown again":            {builtin, 2250, 2250, models{active, canceled}, true},
		"failed just now":                     {server, 1000, 1000, models{active, failed(time.Minute)}, false},
		"failed a while ago":                  {server, 1000, 1000, models{active, failed(time.Hour)}, true},
		"taken back":                          {server, 1000, 1000, models{active, rolledBack}, false},
		"taken back to one that nobody reads": {newer, 1000, 1000, models{active, newerRolledBack}, true},
		"taken back, then another":            {domain.EmbeddingWant{Provider: "openai", Identity: "small"}, 1000, 1000, models{active, rolledBack}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reason := domain.EmbeddingNeed(c.want, domain.Corpus{Chunks: c.chunks, Written: c.wrote}, c.models, now)
			require.Equal(t, c.needs, reason != "", reason)
		})
	}
}
