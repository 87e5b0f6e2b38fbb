package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/rustassistant/rustassistant/internal/auth"
)

// The groups of operations in the docs, in their order.
const (
	tagDocuments = "Documents"
	tagIndexing  = "Indexing"
	tagAdmin     = "Administration"
	tagSession   = "Session"
	tagSystem    = "System"
)

// routeTable is the one table of operations. A row without a scope fails a test.
func (s *Server) routeTable() []route {
	tables := [][]route{s.searchRoutes(), s.documentRoutes(), s.indexRoutes(), s.webhookRoutes(), s.analyticsRoutes(), s.embeddingRoutes(), s.adminRoutes(), s.jobRoutes(), s.tenantRoutes(), s.tenantRecordRoutes(), s.usageRoutes(), s.adminIndexRoutes(), s.searchSettingsRoutes(), s.sessionRoutes(), s.systemRoutes()}
	var all []route
	for _, t := range tables {
		all = append(all, t...)
	}
	return all
}

func (s *Server) documentRoutes() []route {
	return []route{
		{
			method: http.MethodPost, path: "/api/documents", id: "createDocument", scope: auth.ScopeDocumentsWrite, bodyLimit: documentBody,
			tag: tagDocuments, status: http.StatusAccepted, errors: []int{http.StatusConflict}, summary: "Add or update a document",
			description: "Accepts a document for indexing. With an `external_id` that exists it becomes the next version of that document. " +
				"`202` means that it is stored and will be searchable or visibly failed; `200` that exactly this document is known already.",
			also: []int{http.StatusOK}, endpoint: typed[createDocumentInput, acceptedOutput](s.createDocument),
		},
		{
			method: http.MethodPost, path: "/api/documents/bulk", id: "createDocumentsBulk", scope: auth.ScopeDocumentsWrite, bodyLimit: streamBody,
			tag: tagDocuments, status: http.StatusAccepted, errors: []int{http.StatusConflict, http.StatusRequestTimeout}, summary: "Add or update many documents",
			description: "Accepts NDJSON, one document a line with the fields of a single document, also compressed (`Content-Encoding: gzip`), " +
				"or `multipart/form-data` with files (Markdown, text, HTML, source code). Good lines are accepted together, in one " +
				"transaction; each bad line is named in the answer. When the stream breaks, nothing was accepted.",
			endpoint: raw{s.createDocumentsBulk, documentBulk},
		},
		{
			method: http.MethodGet, path: "/api/documents", id: "listDocuments", scope: auth.ScopeDocumentsRead,
			tag: tagDocuments, errors: []int{http.StatusUnprocessableEntity}, summary: "List documents", description: "Newest first, without their content.",
			endpoint: typed[listDocumentsInput, listDocumentsOutput](s.listDocuments),
		},
		{
			method: http.MethodGet, path: "/api/documents/{id}", id: "getDocument", scope: auth.ScopeDocumentsRead,
			tag: tagDocuments, summary: "Get a document", description: "The newest accepted version, with its content.",
			endpoint: typed[DocumentIDInput, documentOutput](s.getDocument),
		},
		{
			method: http.MethodPut, path: "/api/documents/{id}", id: "replaceDocument", scope: auth.ScopeDocumentsWrite, bodyLimit: documentBody,
			tag: tagDocuments, status: http.StatusAccepted, errors: []int{http.StatusConflict}, summary: "Replace a document",
			description: "Fields that are left out become empty. The `external_id` stays.",
			also:        []int{http.StatusOK}, endpoint: typed[replaceDocumentInput, acceptedOutput](s.replaceDocument),
		},
		{
			method: http.MethodPatch, path: "/api/documents/{id}", id: "changeDocument", scope: auth.ScopeDocumentsWrite, bodyLimit: documentBody,
			tag: tagDocuments, status: http.StatusAccepted, errors: []int{http.StatusConflict}, summary: "Change fields of a document",
			description: "Fields that are left out stay; `null` clears one.",
			also:        []int{http.StatusOK}, endpoint: typed[changeDocumentInput, acceptedOutput](s.changeDocument),
		},
		{
			method: http.MethodDelete, path: "/api/documents/{id}", id: "deleteDocument", scope: auth.ScopeDocumentsWrite,
			tag: tagDocuments, status: http.StatusNoContent, summary: "Delete a document", description: "Removes it from the store and from search.",
			endpoint: typed[DocumentIDInput, struct{}](s.deleteDocument),
		},
		{
			method: http.MethodGet, path: "/api/documents/{id}/status", id: "getDocumentStatus", scope: auth.ScopeDocumentsRead,
			tag: tagDocuments, summary: "Why is this document (not) searchable?", description: "Where the newest version stands, and what to do when it failed.",
			endpoint: typed[DocumentIDInput, documentStatusOutput](s.getDocumentStatus),
		},
	}
}

