-- name: WebhookEndpointInsert :execrows
-- Nothing is inserted when the tenant has as many as it may.
INSERT INTO webhook_endpoints (tenant_id, id, url, description, events, state, max_concurrency, rate_limit, fifo, filter, header_names, sealed_headers, sealed_secret)
SELECT @tenant_id, @id, @url, @description, @events::text[], @state, @max_concurrency, sqlc.narg('rate_limit')::int, @fifo, sqlc.narg('filter')::jsonb,
    @header_names::text[], @sealed_headers, @sealed_secret
WHERE (SELECT count(*) FROM webhook_endpoints e WHERE e.tenant_id = @tenant_id AND e.state <> 'deleted') < @most::int;

-- name: WebhookEndpointGet :one
SELECT * FROM webhook_endpoints WHERE tenant_id = @tenant_id AND id = @id;

-- name: WebhookEndpointLock :one
SELECT * FROM webhook_endpoints WHERE tenant_id = @tenant_id AND id = @id FOR NO KEY UPDATE;

-- name: WebhookEndpointList :many
SELECT * FROM webhook_endpoints
WHERE tenant_id = @tenant_id AND id < @before_id AND state <> 'deleted'
ORDER BY id DESC LIMIT @row_limit;

-- name: WebhookEndpointUpdate :one
UPDATE webhook_endpoints SET url = @url, description = @description, events = @events::text[], state = @state,
    disabled_reason = @disabled_reason, max_concurrency = @max_concurrency, rate_limit = sqlc.narg('rate_limit')::int, fifo = @fifo, filter = sqlc.narg('filter')::jsonb, header_names = @header_names::text[],
    sealed_headers = @sealed_headers, sealed_secret = @sealed_secret, sealed_previous_secret = @sealed_previous_secret,
    previous_secret_expires_at = @previous_secret_expires_at, failing_since = @failing_since, updated_at = now()
WHERE tenant_id = @tenant_id AND id = @id
RETURNING *;

-- name: WebhookEndpointHealth :exec
UPDATE webhook_endpoints SET failing_since = @failing_since, state = @state, disabled_reason = @disabled_reason
WHERE tenant_id = @tenant_id AND id = @id;

-- name: WebhookSubscribers :many
-- Across tenants: which of these tenants have an endpoint for events of a type.
SELECT DISTINCT e.tenant_id FROM webhook_endpoints e
WHERE e.tenant_id = ANY(@tenant_ids::uuid[]) AND e.state <> 'deleted'
  AND e.events && ARRAY[@type::text, split_part(@type::text, '.', 1) || '.*', '*'];

-- name: WebhookEndpointListDue :many
-- Across tenants: endpoints with deliveries that should be on their way. Those
-- that were deleted or disabled are listed while rows wait to be canceled. Where
-- the order is kept, only the oldest row can be on its way. One row of each
-- endpoint is read, however many wait: no EXISTS, which may read them all.
SELECT e.tenant_id, e.id FROM webhook_endpoints e JOIN tenants t ON t.id = e.tenant_id
WHERE (e.tenant_id, e.id) > (@after_tenant_id::uuid, @after_id::uuid)
  AND (e.state IN ('deleted', 'disabled') OR (e.state = 'active' AND t.state = 'active'))
  AND CASE
    WHEN e.state IN ('deleted', 'disabled') AND (SELECT true FROM webhook_deliveries d
        WHERE d.tenant_id = e.tenant_id AND d.endpoint_id = e.id AND d.state = 'pending' LIMIT 1) THEN true
    WHEN e.fifo AND e.state = 'active' THEN (SELECT d.next_attempt_at FROM webhook_deliveries d
        WHERE d.tenant_id = e.tenant_id AND d.endpoint_id = e.id AND d.state IN ('pending', 'delivering')
        ORDER BY d.occurred_at, d.event_id LIMIT 1) < now() - @grace::interval
    ELSE (SELECT d.next_attempt_at FROM webhook_deliveries d
        WHERE d.tenant_id = e.tenant_id AND d.endpoint_id = e.id AND d.state IN ('pending', 'delivering')
        ORDER BY d.next_attempt_at LIMIT 1) < now() - @grace::interval
  END
ORDER BY e.tenant_id, e.id LIMIT @row_limit;

-- name: WebhookEndpointPurge :execrows
DELETE FROM webhook_endpoints WHERE (tenant_id, id) IN (
    SELECT e.tenant_id, e.id FROM webhook_endpoints e
    WHERE e.state = 'deleted' AND e.updated_at < now() - @max_age::interval
      AND NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.tenant_id = e.tenant_id AND d.endpoint_id = e.id)
    LIMIT @row_limit);

-- name: DeliveryClaim :many
-- A CTE, because a subquery may be run again for each row and then its limit
-- bounds nothing.
WITH due AS MATERIALIZED (
    SELECT c.id FROM webhook_deliveries c
    WHERE c.tenant_id = @tenant_id AND c.endpoint_id = @endpoint_id
      AND c.state IN ('pending', 'delivering') AND c.next_attempt_at <= now()
    ORDER BY c.next_attempt_at LIMIT @row_limit
    FOR UPDATE SKIP LOCKED
)
UPDATE webhook_deliveries d SET state = 'delivering', lease = @lease, next_attempt_at = now() + @lease_time::interval
FROM due
WHERE d.tenant_id = @tenant_id AND d.id = due.id
RETURNING d.*;

