package api

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/cache"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/search"
)

// statsRoutes are the rows of the route table about figures that every key of a
// tenant may see.
func (s *Server) statsRoutes() []route {
	return []route{{
		method: http.MethodGet, path: "/api/stats", id: "getStats", scope: scopeSignedIn, tag: tagSearch, summary: "Figures",
		description: "Documents, chunks and indexing are of the tenant. Search and cache are of the process that answers, since its start. " +
			"Needs the scope search or documents:read.",
		endpoint: typed[struct{}, statsOutput](s.getStats),
	}}
}

type statsOutput struct{ Body TenantStats }

// TenantStats is the answer of GET /api/stats.
type TenantStats struct {
	Documents DocumentStats `json:"documents"`
	Chunks    ChunkStats    `json:"chunks"`
	Index     IndexStats    `json:"index"`
	Indexing  IndexingStats `json:"indexing"`
	// Embeddings is where semantic search stands.
	Embeddings EmbeddingStats `json:"embeddings"`
	Search     search.Stats   `json:"search"`
	Cache      cache.Stats    `json:"cache"`
}

// DocumentStats counts documents.
type DocumentStats struct {
	Total      int64 `json:"total" doc:"Stored."`
	Searchable int64 `json:"searchable" doc:"With a version in the index."`
	Pending    int64 `json:"pending" doc:"Whose newest version waits for the index."`
	Failed     int64 `json:"failed" doc:"Whose newest version could not be indexed."`
}

// ChunkStats counts passages.
type ChunkStats struct {
	Total int64 `json:"total" doc:"In the index."`
}

// IndexStats is about the committed index.
type IndexStats struct {
	Generation uint64 `json:"generation" doc:"Number of the newest commit."`
	Segments   int    `json:"segments"`
	Bytes      int64  `json:"bytes"`
}

// IndexingStats counts jobs: unfinished ones, and those that ended within 24 hours.
type IndexingStats struct {
	Queued              int64 `json:"queued"`
	Running             int64 `json:"running"`
	Completed           int64 `json:"completed_24h"`
	CompletedWithErrors int64 `json:"completed_with_errors_24h"`
	Failed              int64 `json:"failed_24h"`
	Canceled            int64 `json:"canceled_24h"`
}

func (s *Server) getStats(ctx context.Context, _ *struct{}) (*statsOutput, error) {
	principal := auth.FromContext(ctx)
	if !principal.Can(auth.ScopeSearch) && !principal.Can(auth.ScopeDocumentsRead) {
		return nil, domain.Errorf(domain.CodePermissionDenied, "the key needs the scope search or documents:read")
	}
	stats, err := s.tenantStats(ctx, principal.TenantID)
	if err != nil {
		return nil, err
	}
	return &statsOutput{Body: stats}, nil
}

// tenantStats asks the store about the tenant and the process about itself.
func (s *Server) tenantStats(ctx context.Context, tenant uuid.UUID) (TenantStats, error) {
	stored, err := s.deps.Store.TenantStats(ctx, tenant)
	if err != nil {
		return TenantStats{}, err
	}
	embeddings, err := s.embeddingStats(ctx, tenant)
	if err != nil {
		return TenantStats{}, err
	}
	searches := s.deps.Search.Stats()
	return TenantStats{
		Documents: DocumentStats{
			Total: stored.Documents, Searchable: stored.Searchable, Pending: stored.Pending, Failed: stored.Failed,
		},
		Chunks: ChunkStats{Total: stored.Chunks},
		Index:  IndexStats{Generation: stored.Generation, Segments: stored.Segments, Bytes: stored.IndexBytes},
		Indexing: IndexingStats{
			Queued: stored.Jobs[domain.JobQueued], Running: stored.Jobs[domain.JobRunning],
			Completed: stored.Jobs[domain.JobCompleted], CompletedWithErrors: stored.Jobs[domain.JobCompletedWithErrors],
			Failed: stored.Jobs[domain.JobFailed], Canceled: stored.Jobs[domain.JobCanceled],
		},
		Embeddings: embeddings, Search: searches, Cache: searches.Cache,
	}, nil
}
