-- name: TenantProvision :one
INSERT INTO tenants (id, slug, name, state, request_id, tier, quota) VALUES (@id, @slug, @name, 'provisioning', @request_id, @tier, @quota)
ON CONFLICT (slug) DO NOTHING RETURNING *;

-- name: TenantFind :one
SELECT * FROM tenants WHERE slug = @slug;

-- name: TenantGet :one
SELECT * FROM tenants WHERE id = @id;

-- name: TenantLockForDelete :one
SELECT * FROM tenants WHERE id = @id FOR UPDATE;

-- name: TenantLock :one
SELECT * FROM tenants WHERE id = @id FOR NO KEY UPDATE;

-- name: TenantLockBySlug :one
SELECT * FROM tenants WHERE slug = @slug FOR NO KEY UPDATE;

-- name: TenantSetState :one
UPDATE tenants SET state = @state, updated_at = now() WHERE id = @id RETURNING *;

-- name: TenantSetName :one
UPDATE tenants SET name = @name, updated_at = now() WHERE id = @id RETURNING *;

-- name: TenantSetPurging :execrows
UPDATE tenants SET purging = true, updated_at = now() WHERE id = @id AND state = 'offboarding';

-- name: TenantDelete :execrows
DELETE FROM tenants WHERE id = @id;

-- name: TenantSearch :many
SELECT * FROM tenants
WHERE slug > @after_slug
  AND (sqlc.narg('state')::text IS NULL OR state = sqlc.narg('state'))
  AND (sqlc.narg('tier')::text IS NULL OR tier = sqlc.narg('tier'))
  AND (sqlc.narg('q')::text IS NULL OR strpos(slug, lower(sqlc.narg('q'))) > 0 OR strpos(lower(name), lower(sqlc.narg('q'))) > 0)
ORDER BY slug LIMIT @row_limit;

-- name: TenantsGone :many
-- Which of these are no tenants any more.
SELECT g.id::uuid FROM unnest(@ids::uuid[]) AS g (id) WHERE NOT EXISTS (SELECT FROM tenants t WHERE t.id = g.id);

-- name: TenantKeyInsert :execrows
INSERT INTO api_keys (tenant_id, id, name, description, key_hash, prefix, last_four, scopes)
VALUES (@tenant_id, @id, @name, @description, @key_hash, @prefix, @last_four, @scopes)
ON CONFLICT DO NOTHING;

-- name: TenantKeyExists :one
SELECT EXISTS (SELECT FROM api_keys WHERE tenant_id = @tenant_id AND id = @id AND key_hash = @key_hash);

-- name: TenantTables :many
SELECT name::text AS name, depth::int AS depth FROM tenant_tables();

-- name: TenantPurgeStep :one
SELECT rows::bigint AS rows, bytes::bigint AS bytes FROM tenant_purge_step(@target::text, @tenant_id::uuid, @row_limit::int);

-- name: TenantLeftovers :many
SELECT name::text AS name FROM tenant_leftovers(@tenant_id::uuid);

-- name: TenantExportPage :many
SELECT key::jsonb AS key, line::text AS line
FROM tenant_export_page(@target::text, @tenant_id::uuid, sqlc.narg('after')::jsonb, @row_limit::int);

-- name: TenantExportDocuments :many
SELECT id::uuid AS id, line::text AS line
FROM tenant_export_documents(@tenant_id::uuid, @after_id::uuid, @row_limit::int, @most_bytes::bigint);

-- name: TenantsRecorded :many
-- Which of these tenants searches are still recorded of. The lock is that of a
-- reference: an off-boarding cannot certify before who holds it has ended.
SELECT id FROM tenants WHERE id = ANY(@ids::uuid[]) AND NOT purging ORDER BY id FOR KEY SHARE;

-- name: TenantAdmit :one
-- The lock is that of a reference: the tenant cannot be certified as gone before who
-- holds it has ended.
SELECT (state = 'active')::bool AS active FROM tenants WHERE id = @id FOR KEY SHARE;
