package config

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEmbeddingsNeedNothingByDefault(t *testing.T) {
	t.Parallel()
	cfg, err := LoadFrom(RoleServer, guide)
	require.NoError(t, err)
	require.Equal(t, EmbeddingsBuiltin, cfg.EmbeddingsProvider)
	require.Equal(t, "https://api.openai.com/v1", cfg.EmbeddingsBaseURL.Reveal())
	require.Equal(t, 2*time.Second, cfg.EmbeddingsQueryTimeout)
	require.Empty(t, violations(t, RoleWorker, with(guide, "EMBEDDINGS_PROVIDER", "none")))
}

func TestEmbeddingsServerOfYourOwn(t *testing.T) {
	t.Parallel()
	cfg, err := LoadFrom(RoleWorker, with(guide, "EMBEDDINGS_PROVIDER", "openai", "EMBEDDINGS_BASE_URL", "http://10.1.2.3:11434/v1",
		"EMBEDDINGS_MODEL", "nomic-embed-text", "EMBEDDINGS_QUERY_PREFIX", "search_query: ", "EMBEDDINGS_DOCUMENT_PREFIX", "search_document: "))
	require.NoError(t, err)
	require.Empty(t, cfg.Warnings)
	require.Equal(t, "search_query: ", cfg.EmbeddingsQueryPrefix, "the space at its end is part of it")
	require.Equal(t, "search_document: ", cfg.EmbeddingsDocumentPrefix)
}

func TestEmbeddingsViolationsAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	got := violations(t, RoleServer, with(guide, "EMBEDDINGS_PROVIDER", "openai",
		"EMBEDDINGS_DIMENSIONS", "3", "EMBEDDINGS_BATCH_TOKENS", "1", "EMBEDDINGS_BATCH_INPUTS", "0",
		"EMBEDDINGS_REQUESTS_PER_MINUTE", "-1", "EMBEDDINGS_TOKENS_PER_MINUTE", "10", "EMBEDDINGS_TIMEOUT", "1ms",
		"EMBEDDINGS_QUERY_TIMEOUT", "5m", "EMBEDDINGS_QUERY_PREFIX", strings.Repeat("x", 2000)))
	require.Equal(t, []string{
		`EMBEDDINGS_API_KEY: it is not set, and OpenAI answers nobody without one`,
		`EMBEDDINGS_MODEL: it is not set`,
		`EMBEDDINGS_DIMENSIONS: 3 is out of range`,
		`EMBEDDINGS_BATCH_TOKENS: 1 is out of range`,
		`EMBEDDINGS_BATCH_INPUTS: 0 is out of range`,
		`EMBEDDINGS_REQUESTS_PER_MINUTE: -1 is out of range`,
		`EMBEDDINGS_TOKENS_PER_MINUTE: 10 is out of range`,
		`EMBEDDINGS_TIMEOUT: 1ms is out of range`,
		`EMBEDDINGS_QUERY_TIMEOUT: 5m0s is out of range`,
		`EMBEDDINGS_QUERY_PREFIX: it has 2000 bytes`,
	}, got)
}

func TestEmbeddingsBaseURL(t *testing.T) {
	t.Parallel()
	const canary = "canary-4711"
	for address, problem := range map[string]string{
		"http://api.openai.com/v1":                 "the key would be sent to OpenAI without TLS",
		"https://host/v1/embeddings/":              "it ends in /embeddings, which is added to it",
		"https://user:" + canary + "@host/v1":      "it has a user name or a password in it",
		"https://user:" + canary + "%zz@host:p/v1": "it is not a readable address",
		"ftp://user:" + canary + "@host":           `"ftp://user:[redacted]@host" is not an http address`,
		"localhost:11434":                          `"localhost:11434" is not an http address`,
		"https://host/v1#x":                        "it has a # in it",
	} {
		got := violations(t, RoleServer, with(guide, "EMBEDDINGS_PROVIDER", "openai", "EMBEDDINGS_MODEL", "m",
			"EMBEDDINGS_API_KEY", "k", "EMBEDDINGS_BASE_URL", address))
		require.Equal(t, []string{"EMBEDDINGS_BASE_URL: " + problem}, got)
		require.Empty(t, violations(t, RoleServer, with(guide, "EMBEDDINGS_BASE_URL", address)), "only openai uses it")
	}
	got := violations(t, RoleServer, with(guide, "EMBEDDINGS_PROVIDER", "openai", "EMBEDDINGS_MODEL", "my model",
		"EMBEDDINGS_API_KEY", "Bearer "+canary))
	require.Equal(t, []string{"EMBEDDINGS_API_KEY: it has spaces or line breaks in it", "EMBEDDINGS_MODEL: it is not the name of a model"}, got)
}
