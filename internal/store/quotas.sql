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
-- A key that was rotated is its successor's place. The clock, for one that this very
-- transaction has revoked.
SELECT count(*) FROM api_keys
WHERE tenant_id = @tenant_id AND replaced_by IS NULL AND (revoked_at IS NULL OR revoked_at > clock_timestamp())
  AND (expires_at IS NULL OR expires_at > clock_timestamp());

-- name: WebhookEndpointCount :one
SELECT count(*) FROM webhook_endpoints WHERE tenant_id = @tenant_id AND state <> 'deleted';

-- name: UsageAdd :one
-- Counts what a transaction has added or taken away, and says what there is now and
-- what the tenant may have. The day is that of the moment at which the row is locked,
-- so that the last one to write a day is the last one of that day.
WITH counted AS (
    INSERT INTO tenant_usage (tenant_id, documents, storage_bytes) VALUES (@tenant_id, @documents, @storage_bytes)
    ON CONFLICT (tenant_id) DO UPDATE SET documents = tenant_usage.documents + EXCLUDED.documents,
        storage_bytes = tenant_usage.storage_bytes + EXCLUDED.storage_bytes
    RETURNING tenant_id, documents, storage_bytes, levels
), dated AS (
    INSERT INTO usage_days (tenant_id, day, documents, storage_bytes)
    SELECT c.tenant_id, (clock_timestamp() AT TIME ZONE 'UTC')::date, c.documents, c.storage_bytes FROM counted c
    ON CONFLICT (tenant_id, day) DO UPDATE SET documents = EXCLUDED.documents, storage_bytes = EXCLUDED.storage_bytes
)
SELECT c.documents, c.storage_bytes, c.levels, t.tier, t.quota FROM counted c JOIN tenants t ON t.id = c.tenant_id;

-- name: UsageLock :one
SELECT u.levels, t.tier, t.quota FROM tenant_usage u JOIN tenants t ON t.id = u.tenant_id
WHERE u.tenant_id = @tenant_id FOR NO KEY UPDATE OF u;

-- name: QuotaTurn :exec
SELECT quota_turn(@tenant_id::uuid);

-- name: DocumentSizesByName :many
SELECT d.external_id, d.content_hash, d.content_bytes, (d.state = 'failed')::bool AS failed FROM documents d
WHERE d.tenant_id = @tenant_id AND (d.external_id = ANY(@external_ids::text[])
    OR d.external_id IS NULL AND d.content_hash = ANY(@content_hashes::bytea[]));
