-- name: AnalyticsPendingMarkMany :exec
-- Takes the locks that a rollup of these hours waits for, always in this order.
INSERT INTO analytics_pending AS p (tenant_id, grain, at)
SELECT u.tenant_id, 1, u.at
FROM (SELECT unnest(@tenant_ids::uuid[]) AS tenant_id, unnest(@hours::timestamptz[]) AS at) u
ORDER BY u.tenant_id, u.at
ON CONFLICT (tenant_id, grain, at) DO UPDATE SET marked_at = now();

-- name: AnalyticsPendingDue :many
-- Across tenants.
SELECT tenant_id, at FROM analytics_pending
WHERE grain = @grain AND at <= @latest ORDER BY at, tenant_id LIMIT @row_limit;

-- name: AnalyticsRoll :one
SELECT analytics_roll(@tenant_id::uuid, @grain::smallint, @at::timestamptz)::boolean AS rolled;

-- name: AnalyticsPendingList :many
SELECT grain, at FROM analytics_pending
WHERE tenant_id = @tenant_id AND at >= @since AND at < @until ORDER BY grain, at;

-- name: SearchEventInsertMany :many
-- Across tenants. A batch may come twice when its first answer was lost: what is
-- returned are the events that were not there.
INSERT INTO search_events (tenant_id, at, id, query, type, cached, results, took_us, bucket, user_id)
SELECT unnest(@tenant_ids::uuid[]), unnest(@ats::timestamptz[]), unnest(@ids::uuid[]), unnest(@queries::text[]),
       unnest(@types::text[]), unnest(@cached::boolean[]), unnest(@results::bigint[]), unnest(@took_us::bigint[]),
       unnest(@buckets::smallint[]), unnest(@user_ids::text[])
ON CONFLICT (tenant_id, at, id) DO NOTHING
RETURNING id;

-- name: SearchEventExists :one
SELECT EXISTS (SELECT FROM search_events WHERE tenant_id = @tenant_id AND at = @at AND id = @id);

-- name: SearchEventPage :many
SELECT e.at, e.id, e.query, e.type, e.cached, e.results, e.took_us, e.user_id,
       (SELECT count(*) FROM search_clicks k WHERE k.tenant_id = e.tenant_id AND k.at = e.at AND k.query_id = e.id) AS clicks
FROM search_events e
WHERE e.tenant_id = @tenant_id AND e.at >= @since AND e.at < @until AND (e.at, e.id) > (@after_at::timestamptz, @after_id::uuid)
ORDER BY e.at, e.id LIMIT @row_limit;

-- name: SearchEventUserRecent :many
SELECT at, id, query, type, cached, results, took_us FROM search_events
WHERE tenant_id = @tenant_id AND user_id = @user_id AND user_id <> '' AND at >= @since AND at < @until
ORDER BY at DESC, id DESC LIMIT @row_limit;

-- name: SearchEventUserQueries :many
SELECT query, count(*) AS searches, count(*) FILTER (WHERE results = 0) AS zero_results, max(at)::timestamptz AS last_at
FROM search_events
WHERE tenant_id = @tenant_id AND user_id = @user_id AND user_id <> '' AND at >= @since AND at < @until
GROUP BY query ORDER BY count(*) DESC, query LIMIT @row_limit;

-- name: SearchEventUserTotals :one
SELECT count(*) AS searches, count(*) FILTER (WHERE results = 0) AS zero_results, count(DISTINCT query) AS unique_queries,
       coalesce(sum(took_us), 0)::bigint AS took_us, coalesce(min(at), 'epoch')::timestamptz AS first_at,
       coalesce(max(at), 'epoch')::timestamptz AS last_at
FROM search_events
WHERE tenant_id = @tenant_id AND user_id = @user_id AND user_id <> '' AND at >= @since AND at < @until;

-- name: SearchClickInsert :execrows
INSERT INTO search_clicks (tenant_id, at, query_id, document_id, position)
VALUES (@tenant_id, @at, @query_id, @document_id, @position)
ON CONFLICT (tenant_id, at, query_id, document_id) DO NOTHING;

-- name: AnalyticsTotalsRead :many
SELECT t.at::timestamptz AS at, t.type::text AS type, t.cached::boolean AS cached, t.searches::bigint AS searches,
       t.zero_results::bigint AS zero_results, t.took_us::bigint AS took_us, t.max_took_us::bigint AS max_took_us,
       t.clicked::bigint AS clicked, t.clicks::bigint AS clicks, t.position_sum::bigint AS position_sum,
       t.buckets::smallint[] AS buckets, t.counts::bigint[] AS counts
FROM analytics_read_totals(@tenant_id::uuid, @days::timestamptz[], @hours::timestamptz[], @raw::timestamptz[]) t;

-- name: AnalyticsQueriesTop :many
-- By searches, by searches without results, or by clicks.
SELECT q.query::text AS query, sum(q.searches)::bigint AS searches, sum(q.zero_results)::bigint AS zero_results,
       sum(q.took_us)::bigint AS took_us, sum(q.clicked)::bigint AS clicked, sum(q.clicks)::bigint AS clicks,
       sum(q.position_sum)::bigint AS position_sum, max(q.last_at)::timestamptz AS last_at
