package domain

import (
	"time"

	"github.com/google/uuid"
)

// The providers of embedding models.
const (
	ProviderBuiltin = "builtin"
	ProviderOpenAI  = "openai"
)

// MinEmbeddingChunks is how many passages a tenant needs before a model can be
// learnt from them.
const MinEmbeddingChunks = 500

// EmbeddingModelState says what a model is used for.
//
//	training ──► ready ──► active ◄──► retired
//	    └──────────┴──► failed
type EmbeddingModelState string

// The states of a model.
const (
	// ModelTraining is being learnt, or its provider is asked what it can do.
	ModelTraining EmbeddingModelState = "training"
	// ModelReady makes vectors of everything while another one answers.
	ModelReady EmbeddingModelState = "ready"
	// ModelActive answers searches.
	ModelActive EmbeddingModelState = "active"
	// ModelRetired was active before and can be again.
	ModelRetired EmbeddingModelState = "retired"
	// ModelFailed never became active; its error says why.
	ModelFailed EmbeddingModelState = "failed"
)

// EmbeddingModel makes the vectors of one tenant.
type EmbeddingModel struct {
	ID       uuid.UUID
	Provider string
	// Name is for people, Identity the same for models whose vectors may be compared.
	Name, Identity string
	Dimensions     int
	State          EmbeddingModelState
	// Bytes and Checksum are of the stored file, 0 and nil without one.
	Bytes    int64
	Checksum []byte
	// TrainedChunks were looked at when the tenant had CorpusChunks, and had
	// written CorpusWritten since it began.
	TrainedChunks, CorpusChunks, CorpusWritten int64
	// Reason is why it was made.
	Reason string
	// Stage, Done and Total are where the work on it is.
	Stage       string
	Done, Total int64
	// Waiting is what the work waits for since WaitingSince.
	Waiting      string
	WaitingSince *time.Time
	// ErrorCode and Error say why it failed, or why the active model cannot make
	// vectors of new chunks.
	ErrorCode, Error       string
	FailedAt               *time.Time
	CreatedAt, TouchedAt   time.Time
	ActivatedAt, RetiredAt *time.Time
	RolledBackAt           *time.Time
}

// IsTarget says whether the model is on its way to be active.
func (m *EmbeddingModel) IsTarget() bool {
	return m.State == ModelTraining || m.State == ModelReady
}
