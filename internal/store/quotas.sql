-- name: TenantPlanLock :one
-- The usage first, as those who write documents do.
SELECT u.documents, u.storage_bytes, u.levels, t.tier, t.quota
FROM tenant_usage u JOIN tenants t ON t.id = u.tenant_id
WHERE u.tenant_id = @tenant_id FOR NO KEY UPDATE;

-- name: TenantPlanSet :exec
UPDATE tenants SET tier = @tier, quota = @quota, updated_at = now() WHERE id = @tenant_id;

-- name: UsageSetLevels :exec
UPDATE tenant_usage SET levels = @levels WHERE tenant_id = @tenant_id;

-- name: UsageReading :one
SELECT u.documents, u.storage_bytes, u.levels, t.tier, t.quota
FROM tenants t LEFT JOIN tenant_usage u ON u.tenant_id = t.id
WHERE t.id = @tenant_id;

-- name: APIKeyCountLive :one
-- A key that was rotated is its successor's place.
SELECT count(*) FROM api_keys
WHERE tenant_id = @tenant_id AND replaced_by IS NULL AND (revoked_at IS NULL OR revoked_at > now()) AND (expires_at IS NULL OR expires_at > now());

-- name: WebhookEndpointCount :one
SELECT count(*) FROM webhook_endpoints WHERE tenant_id = @tenant_id AND state <> 'deleted';
