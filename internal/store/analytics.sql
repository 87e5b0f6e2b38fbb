-- name: AnalyticsPendingMarkMany :exec
-- Takes the locks that a rollup of these hours waits for, always in this order.
INSERT INTO analytics_pending AS p (tenant_id, grain, at)
SELECT u.tenant_id, 1, u.at
FROM (SELECT unnest(@tenant_ids::uuid[]) AS tenant_id, unnest(@hours::timestamptz[]) AS at) u
ORDER BY u.tenant_id, u.at
ON CONFLICT (tenant_id, grain, at) DO UPDATE SET marked_at = now();

-- name: AnalyticsPendingDue :many
-- Across tenants. Marks younger than quiet are left for later.
SELECT tenant_id, at FROM analytics_pending
WHERE grain = @grain AND at <= @latest AND marked_at <= @quiet ORDER BY at, tenant_id LIMIT @row_limit;

-- name: AnalyticsRoll :one
SELECT analytics_roll(@tenant_id::uuid, @grain::smallint, @at::timestamptz)::boolean AS rolled;

-- name: AnalyticsPendingList :many
-- Without those of what cannot be counted again, which the next rollup takes away.
SELECT p.grain, p.at FROM analytics_pending p LEFT JOIN analytics_kept k ON k.tenant_id = p.tenant_id
WHERE p.tenant_id = @tenant_id AND p.at >= @since AND p.at < @until
  AND p.at >= coalesce(CASE p.grain WHEN 1 THEN k.raw_from WHEN 24 THEN k.hours_from END, '-infinity')
ORDER BY p.grain, p.at;

-- name: AnalyticsPendingLeft :one
-- Across tenants: whether there are events or hours before the given moments that
-- have not been rolled up.
SELECT EXISTS (SELECT FROM analytics_pending
    WHERE (grain = 1 AND at < @events::timestamptz) OR (grain = 24 AND at < @hours::timestamptz));

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
-- Of the newest searches of a user.
SELECT e.query, count(*) AS searches, count(*) FILTER (WHERE e.results = 0) AS zero_results, max(e.at)::timestamptz AS last_at
FROM (SELECT query, results, at FROM search_events
      WHERE tenant_id = @tenant_id AND user_id = @user_id AND user_id <> '' AND at >= @since AND at < @until
      ORDER BY at DESC LIMIT @newest) e
GROUP BY e.query ORDER BY count(*) DESC, e.query LIMIT @row_limit;

-- name: SearchEventUserTotals :one
-- Of the newest searches of a user, and whether there are more.
SELECT count(*) AS searches, count(*) FILTER (WHERE e.results = 0) AS zero_results, count(DISTINCT e.query) AS unique_queries,
       coalesce(sum(e.took_us), 0)::bigint AS took_us, coalesce(min(e.at), 'epoch')::timestamptz AS first_at,
       coalesce(max(e.at), 'epoch')::timestamptz AS last_at
FROM (SELECT query, results, took_us, at FROM search_events
      WHERE tenant_id = @tenant_id AND user_id = @user_id AND user_id <> '' AND at >= @since AND at < @until
      ORDER BY at DESC LIMIT @newest) e;

-- name: SearchEventUserMore :one
SELECT EXISTS (SELECT FROM search_events
    WHERE tenant_id = @tenant_id AND user_id = @user_id AND user_id <> '' AND at >= @since AND at < @until
    ORDER BY at DESC OFFSET @newest LIMIT 1);

-- name: SearchClickInsert :execrows
INSERT INTO search_clicks (tenant_id, at, query_id, document_id, position)
VALUES (@tenant_id, @at, @query_id, @document_id, @position)
ON CONFLICT (tenant_id, at, query_id, document_id) DO NOTHING;

-- name: AnalyticsTotalsRead :many
SELECT t.at::timestamptz AS at, t.type::text AS type, t.cached::boolean AS cached, t.searches::bigint AS searches,
       t.zero_results::bigint AS zero_results, t.took_us::bigint AS took_us, t.max_took_us::bigint AS max_took_us,
       t.clicked::bigint AS clicked, t.clicks::bigint AS clicks, t.position_sum::bigint AS position_sum,
       t.buckets::smallint[] AS buckets, t.counts::bigint[] AS counts
FROM analytics_read_totals(@tenant_id::uuid, @grains::smallint[], @ats::timestamptz[], @raw::timestamptz[]) t;