func (s *Server) indexRoutes() []route {
	return []route{
		{
			method: http.MethodPost, path: "/api/index", id: "indexDocument", scope: auth.ScopeDocumentsWrite, bodyLimit: smallBody,
			tag: tagIndexing, status: http.StatusAccepted, errors: []int{http.StatusNotFound, http.StatusConflict}, summary: "Index a document again",
			description: "Without `force_reindex` only a document that is not indexed; `200` says that there was nothing to do.",
			also:        []int{http.StatusOK}, endpoint: typed[indexDocumentInput, indexOutput](s.indexDocument),
		},
		{
			method: http.MethodPost, path: "/api/index/batch", id: "indexDocuments", scope: auth.ScopeDocumentsWrite, bodyLimit: listBody,
			tag: tagIndexing, status: http.StatusAccepted, errors: []int{http.StatusNotFound, http.StatusConflict}, summary: "Index documents again",
			description: "Ids that do not exist are named in `not_found`; the others are queued in one job.",
			also:        []int{http.StatusOK}, endpoint: typed[indexDocumentsInput, indexOutput](s.indexDocuments),
		},
		{
			method: http.MethodGet, path: "/api/index/jobs", id: "listIndexJobs", scope: auth.ScopeDocumentsRead,
			tag: tagIndexing, errors: []int{http.StatusUnprocessableEntity}, summary: "List jobs", description: "Newest first.",
			endpoint: typed[listJobsInput, listJobsOutput](s.listJobs),
		},
		{
			method: http.MethodGet, path: "/api/index/jobs/{id}", id: "getIndexJob", scope: auth.ScopeDocumentsRead,
			tag: tagIndexing, summary: "Get a job",
			endpoint: typed[JobIDInput, jobOutput](s.getJob),
		},
		{
			method: http.MethodGet, path: "/api/index/jobs/{id}/items", id: "listIndexJobItems", scope: auth.ScopeDocumentsRead,
			tag: tagIndexing, errors: []int{http.StatusUnprocessableEntity}, summary: "List a job's documents", description: "With the outcome of each, in the order they were given.",
			endpoint: typed[listJobItemsInput, listJobItemsOutput](s.listJobItems),
		},
		{
			method: http.MethodPost, path: "/api/index/jobs/{id}/cancel", id: "cancelIndexJob", scope: auth.ScopeDocumentsWrite,
			tag: tagIndexing, errors: []int{http.StatusConflict}, summary: "Cancel a job", description: "What is indexed already stays; the rest is marked as canceled.",
			endpoint: typed[JobIDInput, jobOutput](s.cancelJob),
		},
		{
			method: http.MethodGet, path: "/api/index/jobs/{id}/events", id: "watchIndexJob", scope: auth.ScopeDocumentsRead,
			tag: tagIndexing, summary: "Watch a job", description: "Server-sent events: `progress` with the job whenever it changes, then `end`.",
			endpoint: raw{s.watchJob, documentJobEvents},
		},
	}
}

