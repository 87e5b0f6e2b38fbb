package api

import (
	"net/http"

	"github.com/rustassistant/rustassistant/internal/auth"
)

const tagEmbeddings = "Embeddings"

// embeddingRoutes are the rows about the models behind semantic search.
func (s *Server) embeddingRoutes() []route {
	return []route{
		{
			method: http.MethodGet, path: "/api/admin/embeddings", id: "getEmbeddings", scope: auth.ScopeAdmin,
			tag: tagEmbeddings, summary: "Where semantic search stands", description: "The model that answers, the one that is being made with its progress, and what to do.",
			endpoint: typed[struct{}, embeddingsOutput](s.getEmbeddings),
		},
		{
			method: http.MethodPost, path: "/api/admin/embeddings/train", id: "trainEmbeddings", scope: auth.ScopeAdmin,
			tag: tagEmbeddings, status: http.StatusAccepted, errors: []int{http.StatusConflict, http.StatusServiceUnavailable}, summary: "Make a model now",
			description: "Learns the configured model anew, or asks its provider again, embeds every passage, and then changes all searches over. Until then nothing changes.",
			endpoint:    typed[struct{}, embeddingsOutput](s.trainEmbeddings),
		},
		{
			method: http.MethodPost, path: "/api/admin/embeddings/rollback", id: "rollBackEmbeddings", scope: auth.ScopeAdmin,
			tag: tagEmbeddings, errors: []int{http.StatusConflict}, summary: "Go back to the former model",
			description: "At once. Passages that came since get their vectors within moments.",
			endpoint:    typed[struct{}, embeddingsOutput](s.rollBackEmbeddings),
		},
		{
			method: http.MethodPost, path: "/api/admin/embeddings/cancel", id: "cancelEmbeddings", scope: auth.ScopeAdmin,
			tag: tagEmbeddings, errors: []int{http.StatusConflict}, summary: "Give up the model that is being made",
			description: "The one that answers goes on answering. Nothing starts it again until the tenant has grown by half or the configuration changes.",
			endpoint:    typed[struct{}, embeddingsOutput](s.cancelEmbeddings),
		},
	}
}
