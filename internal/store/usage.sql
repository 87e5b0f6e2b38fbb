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

-- name: UsageCountDeliveries :exec
INSERT INTO usage_days (tenant_id, day, deliveries)
VALUES (@tenant_id, (clock_timestamp() AT TIME ZONE 'UTC')::date, @deliveries)
ON CONFLICT (tenant_id, day) DO UPDATE SET deliveries = usage_days.deliveries + EXCLUDED.deliveries;

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
