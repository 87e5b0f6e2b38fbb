package config

import (
	"flag"
	"os"
	"testing"

	"github.com/joho/godotenv"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write .env.example anew")

const examplePath = "../../.env.example"

func TestExampleFileAgreesWithTheStruct(t *testing.T) {
	t.Parallel()
	if *update {
		require.NoError(t, os.WriteFile(examplePath, []byte(Example()), 0o644))
	}
	file, err := os.ReadFile(examplePath)
	require.NoError(t, err)
	require.Equal(t, Example(), string(file), "run: go test ./internal/config -run ExampleFile -update")
}

func TestExampleFileLoads(t *testing.T) {
	t.Parallel()
	values, err := godotenv.Read(examplePath)
	require.NoError(t, err)
	values["DATABASE_URL"] = guide["DATABASE_URL"]
	fromFile, err := LoadFrom(RoleServer, values)
	require.NoError(t, err)
	require.Empty(t, fromFile.Warnings)
	defaults, err := LoadFrom(RoleServer, map[string]string{"DATABASE_URL": guide["DATABASE_URL"]})
	require.NoError(t, err)
	require.Equal(t, defaults, fromFile, "what the file sets are the defaults")
}

func TestEveryVariableIsDocumented(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, v := range Variables() {
		require.False(t, seen[v.Name], "%s is there twice", v.Name)
		seen[v.Name] = true
		require.NotEmpty(t, v.Help, v.Name)
		require.NotEmpty(t, v.Section, v.Name)
	}
	for name := range guide {
		require.True(t, seen[name] || name == "RUST_LOG", "%s of the guide", name)
	}
}
