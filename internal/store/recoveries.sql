-- name: RecoveryInsert :one
INSERT INTO webhook_recoveries (tenant_id, id, endpoint_id, since, until, states, missed, requested_by, workflow_id, after_id)
VALUES (@tenant_id, @id, @endpoint_id, @since, @until, @states::text[], @missed, @requested_by, @workflow_id, @after_id)
RETURNING *;

-- name: RecoveryRunning :one
SELECT id FROM webhook_recoveries WHERE tenant_id = @tenant_id AND endpoint_id = @endpoint_id AND state = 'running';

-- name: RecoveryLock :one
SELECT * FROM webhook_recoveries WHERE tenant_id = @tenant_id AND id = @id FOR UPDATE;

-- name: RecoveryGet :one
SELECT sqlc.embed(r), coalesce(k.name, '')::text AS key_name
FROM webhook_recoveries r LEFT JOIN api_keys k ON k.tenant_id = r.tenant_id AND k.id = r.requested_by
WHERE r.tenant_id = @tenant_id AND r.endpoint_id = @endpoint_id AND r.id = @id;

-- name: RecoveryList :many
SELECT sqlc.embed(r), coalesce(k.name, '')::text AS key_name
FROM webhook_recoveries r LEFT JOIN api_keys k ON k.tenant_id = r.tenant_id AND k.id = r.requested_by
WHERE r.tenant_id = @tenant_id AND r.endpoint_id = @endpoint_id AND r.id < @before_id
ORDER BY r.id DESC LIMIT @row_limit;

-- name: RecoveryBacklog :one
-- How many deliveries of an endpoint are due right now, up to a bound.
SELECT count(*) FROM (
    SELECT FROM webhook_deliveries d
    WHERE d.tenant_id = @tenant_id AND d.endpoint_id = @endpoint_id
      AND d.state IN ('pending', 'delivering') AND d.next_attempt_at <= now()
    LIMIT @row_limit) due;

-- name: RecoveryRevive :one
-- Looks at the next rows of an endpoint and makes those due that are in the range
-- and in one of the states. A test tells nothing when it comes later.
WITH seen AS MATERIALIZED (
    SELECT d.id, d.state, d.occurred_at, d.event_type FROM webhook_deliveries d
    WHERE d.tenant_id = @tenant_id AND d.endpoint_id = @endpoint_id AND d.id > @after_id AND d.id < @before_id
    ORDER BY d.id LIMIT @row_limit
), wanted AS MATERIALIZED (
    SELECT d.id FROM webhook_deliveries d JOIN seen s ON s.id = d.id
    WHERE d.tenant_id = @tenant_id AND s.occurred_at >= @since::timestamptz AND s.occurred_at < @until::timestamptz
      AND s.event_type <> 'webhook.test' AND d.state = ANY(@states::text[])
    ORDER BY d.id FOR NO KEY UPDATE OF d
), revived AS (
    UPDATE webhook_deliveries d SET state = 'pending', step = 0, lease = NULL, next_attempt_at = now(), finished_at = NULL
    FROM wanted w WHERE d.tenant_id = @tenant_id AND d.id = w.id
    RETURNING d.id
)
SELECT (SELECT count(*) FROM seen) AS seen, (SELECT count(*) FROM revived) AS changed,
    coalesce((SELECT seen.id FROM seen ORDER BY seen.id DESC LIMIT 1), @after_id)::uuid AS after_id;

-- name: RecoveryCreateMissed :one
-- Looks at the next events of the outbox and makes deliveries of those that the
-- endpoint subscribes to, by type and filter, and never got a row for.
WITH seen AS MATERIALIZED (
    SELECT o.id, o.type, o.payload, o.created_at, o.traceparent, o.tracestate FROM outbox o
    WHERE o.tenant_id = @tenant_id AND o.id > @after_id AND o.id < @before_id
    ORDER BY o.id LIMIT @row_limit
), made AS (
    INSERT INTO webhook_deliveries (tenant_id, id, endpoint_id, event_id, event_type, payload, occurred_at, traceparent, tracestate)
    SELECT @tenant_id, delivery_id_at(s.created_at), @endpoint_id, s.id, s.type, s.payload, s.created_at, s.traceparent, s.tracestate
    FROM seen s
    WHERE s.created_at >= @since::timestamptz AND s.created_at < @until::timestamptz
      AND @events::text[] && ARRAY[s.type, split_part(s.type, '.', 1) || '.*', '*']
      AND webhook_filter_matches(sqlc.narg('filter')::jsonb, s.payload)
      AND NOT EXISTS (SELECT FROM webhook_deliveries d
          WHERE d.tenant_id = @tenant_id AND d.endpoint_id = @endpoint_id AND d.event_id = s.id)
    ON CONFLICT (tenant_id, endpoint_id, event_id) DO NOTHING
    RETURNING id
)
SELECT (SELECT count(*) FROM seen) AS seen, (SELECT count(*) FROM made) AS changed,
    coalesce((SELECT seen.id FROM seen ORDER BY seen.id DESC LIMIT 1), @after_id)::uuid AS after_id;

