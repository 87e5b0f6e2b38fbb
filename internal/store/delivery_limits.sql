-- The statements of claims whose endpoint limits them. They run while the
-- endpoint's row is locked: claims of one endpoint take turns over all workers.

-- name: DeliveryTokens :one
-- How many requests the endpoint may get now, and how many seconds until it may
-- get one. The bucket holds a tenth of a second's tokens, at least one. A clock
-- that was set back refills like one that went on, so that nobody waits for it.
SELECT floor(b.tokens)::int AS tokens, (greatest(0, 1 - b.tokens) / b.rate_limit)::float8 AS seconds
FROM (
    SELECT e.rate_limit, least(greatest(1, e.rate_limit / 10.0::float8),
        e.rate_tokens + abs(extract(epoch FROM clock_timestamp() - e.rate_refilled_at)::float8) * e.rate_limit) AS tokens
    FROM webhook_endpoints e WHERE e.tenant_id = @tenant_id AND e.id = @id
) b;

-- name: DeliveryTokensTake :exec
UPDATE webhook_endpoints e SET rate_refilled_at = c.at, rate_tokens = least(greatest(1, e.rate_limit / 10.0::float8),
        e.rate_tokens + abs(extract(epoch FROM c.at - e.rate_refilled_at)::float8) * e.rate_limit) - @taken::int
FROM (SELECT clock_timestamp() AS at OFFSET 0) c
WHERE e.tenant_id = @tenant_id AND e.id = @id;

-- name: DeliveryClaimFirst :many
-- The oldest open row, when it is due and no other is being sent. It must not be
-- skipped when somebody holds it, so this waits for its lock. No lease is longer
-- than @lease_horizon, whoever gave it: the index is read no further.
WITH head AS MATERIALIZED (
    SELECT c.id, c.next_attempt_at FROM webhook_deliveries c
    WHERE c.tenant_id = @tenant_id AND c.endpoint_id = @endpoint_id AND c.state IN ('pending', 'delivering')
    ORDER BY c.occurred_at, c.event_id LIMIT 1
    FOR UPDATE
)
UPDATE webhook_deliveries d SET state = 'delivering', lease = @lease, next_attempt_at = clock_timestamp() + @lease_time::interval
FROM head
WHERE d.tenant_id = @tenant_id AND d.id = head.id AND head.next_attempt_at <= now()
  AND NOT EXISTS (SELECT FROM webhook_deliveries o
      WHERE o.tenant_id = @tenant_id AND o.endpoint_id = @endpoint_id AND o.state IN ('pending', 'delivering')
        AND o.next_attempt_at > now() AND o.next_attempt_at <= now() + @lease_horizon::interval AND o.state = 'delivering')
RETURNING d.*;

-- name: DeliveryFirstDue :one
-- Seconds until the oldest open row may be sent; it may be negative.
SELECT extract(epoch FROM greatest(h.next_attempt_at, (
    SELECT max(o.next_attempt_at) FROM webhook_deliveries o
    WHERE o.tenant_id = @tenant_id AND o.endpoint_id = @endpoint_id AND o.state IN ('pending', 'delivering')
      AND o.next_attempt_at > now() AND o.next_attempt_at <= now() + @lease_horizon::interval AND o.state = 'delivering'
)) - now())::float8 AS seconds
FROM (
    SELECT c.next_attempt_at FROM webhook_deliveries c
    WHERE c.tenant_id = @tenant_id AND c.endpoint_id = @endpoint_id AND c.state IN ('pending', 'delivering')
    ORDER BY c.occurred_at, c.event_id LIMIT 1
) h;
