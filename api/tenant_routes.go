package api

import (
	"net/http"

	"github.com/rustassistant/rustassistant/internal/auth"
)

// tagTenants groups what the platform does with tenants.
const tagTenants = "Tenants"

// tenantRoutes are the rows about tenants, all of platform scope.
func (s *Server) tenantRoutes() []route {
	unprocessable, conflict := []int{http.StatusUnprocessableEntity}, []int{http.StatusConflict}
	return []route{
		{
			method: http.MethodGet, path: "/api/admin/tenants", id: "listTenants", scope: auth.ScopePlatform,
			tag: tagTenants, errors: unprocessable, summary: "List tenants", description: "By slug.",
			endpoint: typed[listTenantsInput, listTenantsOutput](s.listTenants),
		},
		{
			method: http.MethodPost, path: "/api/admin/tenants", id: "createTenant", scope: auth.ScopePlatform, bodyLimit: smallBody,
			tag: tagTenants, status: http.StatusCreated, also: []int{http.StatusAccepted}, errors: conflict, summary: "Create a tenant",
			description: "`201` when it is there. `202` when that takes longer: `GET` the tenant until its state is active; the key works then. " +
				"The key is shown once: with an Idempotency-Key that was used before, the answer has none, and `POST /api/admin/api-keys` with `X-Tenant` makes another.",
			endpoint: typed[createTenantInput, createTenantOutput](s.createTenant),
		},
		{
			method: http.MethodGet, path: "/api/admin/tenants/{slug}", id: "getTenant", scope: auth.ScopePlatform,
			tag: tagTenants, summary: "Get a tenant", description: "With what is being done with it.",
			endpoint: typed[TenantSlugInput, tenantOutput](s.getTenant),
		},
		{
			method: http.MethodPatch, path: "/api/admin/tenants/{slug}", id: "changeTenant", scope: auth.ScopePlatform, bodyLimit: smallBody,
			tag: tagTenants, errors: conflict, summary: "Change a tenant's name, tier and quota", description: "What is left out stays; `quota` replaces all exceptions from the tier.",
			endpoint: typed[changeTenantInput, tenantOutput](s.changeTenant),
		},
		{
			method: http.MethodDelete, path: "/api/admin/tenants/{slug}", id: "offboardTenant", scope: auth.ScopePlatform, bodyLimit: smallBody,
			tag: tagTenants, status: http.StatusAccepted, also: []int{http.StatusOK}, errors: conflict, summary: "Off-board a tenant",
			description: "Deletes everything of it for good. Its keys are refused at once; its workflows end, it is exported when `export` is true, its rows are deleted, and a certificate " +
				"says what was. Until the first row goes, cancelling the workflow leaves the tenant suspended. Asked again it answers with the one that runs, or `200` when it is done.",
			endpoint: typed[offboardTenantInput, tenantOperationOutput](s.offboardTenant),
		},
		{
			method: http.MethodPost, path: "/api/admin/tenants/{slug}/suspend", id: "suspendTenant", scope: auth.ScopePlatform,
			tag: tagTenants, status: http.StatusAccepted, also: []int{http.StatusOK}, errors: conflict, summary: "Suspend a tenant",
			description: "Its keys and sessions are refused everywhere within 5 seconds, its jobs pause, its webhooks wait without using attempts. `200` when it is suspended already and nothing is left to do.",
			endpoint:    typed[TenantSlugInput, tenantOperationOutput](s.suspendTenant),
		},
		{
			method: http.MethodPost, path: "/api/admin/tenants/{slug}/resume", id: "resumeTenant", scope: auth.ScopePlatform,
			tag: tagTenants, status: http.StatusAccepted, also: []int{http.StatusOK}, errors: conflict, summary: "Resume a suspended tenant",
			description: "Takes up what the suspension has paused.",
			endpoint:    typed[TenantSlugInput, tenantOperationOutput](s.resumeTenant),
		},
	}
}

// tenantRecordRoutes are the rows about what is kept of what was done with tenants.
func (s *Server) tenantRecordRoutes() []route {
	unprocessable, conflict := []int{http.StatusUnprocessableEntity}, []int{http.StatusConflict}
	return []route{
		{
			method: http.MethodPost, path: "/api/admin/tenants/{slug}/export", id: "exportTenant", scope: auth.ScopePlatform,
			tag: tagTenants, status: http.StatusAccepted, errors: append(conflict, http.StatusRequestEntityTooLarge), summary: "Export a tenant",
			description: "Writes its documents, settings, webhooks, keys, analytics, audit log and jobs into files that can be fetched for 24 hours. One that runs already is answered.",
			endpoint:    typed[TenantSlugInput, tenantOperationOutput](s.exportTenant),
		},
		{
			method: http.MethodGet, path: "/api/admin/tenants/{slug}/exports", id: "listTenantExports", scope: auth.ScopePlatform,
			tag: tagTenants, errors: unprocessable, summary: "List a tenant's exports", description: "Newest first, also of a tenant that is gone.",
			endpoint: typed[listTenantExportsInput, listTenantExportsOutput](s.listTenantExports),
		},
		{
			method: http.MethodGet, path: "/api/admin/tenants/{slug}/exports/{id}", id: "getTenantExport", scope: auth.ScopePlatform,
			tag: tagTenants, summary: "Get an export", description: "With its files and their SHA-256.",
			endpoint: typed[TenantExportInput, tenantExportOutput](s.getTenantExport),
		},
		{
			method: http.MethodGet, path: "/api/admin/tenants/{slug}/exports/{id}/archive", id: "getTenantExportArchive", scope: auth.ScopePlatform,
			tag: tagTenants, errors: []int{http.StatusConflict, http.StatusRequestedRangeNotSatisfiable}, summary: "Fetch an export",
			description: "A tar archive of gzipped NDJSON files with `manifest.json` and `SHA256SUMS`. A download that broke goes on with `Range`; `If-Range` takes the `ETag`.",
			endpoint:    raw{s.getTenantExportArchive, documentArchive},
		},
		{
			method: http.MethodGet, path: "/api/admin/tenants/{slug}/operations", id: "listTenantOperations", scope: auth.ScopePlatform,
			tag: tagTenants, errors: unprocessable, summary: "List what was done with a tenant", description: "Newest first: suspend, resume, export, offboard.",
			endpoint: typed[listTenantExportsInput, listTenantOperationsOutput](s.listTenantOperations),
		},
		{
			method: http.MethodGet, path: "/api/admin/tenants/{slug}/certificate", id: "getTenantCertificate", scope: auth.ScopePlatform,
			tag: tagTenants, summary: "Get the certificate of an off-boarded tenant", description: "Of the last tenant that had the slug. `sha256` is that of `body`.",
			endpoint: typed[TenantSlugInput, tenantCertificateOutput](s.getTenantCertificate),
		},
	}
}
