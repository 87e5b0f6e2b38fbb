package embed

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChunkTextHasEachPartOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ title, heading, content, want string }{
		{"Guide", "Guide > Install", "Run it.", "Guide\nInstall\nRun it."},
		{"Guide", "Guide", "Run it.", "Guide\nRun it."},
		{"Guide", "Guidelines", "Run it.", "Guide\nGuidelines\nRun it."},
		{"", "Install", "Run it.", "Install\nRun it."},
		{"Guide", "", "", "Guide"},
		{"", "", "Run it.", "Run it."},
		{"", "", "", ""},
	} {
		require.Equal(t, c.want, ChunkText(c.title, c.heading, c.content))
	}
}

func TestHeadingBelowTitleDropsOnlyTheTitle(t *testing.T) {
	t.Parallel()
	require.Equal(t, "Install > Linux", HeadingBelowTitle("Guide > Install > Linux", "Guide"))
	require.Empty(t, HeadingBelowTitle("Guide", "Guide"))
	require.Equal(t, "Guidelines", HeadingBelowTitle("Guidelines", "Guide"))
	require.Equal(t, "Install", HeadingBelowTitle("Install", ""))
}
