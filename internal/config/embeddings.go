package config

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// spacesCount names the variables whose spaces at the ends are part of the value.
var spacesCount = map[string]bool{"EMBEDDINGS_DOCUMENT_PREFIX": true, "EMBEDDINGS_QUERY_PREFIX": true}

const (
	openAIHost = "api.openai.com"
	// maxPrefixBytes bounds a prefix, which is paid for with every text.
	maxPrefixBytes = 1024
)

// embeddings checks the numbers in any case and what the provider openai needs
// only where it is chosen.
func (k *checker) embeddings() {
	c := k.cfg
	switch c.EmbeddingsProvider {
	case EmbeddingsNone, EmbeddingsBuiltin:
	case EmbeddingsOpenAI:
		k.embeddingsServer()
	default:
		k.add("EMBEDDINGS_PROVIDER", fmt.Sprintf("there is no provider %q", c.EmbeddingsProvider), "use builtin, openai or none")
	}
	if c.EmbeddingsDimensions != 0 {
		k.inRange("EMBEDDINGS_DIMENSIONS", c.EmbeddingsDimensions, 8, 8192)
	}
	k.inRange("EMBEDDINGS_BATCH_TOKENS", c.EmbeddingsBatchTokens, 256, 1_000_000)
	k.inRange("EMBEDDINGS_BATCH_INPUTS", c.EmbeddingsBatchInputs, 1, 2048)
	k.inRange("EMBEDDINGS_REQUESTS_PER_MINUTE", c.EmbeddingsRequestsPerMinute, 0, 1_000_000)
	if c.EmbeddingsTokensPerMinute != 0 {
		k.inRange("EMBEDDINGS_TOKENS_PER_MINUTE", c.EmbeddingsTokensPerMinute, 1000, 1_000_000_000)
	}
	k.between("EMBEDDINGS_TIMEOUT", c.EmbeddingsTimeout, time.Second, 10*time.Minute)
	k.between("EMBEDDINGS_QUERY_TIMEOUT", c.EmbeddingsQueryTimeout, 50*time.Millisecond, 30*time.Second)
	k.prefix("EMBEDDINGS_DOCUMENT_PREFIX", c.EmbeddingsDocumentPrefix)
	k.prefix("EMBEDDINGS_QUERY_PREFIX", c.EmbeddingsQueryPrefix)
}

func (k *checker) embeddingsServer() {
	c := k.cfg
	const fix = "write https://host/v1, or http://host:port/v1 for a server of your own"
	u, err := url.Parse(c.EmbeddingsBaseURL.Reveal())
	switch {
	case err != nil:
		// url.Parse quotes the address in its error, password included.
		k.add("EMBEDDINGS_BASE_URL", "it is not a readable address", fix)
	case (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		k.add("EMBEDDINGS_BASE_URL", fmt.Sprintf("%q is not an http address", c.EmbeddingsBaseURL), fix)
	case u.User != nil:
		k.add("EMBEDDINGS_BASE_URL", "it has a user name or a password in it", "put the key into EMBEDDINGS_API_KEY")
	case u.Fragment != "":
		k.add("EMBEDDINGS_BASE_URL", "it has a # in it", fix)
	case strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), "/embeddings"):
		k.add("EMBEDDINGS_BASE_URL", "it ends in /embeddings, which is added to it", "write it without /embeddings")
	case u.Hostname() == openAIHost && u.Scheme != "https":
		k.add("EMBEDDINGS_BASE_URL", "the key would be sent to OpenAI without TLS", "write https://api.openai.com/v1")
	case u.Hostname() == openAIHost && c.EmbeddingsAPIKey == "":
		k.add("EMBEDDINGS_API_KEY", "it is not set, and OpenAI answers nobody without one", "set the key, or EMBEDDINGS_BASE_URL to a server of your own")
	}
	if strings.ContainsAny(c.EmbeddingsAPIKey.Reveal(), " \t\r\n") {
		k.add("EMBEDDINGS_API_KEY", "it has spaces or line breaks in it", "write the key alone, without Bearer before it")
	}
	if c.EmbeddingsModel == "" {
		k.add("EMBEDDINGS_MODEL", "it is not set", "write the name of the model as the server knows it, for example text-embedding-3-small")
	}
	if len(c.EmbeddingsModel) > 200 || strings.ContainsAny(c.EmbeddingsModel, " \t\r\n") {
		k.add("EMBEDDINGS_MODEL", "it is not the name of a model", "write at most 200 bytes without spaces")
	}
}

func (k *checker) prefix(variable, prefix string) {
	if len(prefix) > maxPrefixBytes {
		k.add(variable, fmt.Sprintf("it has %d bytes", len(prefix)), fmt.Sprintf("use at most %d", maxPrefixBytes))
	}
}
