package openai

import (
	"context"

	"github.com/google/uuid"
	"github.com/sony/gobreaker/v2"
)

// Model is one model of the server, as an embed.Embedder.
type Model struct {
	client  *Client
	spec    Spec
	dims    int
	cache   Cache
	tenant  uuid.UUID
	breaker *gobreaker.CircuitBreaker[answer]
}

// Model returns a model whose dimensions are known: from Probe, or from where
// its vectors are kept. Vectors with others are refused (CodeWrongDims). It
// caches no vectors of documents: see Cached.
func (c *Client) Model(s Spec, dims int) *Model {
	return &Model{client: c, spec: s, dims: dims, breaker: c.breaker(s.Identity())}
}

// Cached returns the model with a tenant's cache.
func (m *Model) Cached(cache Cache, tenant uuid.UUID) *Model {
	cached := *m
	cached.cache, cached.tenant = cache, tenant
	return &cached
}

// Spec returns how the model is asked.
func (m *Model) Spec() Spec { return m.spec }

// Dimensions implements embed.Embedder.
func (m *Model) Dimensions() int { return m.dims }

// Close does nothing: the connections are the client's.
func (m *Model) Close() error { return nil }

// trimSteps is how often a text that is too long is halved before it is given up.
const trimSteps = 6

// embed asks for the vectors of texts, which carry no prefix yet, in one request
// where the server takes it, and hands each answer to save at once. A batch that is too large
// is split; a text that is too long alone is embedded by its beginning.
func (m *Model) embed(ctx context.Context, texts []string, save func(texts []string, answers []answer) error) error {
	answers, err := m.ask(ctx, texts)
	switch {
	case err == nil:
		return save(texts, answers)
	case !tooLarge(err):
		return err
	case len(texts) > 1:
		half := len(texts) / 2
		if err := m.embed(ctx, texts[:half], save); err != nil {
			return err
		}
		return m.embed(ctx, texts[half:], save)
	}
	a, err := m.trimmed(ctx, texts[0])
	if err != nil {
		return err
	}
	return save(texts, []answer{a})
}

// trimmed asks for less and less of a text's beginning.
func (m *Model) trimmed(ctx context.Context, text string) (answer, error) {
	for range trimSteps {
		text = firstHalf(text)
		if text == "" {
			break
		}
		answers, err := m.ask(ctx, []string{text})
		if err == nil {
			m.client.counts.trimmed.Add(1)
			m.client.o.Logger.WarnContext(ctx, "a text was too long for the embedding model: it is found by its beginning only")
			return answers[0], nil
		}
		if !tooLarge(err) {
			return answer{}, err
		}
	}
	m.client.o.Logger.WarnContext(ctx, "a text was too long for the embedding model in every part: it gets no vector")
	return answer{final: true}, nil
}

// ask makes one request within the budget. Once sent it outlives its caller for
// a while: see linger.
func (m *Model) ask(ctx context.Context, texts []string) ([]answer, error) {
	inputs := make([]string, len(texts))
	for i, t := range texts {
		inputs[i] = m.spec.DocumentPrefix + t
	}
	if err := m.client.budget.waitForDocuments(ctx, tokensOf(inputs...)); err != nil {
		return nil, err
	}
	sent, cancel := linger(ctx, m.client.o.Timeout)
	defer cancel()
	answers, err := m.client.send(sent, m.spec, inputs, m.dims)
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return answers, err
}

// firstHalf cuts a text in the middle, between two characters.
func firstHalf(s string) string {
	n := len(s) / 2
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}