FROM analytics_read_queries(@tenant_id::uuid, @days::timestamptz[], @hours::timestamptz[], @raw::timestamptz[]) q
GROUP BY q.query
HAVING sum(CASE @sort::text WHEN 'zero_results' THEN q.zero_results WHEN 'clicks' THEN q.clicks ELSE q.searches END) > 0
ORDER BY sum(CASE @sort::text WHEN 'zero_results' THEN q.zero_results WHEN 'clicks' THEN q.clicks ELSE q.searches END) DESC,
         max(q.last_at) DESC, q.query
LIMIT @row_limit;

-- name: AnalyticsQueryHeads :many
SELECT h.query::text AS query, h.total::bigint AS total, h.beyond::bigint AS beyond
FROM analytics_query_heads(@tenant_id::uuid, @days::timestamptz[], @hours::timestamptz[], @raw::timestamptz[], @figure::text,
                           @depth::integer, @most::integer) h;

-- name: AnalyticsQueriesOf :many
SELECT q.query::text AS query, sum(q.searches)::bigint AS searches, sum(q.zero_results)::bigint AS zero_results,
       sum(q.took_us)::bigint AS took_us, sum(q.clicked)::bigint AS clicked, sum(q.clicks)::bigint AS clicks,
       sum(q.position_sum)::bigint AS position_sum, max(q.last_at)::timestamptz AS last_at
FROM analytics_read_queries(@tenant_id::uuid, @days::timestamptz[], @hours::timestamptz[], @raw::timestamptz[]) q
WHERE q.query = ANY (@queries::text[]) GROUP BY q.query;

-- name: AnalyticsQueriesTrending :many
-- The searches since middle against those before it. A search counts half as much
-- for each half_life of age; the score is that sum times the doublings.
WITH p AS (SELECT @middle::timestamptz AS middle, @now::timestamptz AS now, @half_life_seconds::float8 AS half_life),
sums AS (
    SELECT q.query::text AS query,
           coalesce(sum(q.searches) FILTER (WHERE q.at >= p.middle), 0)::bigint AS searches,
           coalesce(sum(q.searches) FILTER (WHERE q.at < p.middle), 0)::bigint AS searches_before,
           coalesce(sum(q.searches * power(0.5::float8, greatest(extract(epoch FROM p.now - q.at), 0)::float8 / p.half_life))
                    FILTER (WHERE q.at >= p.middle), 0)::float8 AS decayed,
           max(q.last_at)::timestamptz AS last_at
    FROM p CROSS JOIN analytics_read_queries(@tenant_id::uuid, '{}'::timestamptz[], @hours::timestamptz[], @raw::timestamptz[]) q
    GROUP BY q.query)
SELECT s.query, s.searches, s.searches_before, s.last_at,
       (s.decayed * log(2, ((s.searches + 1)::numeric / (s.searches_before + 1)::numeric))::float8)::float8 AS score
FROM sums s
WHERE s.searches >= @minimum::bigint AND s.searches > s.searches_before
ORDER BY score DESC, s.searches DESC, s.query LIMIT @row_limit;

-- name: AnalyticsQueriesDistinct :one
SELECT count(DISTINCT q.query)
FROM analytics_read_queries(@tenant_id::uuid, @days::timestamptz[], @hours::timestamptz[], @raw::timestamptz[]) q;

-- name: AnalyticsUsersDistinct :one
SELECT count(DISTINCT u.user_id)
FROM analytics_read_users(@tenant_id::uuid, @days::timestamptz[], @hours::timestamptz[], @raw::timestamptz[]) u;

-- name: AnalyticsClicksByDocument :many
SELECT c.document_id::uuid AS document_id, sum(c.clicks)::bigint AS clicks,
       (sum(c.clicks * c.position)::float8 / sum(c.clicks)::float8)::float8 AS average_position,
       coalesce(max(d.title), '')::text AS title
FROM analytics_read_clicks(@tenant_id::uuid, @days::timestamptz[], @hours::timestamptz[], @raw::timestamptz[]) c
LEFT JOIN documents d ON d.tenant_id = @tenant_id::uuid AND d.id = c.document_id
GROUP BY c.document_id ORDER BY sum(c.clicks) DESC, c.document_id LIMIT @row_limit;

-- name: AnalyticsClicksByPosition :many
SELECT c.position::integer AS position, sum(c.clicks)::bigint AS clicks
FROM analytics_read_clicks(@tenant_id::uuid, @days::timestamptz[], @hours::timestamptz[], @raw::timestamptz[]) c
GROUP BY c.position ORDER BY c.position LIMIT @row_limit;

-- name: AnalyticsEnsurePartitions :one
SELECT analytics_ensure_partitions(@through::timestamptz)::integer AS made;

-- name: AnalyticsDropPartitions :one
SELECT analytics_drop_partitions(@before::timestamptz)::integer AS dropped;

-- name: SearchEventPurge :execrows
-- What was in no weekly partition.
DELETE FROM search_events WHERE at < @before;

-- name: SearchClickPurge :execrows
DELETE FROM search_clicks WHERE at < @before;

-- name: AnalyticsTotalsPurge :execrows
DELETE FROM analytics_totals WHERE at < @before;

-- name: AnalyticsQueriesPurge :execrows
DELETE FROM analytics_queries WHERE at < @before;

-- name: AnalyticsClicksPurge :execrows
DELETE FROM analytics_clicks WHERE at < @before;

-- name: AnalyticsUsersPurge :execrows
DELETE FROM analytics_users WHERE at < @before;

-- name: AnalyticsPendingPurge :execrows
DELETE FROM analytics_pending WHERE at < @before;
