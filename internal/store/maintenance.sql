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
-- Stores events and what is to be delivered of them, and wakes who delivers. A
-- tenant without endpoints pays one look at an index. What happens while an
-- endpoint is disabled is kept as canceled: it may be sent again on request. Of
-- what an endpoint's filter does not let through nothing is kept.
WITH events AS (
    SELECT unnest(@ids::uuid[]) AS id, unnest(@types::text[]) AS type, unnest(@payloads::text[])::jsonb AS payload
), stored AS (
    INSERT INTO outbox (tenant_id, id, type, payload, traceparent, tracestate)
    SELECT @tenant_id, v.id, v.type, v.payload, @traceparent::text, @tracestate::text FROM events v
), fanned AS (
    INSERT INTO webhook_deliveries (tenant_id, id, endpoint_id, event_id, event_type, payload, occurred_at, traceparent, tracestate,
        state, last_error, finished_at)
    SELECT e.tenant_id, delivery_id(), e.id, v.id, v.type, v.payload, now(), @traceparent::text, @tracestate::text,
        CASE WHEN e.state = 'disabled' THEN 'canceled' ELSE 'pending' END,
        CASE WHEN e.state = 'disabled' THEN 'endpoint_disabled' ELSE '' END,
        CASE WHEN e.state = 'disabled' THEN now() END
    FROM webhook_endpoints e JOIN events v
        ON e.events && ARRAY[v.type, split_part(v.type, '.', 1) || '.*', '*']
    WHERE e.tenant_id = @tenant_id AND e.state <> 'deleted' AND webhook_filter_matches(e.filter, v.payload)
    RETURNING tenant_id, endpoint_id, state
)
SELECT pg_notify('rustassistant_delivery', f.tenant_id || ':' || f.endpoint_id)
FROM fanned f WHERE f.state = 'pending' GROUP BY f.tenant_id, f.endpoint_id;

-- name: IdempotencyKeyPurge :execrows
DELETE FROM idempotency_keys WHERE (tenant_id, key) IN (
    SELECT k.tenant_id, k.key FROM idempotency_keys k WHERE k.expires_at < now() LIMIT @row_limit);

-- name: SessionPurge :execrows
DELETE FROM sessions WHERE (tenant_id, id) IN (
    SELECT s.tenant_id, s.id FROM sessions s WHERE s.expires_at < now() LIMIT @row_limit);

-- name: OutboxPurge :execrows
DELETE FROM outbox WHERE (tenant_id, id) IN (
    SELECT o.tenant_id, o.id FROM outbox o WHERE o.created_at < now() - @max_age::interval LIMIT @row_limit);
