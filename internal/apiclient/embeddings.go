package apiclient

import (
	"context"
	"net/http"
	"time"
)

// Embeddings is where a tenant's semantic search stands.
type Embeddings struct {
	State      string `json:"state"`
	Reason     string `json:"reason"`
	Configured struct {
		Provider string `json:"provider"`
		Model    string `json:"model"`
	} `json:"configured"`
	Model       *EmbeddingModel  `json:"model"`
	Previous    *EmbeddingModel  `json:"previous"`
	Target      *EmbeddingTarget `json:"target"`
	LastFailure *struct {
		Model  string     `json:"model"`
		Code   string     `json:"code"`
		Reason string     `json:"reason"`
		At     *time.Time `json:"at"`
	} `json:"last_failure"`
	Coverage struct {
		Chunks      int64 `json:"chunks"`
		WithVectors int64 `json:"with_vectors"`
	} `json:"coverage"`
	Minimum     int    `json:"minimum"`
	WorkflowURL string `json:"workflow_url"`
}

// EmbeddingModel is a model that is or was in use.
type EmbeddingModel struct {
	ID            string     `json:"id"`
	Name          string     `json:"name"`
	Provider      string     `json:"provider"`
	Dimensions    int        `json:"dimensions"`
	TrainedChunks int64      `json:"trained_chunks"`
	CorpusChunks  int64      `json:"corpus_chunks"` // live when it was made
	ActivatedAt   *time.Time `json:"activated_at"`
}

// EmbeddingTarget is a model that is being made.
type EmbeddingTarget struct {
	EmbeddingModel
	Stage   string `json:"stage"`
	Done    int64  `json:"done"`
	Total   int64  `json:"total"`
	Waiting string `json:"waiting"`
}

// Embeddings asks where semantic search stands.
func (c *Client) Embeddings(ctx context.Context) (out Embeddings, err error) {
	err = c.get(ctx, "/api/admin/embeddings", nil, &out)
	return out, err
}

// ChangeEmbeddings does train, rollback or cancel and answers with what is then.
func (c *Client) ChangeEmbeddings(ctx context.Context, action string) (out Embeddings, err error) {
	_, err = c.do(ctx, &call{method: http.MethodPost, path: "/api/admin/embeddings/" + action, timeout: time.Minute}, &out)
	return out, err
}
