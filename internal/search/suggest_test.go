package search

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/cache"
	"github.com/rustassistant/rustassistant/internal/domain"
)

func TestSuggestionsOfAllKindsComeInTurn(t *testing.T) {
	t.Parallel()
	asked := make(chan uuid.UUID, 10)
	w := newWorld(t, Deps{Popular: func(_ context.Context, tenant uuid.UUID) ([]PopularQuery, error) {
		asked <- tenant
		return []PopularQuery{{"asyn", 90}, {"async rust", 50}, {"async", 40}, {"other", 30}, {"async secret", minPopularSearches - 1}}, nil
	}}, cache.Options{})
	for range 3 {
		got, err := w.Suggest(context.Background(), w.tenant, "Asyn", 5)
		require.NoError(t, err)
		var texts []string
		for _, s := range got {
			texts = append(texts, string(s.Kind)+" "+s.Text)
			require.Equal(t, [][2]int{{0, 4}}, s.Matches)
		}
		require.Equal(t, []string{"query async rust", "word async", "title Async in Rust"}, texts)
	}
	require.Equal(t, w.tenant, <-asked)
	require.Empty(t, asked, "they are kept for a while")
}

func TestSuggestionsDoNotNeedPopularQueries(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Deps{Popular: func(context.Context, uuid.UUID) ([]PopularQuery, error) { return nil, errors.New("away") }}, cache.Options{})
	got, err := w.Suggest(context.Background(), w.tenant, "rust asy", 1)
	require.NoError(t, err)
	require.Equal(t, []Suggestion{{Kind: SuggestedWord, Text: "rust async", Matches: [][2]int{{0, 8}}}}, got)
}

func TestEachOfSeveralSearchesHasItsOwnOutcome(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Deps{}, cache.Options{})
	all, err := DecodeSeveral([]byte(`{"searches": [{"query": "rust"}, {"query": ""}, 7, {"query": "rust", "limit": 1}, {"query": "rust"}]}`))
	require.NoError(t, err)
	require.NoError(t, w.SearchSeveral(context.Background(), w.tenant, all, Options{}))
	require.Len(t, all, 5)
	require.Equal(t, 1, all[0].Answer.Results)
	require.Equal(t, domain.CodeInvalid, domain.CodeOf(all[1].Err))
	require.Equal(t, domain.CodeMalformed, domain.CodeOf(all[2].Err))
	require.Equal(t, 1, all[3].Answer.Results)
	require.NoError(t, all[4].Err)
	require.EqualValues(t, 3, w.Stats().Cache.Memory.Hits+w.Stats().Cache.Memory.Misses)
	for _, bad := range []string{`{}`, `{"searches": []}`, `{"searches": {}}`, `{"searches": [], "limit": 1}`, `[]`, `{"searches": [` + manySearches + `]}`} {
		_, err := DecodeSeveral([]byte(bad))
		require.Error(t, err, bad)
	}
}

const manySearches = `1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21`
