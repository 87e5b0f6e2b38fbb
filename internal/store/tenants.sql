-- name: TenantInsert :execrows
INSERT INTO tenants (id, slug, name, tier, quota) VALUES (@id, @slug, @name, @tier, @quota) ON CONFLICT (slug) DO NOTHING;

-- name: TenantInsertState :exec
WITH usage AS (INSERT INTO tenant_usage (tenant_id) VALUES (@tenant_id))
INSERT INTO index_state (tenant_id) VALUES (@tenant_id);

-- name: TenantGetBySlug :one
SELECT id, slug, name, state, created_at, tier, quota FROM tenants WHERE slug = @slug;

-- name: TenantList :many
SELECT id, slug, name, state, created_at, tier, quota FROM tenants
WHERE slug > @after_slug ORDER BY slug LIMIT @row_limit;

-- name: TenantIsActive :one
SELECT (state = 'active')::bool FROM tenants WHERE id = @id;
