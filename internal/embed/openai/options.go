package openai

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"time"

	"github.com/rustassistant/rustassistant/internal/config"
)

// Options of a Client. What is zero takes the default of the configuration.
type Options struct {
	// BaseURL is the address that /embeddings is added to; a query is kept.
	BaseURL string
	// APIKey is sent as a bearer token; "" sends none.
	APIKey config.Secret
	// Spec is the model that the configuration names.
	Spec Spec
	// BatchInputs and BatchTokens bound one request: texts, and about tokens.
	BatchInputs, BatchTokens int
	// RequestsPerMinute and TokensPerMinute bound this process; 0 is no bound.
	RequestsPerMinute, TokensPerMinute int
	// Timeout is for a request of documents, QueryTimeout for one of a query:
	// lookup, dial, TLS, head and body together.
	Timeout, QueryTimeout time.Duration
	// TLS is for tests; nil trusts the system's certificates.
	TLS *tls.Config
	// Logger defaults to slog.Default.
	Logger *slog.Logger
}

// FromConfig returns the options that the configuration asks for.
func FromConfig(c *config.Config, logger *slog.Logger) Options {
	return Options{
		BaseURL: c.EmbeddingsBaseURL.Reveal(), APIKey: c.EmbeddingsAPIKey,
		Spec: Spec{
			Model: c.EmbeddingsModel, Dimensions: c.EmbeddingsDimensions,
			DocumentPrefix: c.EmbeddingsDocumentPrefix, QueryPrefix: c.EmbeddingsQueryPrefix,
		},
		BatchInputs: c.EmbeddingsBatchInputs, BatchTokens: c.EmbeddingsBatchTokens,
		RequestsPerMinute: c.EmbeddingsRequestsPerMinute, TokensPerMinute: c.EmbeddingsTokensPerMinute,
		Timeout: c.EmbeddingsTimeout, QueryTimeout: c.EmbeddingsQueryTimeout, Logger: logger,
	}
}

func (o *Options) setDefaults() {
	if o.BatchInputs <= 0 {
		o.BatchInputs = 32
	}
	if o.BatchTokens <= 0 {
		o.BatchTokens = 16384
	}
	if o.Timeout <= 0 {
		o.Timeout = time.Minute
	}
	if o.QueryTimeout <= 0 {
		o.QueryTimeout = 2 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
}

// Spec names a model and how it is asked.
type Spec struct {
	Model string
	// Dimensions are asked for; 0 takes what the model gives.
	Dimensions                  int
	DocumentPrefix, QueryPrefix string
}

// Identity is the spec as text, for people and for comparison: the model's name,
// and as a query what else there is. ParseSpec reads it back, so that a model
// that is no longer the configured one can still be asked.
//
// The server's address is no part of it: a model that moves to another address
// stays the same model.
func (s Spec) Identity() string {
	q := url.Values{}
	if s.Dimensions > 0 {
		q.Set("dimensions", strconv.Itoa(s.Dimensions))
	}
	if s.DocumentPrefix != "" {
		q.Set("document_prefix", s.DocumentPrefix)
	}
	if s.QueryPrefix != "" {
		q.Set("query_prefix", s.QueryPrefix)
	}
	if len(q) == 0 {
		return s.Model
	}
	return s.Model + "?" + q.Encode()
}

// ParseSpec reads an Identity.
func ParseSpec(identity string) (Spec, error) {
	name, query := identity, ""
	for i := len(identity) - 1; i >= 0; i-- {
		if identity[i] == '?' { // a query has none: it is escaped there
			name, query = identity[:i], identity[i+1:]
			break
		}
	}
	q, err := url.ParseQuery(query)
	if err != nil || name == "" {
		return Spec{}, fmt.Errorf("%q is not the identity of a model", identity)
	}
	s := Spec{Model: name, DocumentPrefix: q.Get("document_prefix"), QueryPrefix: q.Get("query_prefix")}
	if d := q.Get("dimensions"); d != "" {
		if s.Dimensions, err = strconv.Atoi(d); err != nil || s.Dimensions <= 0 {
			return Spec{}, fmt.Errorf("%q is not the identity of a model", identity)
		}
	}
	if s.Identity() != identity {
		return Spec{}, fmt.Errorf("%q is not the identity of a model", identity)
	}
	return s, nil
}

// cacheKey names what vectors of documents depend on: all but the query prefix.
func (s Spec) cacheKey(dims int) string {
	key := s.Model + "#" + strconv.Itoa(dims)
	if s.DocumentPrefix != "" {
		sum := sha256.Sum256([]byte(s.DocumentPrefix))
		key += "#" + hex.EncodeToString(sum[:8])
	}
	return key
}
