-- name: UsageGet :one
SELECT documents FROM tenant_usage WHERE tenant_id = @tenant_id;

-- name: UsageToday :one
-- What is used now, by the day in UTC that it is now.
SELECT coalesce(u.documents, 0)::bigint AS documents, coalesce(u.storage_bytes, 0)::bigint AS storage_bytes, coalesce(d.searches, 0)::bigint AS searches,
    coalesce(d.searches_leased, 0)::bigint AS searches_leased, t.tier, t.quota
FROM tenants t LEFT JOIN tenant_usage u ON u.tenant_id = t.id
LEFT JOIN usage_days d ON d.tenant_id = t.id AND d.day = (now() AT TIME ZONE 'UTC')::date
WHERE t.id = @tenant_id;

-- name: UsageDays :many
SELECT day, documents, storage_bytes, searches, requests, deliveries FROM usage_days
WHERE tenant_id = @tenant_id AND day BETWEEN @first::date AND @last::date ORDER BY day;

-- name: UsageBefore :one
-- The documents at the end of the last day before that they changed on.
SELECT documents, storage_bytes FROM usage_days
WHERE tenant_id = @tenant_id AND day < @first::date AND documents IS NOT NULL ORDER BY day DESC LIMIT 1;

-- name: UsageCountMany :exec
-- In the order of the keys, so that two servers cannot deadlock. A tenant that is gone
-- needs no count.
INSERT INTO usage_days (tenant_id, day, searches, requests)
SELECT c.tenant_id, c.day, c.searches, c.requests
FROM (SELECT unnest(@tenant_ids::uuid[]) AS tenant_id, unnest(@days::date[]) AS day,
             unnest(@searches::bigint[]) AS searches, unnest(@requests::bigint[]) AS requests) c
JOIN tenants t ON t.id = c.tenant_id ORDER BY c.tenant_id, c.day
ON CONFLICT (tenant_id, day) DO UPDATE SET searches = usage_days.searches + EXCLUDED.searches, requests = usage_days.requests + EXCLUDED.requests;

-- name: UsageCounters :one
SELECT documents, storage_bytes FROM tenant_usage WHERE tenant_id = @tenant_id;

-- name: UsageRecount :one
SELECT count(*) AS documents, coalesce(sum(content_bytes), 0)::bigint AS storage_bytes FROM documents WHERE tenant_id = @tenant_id;

-- name: UsageChangedTenants :many
-- Of those whose documents changed since yesterday, a twenty-fourth for each hour.
SELECT DISTINCT tenant_id FROM usage_days
WHERE day >= (now() AT TIME ZONE 'UTC')::date - 1 AND documents IS NOT NULL
  AND abs(hashtext(tenant_id::text)::bigint) % 24 = extract(hour FROM now() AT TIME ZONE 'UTC')
  AND tenant_id > @after_id ORDER BY tenant_id LIMIT @row_limit;

-- name: SearchLeaseDay :one
-- The day in UTC, how long it lasts, in seconds, and what the tenant may have.
SELECT (n.at AT TIME ZONE 'UTC')::date AS day,
    extract(epoch FROM date_trunc('day', n.at, 'UTC') + interval '1 day' - n.at)::float8 AS seconds_left, t.tier, t.quota
FROM tenants t, (SELECT clock_timestamp() AS at) n WHERE t.id = @tenant_id;

-- name: SearchLeaseLock :one
INSERT INTO usage_days AS u (tenant_id, day) VALUES (@tenant_id, @day)
ON CONFLICT (tenant_id, day) DO UPDATE SET searches_leased = u.searches_leased
RETURNING searches_leased, searches_level;

-- name: SearchLeaseSet :exec
UPDATE usage_days SET searches_leased = @searches_leased, searches_level = @searches_level WHERE tenant_id = @tenant_id AND day = @day;

-- name: SearchLeaseReturn :exec
UPDATE usage_days SET searches_leased = greatest(0, searches_leased - @searches::bigint) WHERE tenant_id = @tenant_id AND day = @day;

-- name: UsageDeliveries :many
-- Deliveries that succeeded, by day, since a day: from the counts that are written with
-- each attempt.
SELECT (h.hour AT TIME ZONE 'UTC')::date AS day, sum(h.attempts)::bigint AS deliveries
FROM webhook_endpoints e JOIN LATERAL (
    SELECT hour, attempts FROM webhook_attempt_hours a
    WHERE a.tenant_id = e.tenant_id AND a.endpoint_id = e.id AND a.hour >= @since::timestamptz AND a.error_code = ''
) h ON true
WHERE e.tenant_id = @tenant_id GROUP BY 1;

-- name: UsageRollUpDeliveries :execrows
-- Counts the days since then anew, for all tenants.
INSERT INTO usage_days (tenant_id, day, deliveries)
SELECT e.tenant_id, (h.hour AT TIME ZONE 'UTC')::date, sum(h.attempts)
FROM webhook_endpoints e JOIN LATERAL (
    SELECT hour, attempts FROM webhook_attempt_hours a
    WHERE a.tenant_id = e.tenant_id AND a.endpoint_id = e.id AND a.hour >= @since::timestamptz AND a.error_code = ''
) h ON true
GROUP BY 1, 2 ORDER BY 1, 2
ON CONFLICT (tenant_id, day) DO UPDATE SET deliveries = EXCLUDED.deliveries WHERE usage_days.deliveries <> EXCLUDED.deliveries;

-- name: UsageLimited :many
-- Tenants that something limits, or that may be limited by their tier.
SELECT t.id, t.tier, t.quota, coalesce(u.documents, 0)::bigint AS documents, coalesce(u.storage_bytes, 0)::bigint AS storage_bytes,
    coalesce(d.searches_leased, 0)::bigint AS searches_leased,
    (SELECT count(*) FROM api_keys k WHERE k.tenant_id = t.id AND k.replaced_by IS NULL
        AND (k.revoked_at IS NULL OR k.revoked_at > now()) AND (k.expires_at IS NULL OR k.expires_at > now()))::bigint AS api_keys,
    (SELECT count(*) FROM webhook_endpoints e WHERE e.tenant_id = t.id AND e.state <> 'deleted')::bigint AS webhooks
FROM tenants t LEFT JOIN tenant_usage u ON u.tenant_id = t.id
LEFT JOIN usage_days d ON d.tenant_id = t.id AND d.day = (now() AT TIME ZONE 'UTC')::date
WHERE t.state = 'active' AND (t.tier <> 'unlimited' OR t.quota <> '{}') AND t.id > @after_id ORDER BY t.id LIMIT @row_limit;
