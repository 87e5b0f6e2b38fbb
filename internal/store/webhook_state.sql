-- name: WebhookState :one
-- Across tenants, for metrics. Each part reads an index and is bounded: of open
-- deliveries at most 100,000 are counted, of each active endpoint one is looked at.
SELECT
    (SELECT count(*) FROM (
        SELECT FROM webhook_deliveries WHERE state IN ('pending', 'delivering') LIMIT 100000) d) AS pending,
    coalesce((SELECT extract(epoch FROM now() - min(d.next_attempt_at))
        FROM webhook_endpoints e JOIN tenants t ON t.id = e.tenant_id
        CROSS JOIN LATERAL (
            SELECT c.next_attempt_at FROM webhook_deliveries c
            WHERE c.tenant_id = e.tenant_id AND c.endpoint_id = e.id AND c.state IN ('pending', 'delivering')
            ORDER BY c.next_attempt_at LIMIT 1) d
        WHERE e.state = 'active' AND t.state = 'active' AND d.next_attempt_at < now()), 0)::float8 AS oldest_seconds,
    (SELECT count(*) FROM webhook_endpoints WHERE state = 'active') AS active,
    (SELECT count(*) FROM webhook_endpoints WHERE state = 'paused') AS paused,
    (SELECT count(*) FROM webhook_endpoints WHERE state = 'disabled') AS disabled;
