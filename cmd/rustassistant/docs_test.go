package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// documentedCommand is a command of the program in the documentation: at the beginning of a line, or in backquotes.
var documentedCommand = regexp.MustCompile("(?m)(?:^|`)(?:\\$ )?(?:bin/)?rustassistant ([a-z][^`\\n#|<>]*)")

func TestCommandsOfTheDocumentationExist(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../../docs/*.md")
	require.NoError(t, err)
	found := 0
	for _, page := range append(pages, "../../README.md") {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, m := range documentedCommand.FindAllStringSubmatch(string(text), -1) {
			found++
			words := strings.Fields(m[1])
			cmd, rest, err := newRootCommand().Find(words)
			require.NoError(t, err, "%s: %s", page, m[0])
			require.True(t, cmd.Runnable() || len(rest) == 0, "%s: %s", page, m[0])
			for _, word := range rest {
				if name, ok := strings.CutPrefix(word, "--"); ok {
					name, _, _ = strings.Cut(name, "=")
					require.NotNil(t, cmd.Flags().Lookup(name), "%s: %s has no flag --%s", page, cmd.CommandPath(), name)
				}
			}
		}
	}
	require.Greater(t, found, 20, "the documentation names commands")
}
