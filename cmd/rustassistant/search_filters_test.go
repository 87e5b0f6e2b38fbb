package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFiltersOfTheCommandLine(t *testing.T) {
	t.Parallel()
	got, err := parseFilters([]string{
		"doc_type=guide", "tags=a", "tags=b", "tags!=c", "metadata.n=1", "metadata.s=\"1\"", "metadata.price>=5", "metadata.price<20",
		"created_at>2026-01-01", "metadata.url=http://x?a=b", "repo_id!=r", "repo_id!=s",
	})
	require.NoError(t, err)
	require.Equal(t, map[string]any{
		"doc_type": "guide", "tags": map[string]any{"in": []any{"a", "b"}, "not_in": []any{"c"}}, "metadata.n": 1.0, "metadata.s": "1",
		"metadata.price": map[string]any{"gte": 5.0, "lt": 20.0}, "created_at": map[string]any{"gt": "2026-01-01"},
		"metadata.url": "http://x?a=b", "repo_id": map[string]any{"not_in": []any{"r", "s"}},
	}, got)
	for _, bad := range []string{"", "=", "a", "a=", "=b", "!=b", "a>", "a!b"} {
		_, err := parseFilters([]string{bad})
		require.Error(t, err, "%q", bad)
	}
	_, err = parseFilters([]string{"metadata.a>1", "metadata.a>2"})
	require.Error(t, err)
}
