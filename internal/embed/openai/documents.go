package openai

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/sethvargo/go-retry"
)

const (
	// lookupRows bounds one statement of the cache.
	lookupRows = 1000
	// storeTime is for storing an answer that is paid for, also after its caller
	// was cancelled.
	storeTime    = 10 * time.Second
	storeRetries = 5
)

// Cache keeps vectors that were paid for; *store.Store is one.
type Cache interface {
	EmbeddingCacheGet(ctx context.Context, tenant uuid.UUID, model string, hashes [][]byte) (map[string][]byte, error)
	EmbeddingCachePutMany(ctx context.Context, tenant uuid.UUID, model string, hashes, vectors [][]byte) error
}

// EmbedDocuments implements embed.Embedder. A text that is blank, or that the
// model refuses in every length, or of which it answers a zero vector, has nil.
//
// What the cache has is not asked for, equal texts are asked for once, and each
// answer is in the cache before the next request: after an error or a kill the
// same call goes on where this one was. The error is an *Error (see Transient),
// the cache's, or that of a caller who is gone.
func (m *Model) EmbedDocuments(ctx context.Context, texts []string) ([][]float32, error) {
	batch := m.newBatch(texts)
	if err := batch.lookUp(ctx); err != nil {
		return nil, err
	}
	for _, group := range m.plan(batch.missing()) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		err := m.embed(ctx, group, func(texts []string, answers []answer) error { return batch.save(ctx, texts, answers) })
		if err != nil {
			return nil, exported(err)
		}
	}
	return batch.vectors(), nil
}

// documents is one call of EmbedDocuments.
type documents struct {
	model *Model
	key   string
	texts []string
	order []string             // the different texts, in order
	known map[string][]float32 // by text; nil is an answer, too
	hash  map[string][]byte
}

func (m *Model) newBatch(texts []string) *documents {
	d := &documents{
		model: m, key: m.spec.cacheKey(m.dims), texts: texts,
		known: make(map[string][]float32, len(texts)), hash: make(map[string][]byte, len(texts)),
	}
	for _, t := range texts {
		if d.hash[t] != nil {
			continue
		}
		sum := sha256.Sum256([]byte(t))
		d.hash[t] = sum[:]
		if strings.TrimSpace(t) == "" {
			d.known[t] = nil // servers refuse it
			continue
		}
		d.order = append(d.order, t)
	}
	return d
}

func (d *documents) lookUp(ctx context.Context) error {
	if d.model.cache == nil {
		return nil
	}
	for from := 0; from < len(d.order); from += lookupRows {
		texts := d.order[from:min(from+lookupRows, len(d.order))]
		found, err := d.model.cache.EmbeddingCacheGet(ctx, d.model.tenant, d.key, d.hashes(texts))
		if err != nil {
			return fmt.Errorf("look up cached vectors: %w", err)
		}
		for _, t := range texts {
			data, ok := found[string(d.hash[t])]
			if !ok {
				continue
			}
			if v, ok := stored(data, d.model.dims); ok {
				d.known[t] = v
				d.model.client.counts.cacheHits.Add(1)
			}
		}
	}
	return nil
}

func (d *documents) hashes(texts []string) [][]byte {
	out := make([][]byte, len(texts))
	for i, t := range texts {
		out[i] = d.hash[t]
	}
	return out
}

func (d *documents) missing() []string {
	var out []string
	for _, t := range d.order {
		if _, ok := d.known[t]; !ok {
			out = append(out, t)
		}
	}
	return out
}

// plan groups texts into requests: at most BatchInputs each, and BatchTokens
// unless one text alone has more.
func (m *Model) plan(texts []string) (groups [][]string) {
	o := &m.client.o
	limit := m.client.budget.batchTokens(o.BatchTokens)
	from, tokens := 0, 0
	for i, t := range texts {
		n := tokensOf(m.spec.DocumentPrefix + t)
		if i > from && (i-from >= o.BatchInputs || tokens+n > limit) {
			groups = append(groups, texts[from:i])
			from, tokens = i, 0
		}
		tokens += n
	}
	if from < len(texts) {
		groups = append(groups, texts[from:])
	}
	return groups
}

// save stores an answer, and only then uses it.
func (d *documents) save(ctx context.Context, texts []string, answers []answer) error {
	keep := make([]string, 0, len(texts))
	vectors := make([][]byte, 0, len(texts))
	for i, a := range answers {
		data := encode(a.vector)
		if a.vector == nil {
			d.model.client.counts.refused.Add(1)
		}
		if a.final {
			keep, vectors = append(keep, texts[i]), append(vectors, data)
		}
		d.known[texts[i]], _ = stored(data, d.model.dims)
	}
	if d.model.cache == nil || len(keep) == 0 {
		return nil
	}
	// The caller may be gone; the money is spent.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer cancel()
	backoff := retry.WithMaxRetries(storeRetries, retry.NewExponential(50*time.Millisecond))
	err := retry.Do(ctx, backoff, func(ctx context.Context) error {
		return retry.RetryableError(d.model.cache.EmbeddingCachePutMany(ctx, d.model.tenant, d.key, d.hashes(keep), vectors))
	})
	if err != nil {
		return fmt.Errorf("store vectors: %w", err)
	}
	return nil
}

func (d *documents) vectors() [][]float32 {
	out := make([][]float32, len(d.texts))
	for i, t := range d.texts {
		out[i] = d.known[t]
	}
	return out
}

func tooLarge(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == codeInputTooLarge
}