-- name: AnalyticsQueriesTop :many
-- By the heads of the parts, with what any other query may have at most.
SELECT q.query::text AS query, q.searches::bigint AS searches, q.zero_results::bigint AS zero_results, q.took_us::bigint AS took_us,
       q.clicked::bigint AS clicked, q.clicks::bigint AS clicks, q.position_sum::bigint AS position_sum,
       q.last_at::timestamptz AS last_at, q.rest::bigint AS rest
FROM analytics_top_queries(@tenant_id::uuid, @grains::smallint[], @ats::timestamptz[], @raw::timestamptz[], @figure::text,
                           @depth::integer, @most::integer, @wanted::integer) q;

-- name: AnalyticsQueriesAll :many
-- Every query is summed up. By searches, by searches without results, or by clicks.
SELECT q.query::text AS query, sum(q.searches)::bigint AS searches, sum(q.zero_results)::bigint AS zero_results,
       sum(q.took_us)::bigint AS took_us, sum(q.clicked)::bigint AS clicked, sum(q.clicks)::bigint AS clicks,
       sum(q.position_sum)::bigint AS position_sum, max(q.last_at)::timestamptz AS last_at
FROM analytics_read_queries(@tenant_id::uuid, @grains::smallint[], @ats::timestamptz[], @raw::timestamptz[]) q
GROUP BY q.query
HAVING sum(CASE @sort::text WHEN 'zero_results' THEN q.zero_results WHEN 'clicks' THEN q.clicks ELSE q.searches END) > 0
ORDER BY sum(CASE @sort::text WHEN 'zero_results' THEN q.zero_results WHEN 'clicks' THEN q.clicks ELSE q.searches END) DESC,
         max(q.last_at) DESC, q.query
LIMIT @row_limit;

-- name: AnalyticsTrendingTop :many
SELECT q.query::text AS query, q.searches::bigint AS searches, q.searches_before::bigint AS searches_before,
       q.decayed::float8 AS decayed, q.last_at::timestamptz AS last_at, q.rest::float8 AS rest
FROM analytics_trending(@tenant_id::uuid, @grains::smallint[], @ats::timestamptz[], @weights::float8[], @raw::timestamptz[],
                        @raw_weights::float8[], @middle::timestamptz, @minimum::bigint, @depth::integer, @most::integer) q;

-- name: AnalyticsTrendingAll :many
-- The same of every query.
SELECT q.query::text AS query,
       coalesce(sum(q.searches) FILTER (WHERE q.at >= @middle::timestamptz), 0)::bigint AS searches,
       coalesce(sum(q.searches) FILTER (WHERE q.at < @middle::timestamptz), 0)::bigint AS searches_before,
       coalesce(sum(q.searches * w.weight) FILTER (WHERE q.at >= @middle::timestamptz), 0)::float8 AS decayed,
       max(q.last_at)::timestamptz AS last_at
FROM analytics_read_queries(@tenant_id::uuid, @grains::smallint[], @ats::timestamptz[], @raw::timestamptz[]) q
JOIN (SELECT unnest(@ats::timestamptz[] || @raw::timestamptz[]) AS at, unnest(@weights::float8[]) AS weight) w ON w.at = q.at
GROUP BY q.query
HAVING sum(q.searches) FILTER (WHERE q.at >= @middle::timestamptz) >= @minimum::bigint;

-- name: AnalyticsDocumentsTop :many
SELECT c.document_id::uuid AS document_id, c.clicks::bigint AS clicks, c.position_sum::bigint AS position_sum, c.rest::bigint AS rest,
       coalesce(d.title, '')::text AS title
FROM analytics_top_documents(@tenant_id::uuid, @grains::smallint[], @ats::timestamptz[], @raw::timestamptz[], @depth::integer,
                             @most::integer, @wanted::integer) c
LEFT JOIN documents d ON d.tenant_id = @tenant_id::uuid AND d.id = c.document_id;

-- name: AnalyticsPositions :many
SELECT c.position::integer AS position, sum(c.clicks)::bigint AS clicks
FROM analytics_read_positions(@tenant_id::uuid, @grains::smallint[], @ats::timestamptz[], @raw::timestamptz[]) c
GROUP BY c.position ORDER BY c.position LIMIT @row_limit;

-- name: AnalyticsPartRows :one
-- How many rows of queries and documents the rollups of some parts have.
SELECT coalesce(sum(s.query_rows), 0)::bigint AS queries, coalesce(sum(s.document_rows), 0)::bigint AS documents
FROM (SELECT unnest(@grains::smallint[]) AS grain, unnest(@ats::timestamptz[]) AS at) p
JOIN analytics_sketches s ON s.tenant_id = @tenant_id AND s.grain = p.grain AND s.at = p.at;

