package seed

const dayTable = `CREATE TEMPORARY TABLE seed_day (
	id uuid, at timestamptz, query text, type text, cached boolean, results bigint, took_us bigint, user_id text,
	document_id uuid, position integer);
GRANT ALL ON seed_day TO rustassistant_system`

const dayIsThere = `SELECT EXISTS (SELECT FROM search_events WHERE tenant_id = $1 AND at >= $2 AND at < $2 + interval '1 day')
	OR EXISTS (SELECT FROM analytics_sketches WHERE tenant_id = $1 AND grain = 24 AND at = $2)`

// drawDay makes $1 searches. Ranks are drawn from a density of 1/rank, up to $2: with
// 137,000 searches and 200,000 ranks some 40,000 are different.
const drawDay = `INSERT INTO seed_day
SELECT delivery_id_at(e.at), e.at, e.query, e.type, e.cached, e.results, e.took_us, e.user_id,
       CASE WHEN e.results > 0 AND e.chance < 0.2 THEN md5(e.rank % 10000 || '/' || floor(e.chance * 20))::uuid END,
       1 + floor(e.chance * 50)::integer
FROM (
    SELECT $4::timestamptz + make_interval(secs => trunc((d.i - random()) * $5::float8 / $1::integer * 1000) / 1000) AS at,
           'how to configure item ' || d.rank AS query, d.rank,
           CASE WHEN d.kind < 0.6 THEN 'hybrid' WHEN d.kind < 0.9 THEN 'keyword' ELSE 'semantic' END AS type,
           d.hit < 0.6 AS cached, CASE WHEN d.rank % 25 = 0 THEN 0 ELSE d.rank % 977 END AS results,
           floor(CASE WHEN d.hit < 0.6 THEN 150 * exp(1.5 * d.chance) ELSE 1500 * exp(3 * random()) END)::bigint AS took_us,
           'user-' || floor(random() * $3::integer) AS user_id, d.chance
    FROM (SELECT i, floor(exp(random() * ln($2::float8 + 1)))::bigint AS rank, random() AS kind, random() AS hit, random() AS chance
          FROM generate_series(1, $1::integer) i) d) e`

// The bucket of a latency, as domain.LatencyBucket has it for 8 µs and more.
const bucket = `((floor(ln(took_us + 0.5) / ln(2::float8))::int - 3) * 8 + (took_us >> (floor(ln(took_us + 0.5) / ln(2::float8))::int - 3)))::smallint`

var storeEvents = []string{
	`INSERT INTO analytics_pending (tenant_id, grain, at)
	SELECT DISTINCT $1::uuid, 1, date_trunc('hour', at, 'UTC') FROM seed_day WHERE at >= $2 ORDER BY 3 ON CONFLICT (tenant_id, grain, at) DO UPDATE SET marked_at = now()`,
	`INSERT INTO search_events (tenant_id, at, id, query, type, cached, results, took_us, bucket, user_id)
	SELECT $1, date_trunc('milliseconds', at), id, query, type, cached, results, took_us, ` + bucket + `, user_id FROM seed_day WHERE at >= $2`,
	`INSERT INTO search_clicks (tenant_id, at, query_id, document_id, position)
	SELECT $1, date_trunc('milliseconds', at), id, document_id, position FROM seed_day WHERE at >= $2 AND document_id IS NOT NULL`,
}

var storeRollup = []string{
	`INSERT INTO analytics_queries (tenant_id, grain, at, query, searches, zero_results, took_us, clicked, clicks, position_sum, last_at)
	SELECT $1, 24, $2, query, count(*), count(*) FILTER (WHERE results = 0), sum(took_us), count(document_id), count(document_id),
	       coalesce(sum(position) FILTER (WHERE document_id IS NOT NULL), 0), max(at)
	FROM seed_day GROUP BY query ORDER BY count(*) DESC, query`,
	`INSERT INTO analytics_totals
	SELECT $1, 24, $2, type, cached, sum(n), sum(zero), sum(took), max(longest), sum(clicked), sum(clicked), sum(positions),
	       array_agg(b ORDER BY b), array_agg(n ORDER BY b)
	FROM (SELECT type, cached, ` + bucket + ` AS b, count(*) AS n, count(*) FILTER (WHERE results = 0) AS zero, sum(took_us) AS took,
	             max(took_us) AS longest, count(document_id) AS clicked, coalesce(sum(position) FILTER (WHERE document_id IS NOT NULL), 0) AS positions
	      FROM seed_day GROUP BY 1, 2, 3) x GROUP BY type, cached`,
	`INSERT INTO analytics_documents
	SELECT $1, 24, $2, document_id, count(*), sum(position) FROM seed_day WHERE document_id IS NOT NULL GROUP BY document_id ORDER BY count(*) DESC`,
	`INSERT INTO analytics_positions
	SELECT $1, 24, $2, position, count(*) FROM seed_day WHERE document_id IS NOT NULL GROUP BY position`,
	`INSERT INTO analytics_pending (tenant_id, grain, at, marked_at)
	VALUES ($1, 168, date_trunc('week', $2::timestamptz, 'UTC'), now() - interval '1 day') ON CONFLICT (tenant_id, grain, at) DO NOTHING`,
}

