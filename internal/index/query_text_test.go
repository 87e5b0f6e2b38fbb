package index

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestQueryTextLeavesOperatorsOut(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"how to  retry":                "how to retry",
		`"exactly this" and -not that`: "exactly this and that",
		`-"a phrase" rest`:             "rest",
		"-only -exclusions":            "",
		"--flag a-b -":                 "--flag a-b -",
		"“quoted” text":                "quoted text",
		" ":                            "",
	} {
		require.Equal(t, want, QueryText(query), query)
	}
}
