package devstack

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What runs in development is what docker-compose.temporal.yml runs.
func TestTemporalIsSetUpAsInCompose(t *testing.T) {
	t.Parallel()
	dynamic, err := os.ReadFile("../../config/temporal/dynamicconfig.yaml")
	require.NoError(t, err)
	for _, setting := range dynamicConfig {
		name, value, _ := strings.Cut(setting, "=")
		require.Contains(t, string(dynamic), name+":\n  - value: "+value+"\n")
	}
	namespace, err := os.ReadFile("../../config/temporal/setup-namespace.sh")
	require.NoError(t, err)
	for _, name := range searchAttributes {
		require.Contains(t, string(namespace), "--name "+name+" --type Keyword")
	}
}
