package domain

import (
	"fmt"
	"time"
)

// When a model is made again. A model of half the corpus still serves: new
// chunks are folded in, only words that it has never seen mean nothing to it.
const (
	growthNumerator   = 3
	growthDenominator = 2
	// retryAfterFailure is how long a model that failed is not tried again by itself.
	retryAfterFailure = 10 * time.Minute
	// changePause is how long a model serves at least before a changed, not grown,
	// corpus replaces it.
	changePause = 10 * time.Minute
	// targetStale is after how long without a sign of life the work on a model is
	// started again. A workflow that is running takes no notice of that.
	targetStale = 2 * time.Minute
)

// Corpus is the size of what a tenant's models are for.
type Corpus struct {
	// Chunks are live now, Written is the count of all that were ever committed.
	Chunks, Written int64
	// Quiet is how long ago the index changed.
	Quiet time.Duration
}

// EmbeddingWant is what the configuration asks for; no provider is "" .
type EmbeddingWant struct {
	Provider, Identity string
}

// EmbeddingNeed says why a tenant needs another model: in words that are shown,
// empty when it needs none.
func EmbeddingNeed(want EmbeddingWant, corpus Corpus, models []EmbeddingModel, now time.Time) string {
	var active, failed, rolledBack *EmbeddingModel
	for n := range models {
		switch m := &models[n]; {
		case m.IsTarget():
			if now.Sub(m.TouchedAt) < targetStale {
				return ""
			}
			return "the work on it stood still"
		case m.State == ModelActive:
			active = m
		case m.State == ModelFailed:
			failed = m
		case m.RolledBackAt != nil:
			rolledBack = m
		}
	}
	reason := embeddingReason(want, corpus, active, now)
	if reason == "" || rolledBack != nil && !outdated(want, active) && !changedSince(want, corpus, rolledBack) {
		return ""
	}
	if failed != nil && !changedSince(want, corpus, failed) {
		if failed.ErrorCode == ModelCanceled || failed.FailedAt == nil || now.Sub(*failed.FailedAt) < retryAfterFailure {
			return ""
		}
	}
	return reason
}

// ModelCanceled is the error code of a model that somebody has stopped: it is
// not tried again by itself.
const ModelCanceled = "canceled"

func embeddingReason(want EmbeddingWant, corpus Corpus, active *EmbeddingModel, now time.Time) string {
	learnt := want.Provider == ProviderBuiltin
	switch {
	case want.Provider == "", corpus.Chunks == 0, learnt && corpus.Chunks < MinEmbeddingChunks:
		return ""
	case active == nil:
		return "the tenant has no embedding model yet"
	case outdated(want, active):
		return "the embedding model was made by another release, which this one cannot read"
	case active.Identity != want.Identity:
		return "the configuration names another embedding model"
	case !learnt:
		return ""
	case grown(corpus.Chunks, active.CorpusChunks):
		return fmt.Sprintf("the tenant has grown from %d to %d passages", active.CorpusChunks, corpus.Chunks)
	case active.ActivatedAt != nil && now.Sub(*active.ActivatedAt) < changePause:
		return ""
	case grown(active.CorpusChunks, corpus.Chunks):
		return fmt.Sprintf("the tenant has shrunk from %d to %d passages", active.CorpusChunks, corpus.Chunks)
	case grown(corpus.Written-active.CorpusWritten, active.CorpusChunks):
		return fmt.Sprintf("%d passages were written since", corpus.Written-active.CorpusWritten)
	default:
		return ""
	}
}

// outdated says whether the active model is a builtin one of another format, or of
// other rules of text analysis: nobody can open it, so it is no choice to stay with.
func outdated(want EmbeddingWant, active *EmbeddingModel) bool {
	return active != nil && want.Provider == ProviderBuiltin && active.Provider == ProviderBuiltin && active.Identity != want.Identity
}

// grown says whether now is at least half more than before.
func grown(now, before int64) bool {
	return now*growthDenominator >= before*growthNumerator
}

// changedSince says whether there is news since a model was given up.
func changedSince(want EmbeddingWant, corpus Corpus, m *EmbeddingModel) bool {
	return m.Identity != want.Identity || want.Provider == ProviderBuiltin && grown(corpus.Chunks, m.CorpusChunks)
}
