-- name: IdempotencyKeyReserve :execrows
-- A second transaction with the same key waits here for the first to end.
INSERT INTO idempotency_keys (tenant_id, key, operation, request_hash, status, response, expires_at)
VALUES (@tenant_id, @key, @operation, '', 0, '', now() + interval '24 hours')
ON CONFLICT (tenant_id, key) DO NOTHING;

-- name: IdempotencyKeyDeleteExpired :exec
DELETE FROM idempotency_keys WHERE tenant_id = @tenant_id AND key = @key AND expires_at < now();

-- name: IdempotencyKeyGet :one
SELECT operation, request_hash, status, response FROM idempotency_keys WHERE tenant_id = @tenant_id AND key = @key;

-- name: IdempotencyKeyComplete :exec
UPDATE idempotency_keys SET request_hash = @request_hash, status = @status, response = @response
WHERE tenant_id = @tenant_id AND key = @key;

-- name: OutboxInsertMany :exec
INSERT INTO outbox (tenant_id, id, type, payload)
SELECT @tenant_id, unnest(@ids::uuid[]), unnest(@types::text[]), unnest(@payloads::text[])::jsonb;

-- name: IdempotencyKeyPurge :execrows
DELETE FROM idempotency_keys WHERE (tenant_id, key) IN (
    SELECT k.tenant_id, k.key FROM idempotency_keys k WHERE k.expires_at < now() LIMIT @row_limit);

-- name: SessionPurge :execrows
DELETE FROM sessions WHERE (tenant_id, id) IN (
    SELECT s.tenant_id, s.id FROM sessions s WHERE s.expires_at < now() LIMIT @row_limit);

-- name: OutboxPurge :execrows
DELETE FROM outbox WHERE (tenant_id, id) IN (
    SELECT o.tenant_id, o.id FROM outbox o WHERE o.created_at < now() - @max_age::interval LIMIT @row_limit);