-- name: AnalyticsSketchesRead :many
SELECT s.queries, s.users
FROM (SELECT unnest(@grains::smallint[]) AS grain, unnest(@ats::timestamptz[]) AS at) p
JOIN analytics_sketches s ON s.tenant_id = @tenant_id AND s.grain = p.grain AND s.at = p.at;

-- name: AnalyticsSketchesFiner :many
SELECT queries, users FROM analytics_sketches
WHERE tenant_id = @tenant_id AND grain = analytics_finer(@grain::smallint) AND at >= @since AND at < @until;

-- name: AnalyticsSketchUpsert :exec
INSERT INTO analytics_sketches (tenant_id, grain, at, queries, users, query_rows, document_rows)
SELECT @tenant_id, @grain::smallint, @at::timestamptz, @queries::bytea, @users::bytea,
       (SELECT count(*) FROM analytics_queries q WHERE q.tenant_id = @tenant_id AND q.grain = @grain::smallint AND q.at = @at::timestamptz),
       (SELECT count(*) FROM analytics_documents d WHERE d.tenant_id = @tenant_id AND d.grain = @grain::smallint AND d.at = @at::timestamptz)
ON CONFLICT (tenant_id, grain, at) DO UPDATE SET
    queries = excluded.queries, users = excluded.users, query_rows = excluded.query_rows, document_rows = excluded.document_rows;

-- name: SearchEventDistinct :many
-- The different queries and users of some hours, from the raw rows.
SELECT DISTINCT e.query, e.user_id
FROM (SELECT unnest(@hours::timestamptz[]) AS at) h CROSS JOIN LATERAL (
    SELECT s.query, s.user_id FROM search_events s
    WHERE s.tenant_id = @tenant_id AND s.at >= h.at AND s.at < h.at + interval '1 hour' OFFSET 0) e;

-- name: AnalyticsKept :one
-- From when on events and hours are there.
SELECT raw_from, hours_from FROM analytics_kept WHERE tenant_id = @tenant_id;

-- name: AnalyticsKeptAdvance :exec
-- Of every tenant.
INSERT INTO analytics_kept AS k (tenant_id, raw_from, hours_from) SELECT id, @raw_from::timestamptz, @hours_from::timestamptz FROM tenants
ON CONFLICT (tenant_id) DO UPDATE SET
    raw_from = greatest(k.raw_from, excluded.raw_from), hours_from = greatest(k.hours_from, excluded.hours_from)
WHERE k.raw_from < excluded.raw_from OR k.hours_from < excluded.hours_from;

-- name: SearchEventOldest :one
SELECT coalesce(min(at), 'epoch')::timestamptz AS at FROM search_events WHERE tenant_id = @tenant_id;

-- name: AnalyticsEnsurePartitions :one
SELECT analytics_ensure_partitions(@through::timestamptz)::integer AS made;

-- name: AnalyticsDropPartitions :one
SELECT analytics_drop_partitions(@before::timestamptz)::integer AS dropped;

-- name: SearchEventPurge :execrows
-- What was in no weekly partition.
DELETE FROM search_events WHERE at < @before;

-- name: SearchClickPurge :execrows
DELETE FROM search_clicks WHERE at < @before;

-- name: AnalyticsPartsExpired :many
-- Across tenants.
SELECT tenant_id, grain, at FROM analytics_sketches
WHERE (grain = 1 AND at < @hours_before::timestamptz) OR (grain > 1 AND at < @before::timestamptz)
ORDER BY grain, at LIMIT @row_limit;

-- name: AnalyticsPartsPurge :execrows
-- All that was rolled up of one hour, day or week.
WITH totals AS (DELETE FROM analytics_totals t WHERE t.tenant_id = @tenant_id AND t.grain = @grain AND t.at = @at),
queries AS (DELETE FROM analytics_queries q WHERE q.tenant_id = @tenant_id AND q.grain = @grain AND q.at = @at),
documents AS (DELETE FROM analytics_documents d WHERE d.tenant_id = @tenant_id AND d.grain = @grain AND d.at = @at),
positions AS (DELETE FROM analytics_positions p WHERE p.tenant_id = @tenant_id AND p.grain = @grain AND p.at = @at)
DELETE FROM analytics_sketches s WHERE s.tenant_id = @tenant_id AND s.grain = @grain AND s.at = @at;

-- name: AnalyticsPendingPurge :execrows
-- Marks of what is past its retention.
DELETE FROM analytics_pending WHERE at < @before;
