package evaluation

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rustassistant/rustassistant/internal/apiclient"
	"github.com/rustassistant/rustassistant/internal/domain"
)

const (
	// DefaultWait bounds the wait for vectors: time for the sweep that starts a due training, every minute, and for the training.
	DefaultWait = 3 * time.Minute
	vectorsPoll = time.Second
)

// embeddingsActive is the state of a tenant whose model answers and is not about to be replaced.
const embeddingsActive = "active"

// needVectors reports whether one of the types compares vectors.
func needVectors(types []string) bool {
	return slices.ContainsFunc(types, func(kind string) bool { return kind != "keyword" })
}

// awaitVectors returns when the tenant's model has seen every passage. Otherwise it says why it has not: there will be
// none, or it is not ready in time. That is no error, since the answers say what they were made of.
func awaitVectors(ctx context.Context, o Options) (missing string, err error) {
	deadline := time.Now().Add(o.Wait)
	for {
		state, err := o.Client.Embeddings(ctx)
		switch {
		case apiclient.IsForbidden(err):
			return "the key has no scope admin, so nobody looked whether there are vectors", nil
		case apiclient.IsNotFound(err):
			return "the server has no embeddings", nil
		case err != nil:
			return "", fmt.Errorf("ask for the embeddings: %w", err)
		}
		ready, doing, hopeless := vectorsReady(&state)
		if ready {
			return "", nil
		}
		if hopeless {
			return doing, nil
		}
		if o.Waits != nil {
			o.Waits(doing)
		}
		if time.Now().After(deadline) {
			return fmt.Sprintf("not ready after %s: %s", o.Wait, doing), nil
		}
		select {
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case <-time.After(min(o.poll(), max(time.Until(deadline), time.Millisecond))):
		}
	}
}

func (o *Options) poll() time.Duration {
	if o.Poll > 0 {
		return o.Poll
	}
	return vectorsPoll
}

// vectorsReady says what there is to wait for, and whether waiting is hopeless.
func vectorsReady(e *apiclient.Embeddings) (ready bool, doing string, hopeless bool) {
	c := e.Coverage
	switch e.State {
	case embeddingsActive:
		if due := trainingDue(e); due != "" {
			return false, "another training is due: " + due, false
		}
		return c.WithVectors >= c.Chunks, fmt.Sprintf("%d of %d passages have vectors", c.WithVectors, c.Chunks), false
	case "not_configured", "failed":
		return false, e.Reason, true
	case "cold":
		return false, e.Reason, c.Chunks < int64(e.Minimum)
	}
	if t := e.Target; t != nil && t.Total > 0 {
		return false, fmt.Sprintf("%s: %s, %d of %d", e.State, t.Stage, t.Done, t.Total), false
	}
	return false, e.State + ": " + e.Reason, false
}

// trainingDue says why the model that answers will be replaced within a minute, by the rules that the server goes by. A
// training that began during the import knows only what was there then.
func trainingDue(e *apiclient.Embeddings) string {
	m := e.Model
	if m == nil || m.CorpusChunks == 0 || e.LastFailure != nil || m.Provider != domain.ProviderBuiltin {
		return ""
	}
	active := domain.EmbeddingModel{State: domain.ModelActive, CorpusChunks: m.CorpusChunks, ActivatedAt: m.ActivatedAt}
	return domain.EmbeddingNeed(domain.EmbeddingWant{Provider: m.Provider}, domain.Corpus{Chunks: e.Coverage.Chunks},
		[]domain.EmbeddingModel{active}, time.Now())
}