-- name: RecoveryCountDeliveries :one
WITH seen AS MATERIALIZED (
    SELECT d.id, d.state, d.occurred_at, d.event_type FROM webhook_deliveries d
    WHERE d.tenant_id = @tenant_id AND d.endpoint_id = @endpoint_id AND d.id > @after_id AND d.id < @before_id
    ORDER BY d.id LIMIT @row_limit
), wanted AS (
    SELECT s.state FROM seen s WHERE s.occurred_at >= @since::timestamptz AND s.occurred_at < @until::timestamptz AND s.event_type <> 'webhook.test'
      AND s.state = ANY(@states::text[])
)
SELECT (SELECT count(*) FROM seen) AS seen,
    (SELECT count(*) FROM wanted w WHERE w.state = 'exhausted') AS exhausted,
    (SELECT count(*) FROM wanted w WHERE w.state = 'canceled') AS canceled,
    (SELECT count(*) FROM wanted w WHERE w.state = 'delivered') AS delivered,
    coalesce((SELECT seen.id FROM seen ORDER BY seen.id DESC LIMIT 1), @after_id)::uuid AS after_id;

-- name: RecoveryCountMissed :one
WITH seen AS MATERIALIZED (
    SELECT o.id, o.type, o.payload, o.created_at FROM outbox o
    WHERE o.tenant_id = @tenant_id AND o.id > @after_id AND o.id < @before_id
    ORDER BY o.id LIMIT @row_limit
)
SELECT (SELECT count(*) FROM seen) AS seen,
    (SELECT count(*) FROM seen s WHERE s.created_at >= @since::timestamptz AND s.created_at < @until::timestamptz
        AND @events::text[] && ARRAY[s.type, split_part(s.type, '.', 1) || '.*', '*']
        AND webhook_filter_matches(sqlc.narg('filter')::jsonb, s.payload)
        AND NOT EXISTS (SELECT FROM webhook_deliveries d
            WHERE d.tenant_id = @tenant_id AND d.endpoint_id = @endpoint_id AND d.event_id = s.id)) AS missed,
    coalesce((SELECT seen.id FROM seen ORDER BY seen.id DESC LIMIT 1), @after_id)::uuid AS after_id;

-- name: RecoveryAdvance :one
UPDATE webhook_recoveries SET stage = @stage, after_id = @after_id, seen = seen + @seen, resent = resent + @resent,
    created = created + @created, state = @state, error = @error, waits_for = @waits_for, updated_at = now(),
    finished_at = CASE WHEN @state::text = 'running' THEN NULL ELSE now() END
WHERE tenant_id = @tenant_id AND id = @id
RETURNING *;

-- name: RecoveryEnd :execrows
UPDATE webhook_recoveries SET state = @state, error = @error, waits_for = '', updated_at = now(), finished_at = now()
WHERE tenant_id = @tenant_id AND id = @id AND state = 'running';

-- name: RecoveryQuiet :many
-- Across tenants: running recoveries without a sign of life.
SELECT * FROM webhook_recoveries
WHERE state = 'running' AND updated_at < now() - @quiet::interval
ORDER BY updated_at LIMIT @row_limit;

-- name: RecoveryPurge :execrows
DELETE FROM webhook_recoveries WHERE (tenant_id, id) IN (
    SELECT r.tenant_id, r.id FROM webhook_recoveries r
    WHERE r.finished_at < now() - @max_age::interval LIMIT @row_limit);
