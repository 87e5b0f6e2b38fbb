package webhook

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
)

func TestFiltersThatAreRefused(t *testing.T) {
	t.Parallel()
	require.Empty(t, CheckFilter(nil))
	require.Empty(t, CheckFilter(domain.EventFilter{"kind": {"index_documents"}, "failed": {0.0, 1.5}, "state": {true}}))
	many := domain.EventFilter{}
	for n := range 11 {
		many[fmt.Sprint("field", n)] = []any{"x"}
	}
	for name, bad := range map[string]domain.EventFilter{
		"empty":         {},
		"unknown field": {"knid": {"index_documents"}},
		"list field":    {"searches": {"x"}},
		"empty name":    {"": {"x"}},
		"no values":     {"kind": {}},
		"null values":   {"kind": nil},
		"null":          {"kind": {nil}},
		"object":        {"kind": {map[string]any{"a": 1}}},
		"list":          {"kind": {[]any{"a"}}},
		"many fields":   many,
		"many values":   {"kind": slices.Repeat([]any{"x"}, 51)},
		"long":          {"kind": {strings.Repeat("x", 4096)}},
	} {
		require.NotEmpty(t, CheckFilter(bad), name)
	}
	require.Contains(t, CheckFilter(domain.EventFilter{"knid": {"x"}}), "kind", "it says what there is")
}