-- name: DeliveryNextDue :one
-- Seconds until the next open row of the endpoint is due; it may be negative.
SELECT extract(epoch FROM next_attempt_at - now())::float8 AS seconds FROM webhook_deliveries
WHERE tenant_id = @tenant_id AND endpoint_id = @endpoint_id AND state IN ('pending', 'delivering')
ORDER BY next_attempt_at LIMIT 1;

-- name: DeliveryCancelSome :execrows
-- What is being sent right now is left to who sends it, unless that one died.
WITH gone AS MATERIALIZED (
    SELECT c.id FROM webhook_deliveries c
    WHERE c.tenant_id = @tenant_id AND c.endpoint_id = @endpoint_id AND c.state IN ('pending', 'delivering')
      AND (c.state = 'pending' OR c.next_attempt_at <= now())
    LIMIT @row_limit
    FOR UPDATE SKIP LOCKED
)
UPDATE webhook_deliveries d SET state = 'canceled', lease = NULL, last_error = @reason, finished_at = now()
FROM gone
WHERE d.tenant_id = @tenant_id AND d.id = gone.id;

-- name: DeliveryRecordMany :exec
-- Rows whose lease was lost belong to somebody else by now and stay as they are.
WITH r AS (
    SELECT unnest(@ids::uuid[]) AS id, unnest(@leases::uuid[]) AS lease, unnest(@states::text[]) AS state, unnest(@counted::bool[]) AS counted,
           unnest(@waits::float8[]) AS wait, unnest(@started_ats::timestamptz[]) AS started_at,
           unnest(@duration_ms::int[]) AS duration_ms, unnest(@buckets::smallint[]) AS bucket, unnest(@statuses::int[]) AS status,
           unnest(@error_codes::text[]) AS error_code, unnest(@errors::text[]) AS error, unnest(@responses::text[]) AS response
), done AS (
    UPDATE webhook_deliveries d SET state = r.state, lease = NULL,
        attempts = d.attempts + r.counted::int, step = d.step + r.counted::int,
        next_attempt_at = now() + make_interval(secs => r.wait),
        last_status = r.status, last_error = r.error_code,
        finished_at = CASE WHEN r.state = 'pending' THEN NULL ELSE now() END
    FROM r WHERE d.tenant_id = @tenant_id AND d.id = r.id AND d.lease = r.lease
    RETURNING d.id, d.endpoint_id, d.attempts
), hours AS (
    INSERT INTO webhook_attempt_hours AS h (tenant_id, endpoint_id, hour, error_code, bucket, attempts)
    SELECT @tenant_id, done.endpoint_id, date_trunc('hour', r.started_at, 'UTC'), r.error_code, r.bucket, count(*)
    FROM done JOIN r ON r.id = done.id WHERE r.counted
    GROUP BY done.endpoint_id, date_trunc('hour', r.started_at, 'UTC'), r.error_code, r.bucket
    ON CONFLICT (tenant_id, endpoint_id, hour, error_code, bucket) DO UPDATE SET attempts = h.attempts + excluded.attempts
)
INSERT INTO webhook_attempts (tenant_id, delivery_id, number, started_at, duration_ms, status, error_code, error, response)
SELECT @tenant_id, done.id, done.attempts, r.started_at, r.duration_ms, r.status, r.error_code, r.error, r.response
FROM done JOIN r ON r.id = done.id WHERE r.counted;

-- name: DeliveryInsert :one
INSERT INTO webhook_deliveries (tenant_id, id, endpoint_id, event_id, event_type, payload, occurred_at, traceparent, tracestate)
VALUES (@tenant_id, @id, @endpoint_id, @event_id, @event_type, @payload, now(), @traceparent, @tracestate)
RETURNING *;

-- name: DeliveryLock :one
SELECT * FROM webhook_deliveries WHERE tenant_id = @tenant_id AND id = @id FOR UPDATE;

-- name: DeliveryResend :one
UPDATE webhook_deliveries SET state = 'pending', step = 0, lease = NULL, next_attempt_at = now(), finished_at = NULL
WHERE tenant_id = @tenant_id AND id = @id
RETURNING *;

-- name: DeliveryList :many
SELECT * FROM webhook_deliveries
WHERE tenant_id = @tenant_id AND endpoint_id = @endpoint_id AND id < @before_id
  AND (sqlc.narg('state')::text IS NULL OR state = sqlc.narg('state'))
ORDER BY id DESC LIMIT @row_limit;

-- name: AttemptList :many
SELECT * FROM webhook_attempts
WHERE tenant_id = @tenant_id AND delivery_id = ANY(@delivery_ids::uuid[])
ORDER BY delivery_id, number;

-- name: DeliveryPurge :execrows
DELETE FROM webhook_deliveries WHERE (tenant_id, id) IN (
    SELECT d.tenant_id, d.id FROM webhook_deliveries d
    WHERE d.finished_at < now() - @max_age::interval LIMIT @row_limit);