func (s *Server) adminRoutes() []route {
	return []route{
		{
			method: http.MethodGet, path: "/api/admin/health", id: "getAdminHealth", scope: auth.ScopeAdmin,
			tag: tagAdmin, summary: "Health in detail", endpoint: typed[struct{}, adminHealthOutput](s.getAdminHealth),
		},
		{
			method: http.MethodGet, path: "/api/admin/stats", id: "getAdminStats", scope: auth.ScopeAdmin,
			tag: tagAdmin, summary: "Figures of the overview", endpoint: typed[struct{}, adminStatsOutput](s.getAdminStats),
		},
		{
			method: http.MethodGet, path: "/api/admin/api-keys", id: "listAPIKeys", scope: auth.ScopeAdmin,
			tag: tagAdmin, errors: []int{http.StatusUnprocessableEntity}, summary: "List API keys", description: "Newest first. A key itself is never shown again.",
			endpoint: typed[PageInput, listAPIKeysOutput](s.listAPIKeys),
		},
		{
			method: http.MethodPost, path: "/api/admin/api-keys", id: "createAPIKey", scope: auth.ScopeAdmin, bodyLimit: smallBody,
			tag: tagAdmin, status: http.StatusCreated, summary: "Create an API key", description: "The answer shows the key, once. A key cannot grant scopes that its creator lacks.",
			endpoint: typed[createAPIKeyInput, createAPIKeyOutput](s.createAPIKey),
		},
		{
			method: http.MethodPatch, path: "/api/admin/api-keys/{id}", id: "changeAPIKey", scope: auth.ScopeAdmin, bodyLimit: smallBody,
			tag: tagAdmin, errors: []int{http.StatusConflict}, summary: "Change an API key", description: "What is left out stays. It holds everywhere within 5 seconds.",
			endpoint: typed[changeAPIKeyInput, apiKeyOutput](s.changeAPIKey),
		},
		{
			method: http.MethodPost, path: "/api/admin/api-keys/{id}/rotate", id: "rotateAPIKey", scope: auth.ScopeAdmin, bodyLimit: smallBody,
			tag: tagAdmin, status: http.StatusCreated, errors: []int{http.StatusConflict}, summary: "Rotate an API key",
			description: "The answer shows the successor, once; it has the same name, scopes and rules. The old key works until the overlap is over.",
			endpoint:    typed[rotateAPIKeyInput, createAPIKeyOutput](s.rotateAPIKey),
		},
		{
			method: http.MethodGet, path: "/api/admin/audit-log", id: "listAuditLog", scope: auth.ScopeAdmin,
			tag: tagAdmin, errors: []int{http.StatusUnprocessableEntity}, summary: "List what administrators changed", description: "Newest first.",
			endpoint: typed[auditInput, auditOutput](s.listAuditLog),
		},
		{
			method: http.MethodGet, path: "/api/admin/audit-log/export", id: "exportAuditLog", scope: auth.ScopeAdmin,
			tag: tagAdmin, errors: []int{http.StatusUnprocessableEntity}, summary: "Export the audit log",
			description: "Every entry that the filters leave, newest first, as NDJSON.",
			endpoint:    typed[AuditFilterInput, huma.StreamResponse](s.exportAuditLog),
		},
		{
			method: http.MethodDelete, path: "/api/admin/api-keys/{id}", id: "revokeAPIKey", scope: auth.ScopeAdmin,
			tag: tagAdmin, status: http.StatusNoContent, summary: "Revoke an API key", description: "It is refused everywhere within 5 seconds.",
			endpoint: typed[APIKeyIDInput, struct{}](s.revokeAPIKey),
		},
	}
}

func (s *Server) sessionRoutes() []route {
	return []route{
		{
			method: http.MethodPost, path: "/api/session", id: "signIn", scope: scopePublic, bodyLimit: smallBody,
			tag: tagSession, status: http.StatusNoContent, summary: "Sign in to the dashboard",
			errors:      []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests, http.StatusServiceUnavailable},
			description: "Takes a key of admin scope and sets an HttpOnly cookie: 12 hours idle, 7 days at most.",
			endpoint:    raw{s.signIn, documentSignIn},
		},
		{
			method: http.MethodGet, path: "/api/session", id: "getSession", scope: scopeSignedIn,
			tag: tagSession, summary: "Who is signed in", endpoint: typed[sessionTokenInput, sessionOutput](s.getSession),
		},
		{
			method: http.MethodDelete, path: "/api/session", id: "signOut", scope: scopePublic,
			tag: tagSession, status: http.StatusNoContent, summary: "Sign out", endpoint: raw{s.signOut, documentNoContent},
		},
	}
}

func (s *Server) systemRoutes() []route {
	health := typed[struct{}, healthOutput](s.getHealth)
	return []route{
		{
			method: http.MethodGet, path: "/api/health", id: "getHealth", scope: scopePublic, tag: tagSystem,
			also: []int{http.StatusServiceUnavailable}, summary: "Health", description: "`503` when the database is away.", endpoint: health,
		},
		{method: http.MethodGet, path: "/health", id: "getHealthShort", scope: scopePublic, tag: tagSystem, hidden: true, endpoint: health},
		{
			method: http.MethodGet, path: "/livez", id: "getLiveness", scope: scopePublic, tag: tagSystem,
			summary: "Liveness probe", endpoint: raw{s.livez, documentProbe},
		},
		{
			method: http.MethodGet, path: "/readyz", id: "getReadiness", scope: scopePublic, tag: tagSystem,
			errors: []int{http.StatusServiceUnavailable}, summary: "Readiness probe", description: "`503` while starting and while stopping.",
			endpoint: raw{s.readyz, documentProbe},
		},
		{
			method: http.MethodGet, path: "/metrics", id: "getMetrics", scope: scopePublic, tag: tagSystem,
			summary: "Metrics for Prometheus", endpoint: raw{s.metrics, documentText},
		},
		{
			method: http.MethodGet, path: "/api/openapi.json", id: "getOpenAPI", scope: scopePublic, tag: tagSystem,
			summary: "This API as OpenAPI 3.1", endpoint: raw{s.serveOpenAPI, documentAnyJSON},
		},
		{method: http.MethodGet, path: "/api/docs", id: "getDocs", scope: scopePublic, tag: tagSystem, hidden: true, endpoint: raw{s.serveDocs, nil}},
		{method: http.MethodGet, path: "/api/docs/style.css", id: "getDocsStyle", scope: scopePublic, tag: tagSystem, hidden: true, endpoint: raw{serveDocsStyle, nil}},
	}
}