const storeSketch = `INSERT INTO analytics_sketches (tenant_id, grain, at, queries, users, query_rows, document_rows)
	SELECT $1, 24, $2, $3, $4, (SELECT count(*) FROM analytics_queries WHERE tenant_id = $1 AND grain = 24 AND at = $2),
	       (SELECT count(*) FROM analytics_documents WHERE tenant_id = $1 AND grain = 24 AND at = $2)`

const rollWeek = `SELECT analytics_roll($1, 168::smallint, $2)`

const storeWeekSketch = `INSERT INTO analytics_sketches (tenant_id, grain, at, queries, users, query_rows, document_rows)
	SELECT $1, 168, $2, $3, $4, (SELECT count(*) FROM analytics_queries WHERE tenant_id = $1 AND grain = 168 AND at = $2),
	       (SELECT count(*) FROM analytics_documents WHERE tenant_id = $1 AND grain = 168 AND at = $2)
	ON CONFLICT (tenant_id, grain, at) DO NOTHING`

const daySketches = `SELECT queries FROM analytics_sketches
	WHERE tenant_id = $1 AND grain = 24 AND at >= $2 AND at < $2 + interval '168 hours'`

const weekIsThere = `SELECT EXISTS (SELECT FROM analytics_sketches WHERE tenant_id = $1 AND grain = 168 AND at = $2)`

// copyWeek repeats the rollups of the week of $2 after $3 weeks; $4 is the finest
// grain of the two large tables.
var copyWeek = []string{
	`INSERT INTO analytics_queries
	SELECT tenant_id, grain, at + $3::integer * interval '168 hours', query, searches, zero_results, took_us, clicked, clicks, position_sum,
	       last_at + $3::integer * interval '168 hours'
	FROM analytics_queries WHERE tenant_id = $1 AND grain >= $4::smallint AND at >= $2 AND at < $2 + interval '168 hours' AND grain > 1
	ORDER BY grain, at, searches DESC`,
	`INSERT INTO analytics_documents
	SELECT tenant_id, grain, at + $3::integer * interval '168 hours', document_id, clicks, position_sum
	FROM analytics_documents WHERE tenant_id = $1 AND grain >= $4::smallint AND at >= $2 AND at < $2 + interval '168 hours' AND grain > 1
	ORDER BY grain, at, clicks DESC`,
	`INSERT INTO analytics_totals
	SELECT tenant_id, grain, at + $3::integer * interval '168 hours', type, cached, searches, zero_results, took_us, max_took_us, clicked, clicks,
	       position_sum, buckets, counts
	FROM analytics_totals WHERE tenant_id = $1 AND grain > 1 AND at >= $2 AND at < $2 + interval '168 hours' AND $4::smallint > 0`,
	`INSERT INTO analytics_positions
	SELECT tenant_id, grain, at + $3::integer * interval '168 hours', position, clicks
	FROM analytics_positions WHERE tenant_id = $1 AND grain > 1 AND at >= $2 AND at < $2 + interval '168 hours' AND $4::smallint > 0`,
	`INSERT INTO analytics_sketches
	SELECT tenant_id, grain, at + $3::integer * interval '168 hours', queries, users, query_rows, document_rows
	FROM analytics_sketches WHERE tenant_id = $1 AND grain > 1 AND at >= $2 AND at < $2 + interval '168 hours' AND $4::smallint > 0`,
}
