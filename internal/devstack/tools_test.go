package devstack_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/devstack"
)

func TestTheScriptsBuildTheTemporalThatIsLookedFor(t *testing.T) {
	t.Parallel()
	pins, err := os.ReadFile("../../scripts/versions.sh")
	require.NoError(t, err)
	require.Contains(t, string(pins), "TEMPORAL_CLI_VERSION="+devstack.TemporalCLIVersion+"\n")
}

func TestWithoutRedisTheStackRunsAndSaysSo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	stack := start(t, t.TempDir())
	require.Empty(t, stack.RedisURL())
	require.Empty(t, stack.Environment()["REDIS_URL"])
}

func TestMissingToolsAreNamedWithWhatToDo(t *testing.T) {
	t.Setenv("DEV_POSTGRES_BIN", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("PATH", t.TempDir())
	_, err := devstack.Start(t.Context(), options(t.TempDir()))
	var missing *devstack.MissingToolError
	require.ErrorAs(t, err, &missing)
	require.ErrorContains(t, err, "PostgreSQL 15 or newer was not found")
	require.ErrorContains(t, err, "the Temporal CLI was not found")
	require.ErrorContains(t, err, "make tools")
}
