-- +goose Up
-- Rollups by week (grain 168), which begin on Mondays, 00:00 UTC. A year is some 50
-- weeks and the days and hours at its ends.
ALTER TABLE analytics_totals DROP CONSTRAINT analytics_totals_grain_check, ADD CHECK (grain IN (1, 24, 168));
ALTER TABLE analytics_queries DROP CONSTRAINT analytics_queries_grain_check, ADD CHECK (grain IN (1, 24, 168));
ALTER TABLE analytics_pending DROP CONSTRAINT analytics_pending_grain_check, ADD CHECK (grain IN (1, 24, 168));

-- The first queries of an hour, a day or a week are read from the index alone.
DROP INDEX analytics_queries_searches, analytics_queries_zero, analytics_queries_clicks;
CREATE INDEX analytics_queries_searches ON analytics_queries (tenant_id, grain, at, searches DESC, query);
CREATE INDEX analytics_queries_zero ON analytics_queries (tenant_id, grain, at, zero_results DESC, query) WHERE zero_results > 0;
CREATE INDEX analytics_queries_clicks ON analytics_queries (tenant_id, grain, at, clicks DESC, query) WHERE clicks > 0;

-- What was chosen: by document, whose number has no bound, and by position.
CREATE TABLE analytics_documents (
    tenant_id    uuid NOT NULL,
    grain        smallint NOT NULL CHECK (grain IN (1, 24, 168)),
    at           timestamptz NOT NULL,
    document_id  uuid NOT NULL,
    clicks       bigint NOT NULL,
    position_sum bigint NOT NULL,
    PRIMARY KEY (tenant_id, grain, at, document_id)
);
CREATE INDEX analytics_documents_clicks ON analytics_documents (tenant_id, grain, at, clicks DESC, document_id);
SELECT protect_tenant_table('analytics_documents');

CREATE TABLE analytics_positions (
    tenant_id uuid NOT NULL,
    grain     smallint NOT NULL CHECK (grain IN (1, 24, 168)),
    at        timestamptz NOT NULL,
    position  integer NOT NULL,
    clicks    bigint NOT NULL,
    PRIMARY KEY (tenant_id, grain, at, position)
);
SELECT protect_tenant_table('analytics_positions');

-- How many different queries and users there were, as sketches that can be merged
-- (package internal/distinct), and how many rows the other tables have of it. Each
-- hour, day and week that was rolled up has a row here.
CREATE TABLE analytics_sketches (
    tenant_id     uuid NOT NULL,
    grain         smallint NOT NULL CHECK (grain IN (1, 24, 168)),
    at            timestamptz NOT NULL,
    queries       bytea NOT NULL,
    users         bytea NOT NULL,
    query_rows    bigint NOT NULL,
    document_rows bigint NOT NULL,
    PRIMARY KEY (tenant_id, grain, at)
);
-- Registers of a sketch hold little that could be compressed.
ALTER TABLE analytics_sketches ALTER COLUMN queries SET STORAGE EXTERNAL, ALTER COLUMN users SET STORAGE EXTERNAL;
CREATE INDEX analytics_sketches_age ON analytics_sketches (grain, at);
SELECT protect_tenant_table('analytics_sketches');

-- From when on a tenant's events, and the rollups by hour, are there. What lies
-- before cannot be counted again. A tenant without a row has lost nothing yet.
CREATE TABLE analytics_kept (
    tenant_id  uuid PRIMARY KEY,
    raw_from   timestamptz NOT NULL,
    hours_from timestamptz NOT NULL CHECK (hours_from <= raw_from)
);
SELECT protect_tenant_table('analytics_kept');

DROP FUNCTION analytics_roll(uuid, smallint, timestamptz);
DROP FUNCTION analytics_read_users(uuid, timestamptz[], timestamptz[], timestamptz[]);
DROP FUNCTION analytics_query_heads(uuid, timestamptz[], timestamptz[], timestamptz[], text, integer, integer);
DROP FUNCTION analytics_read_clicks(uuid, timestamptz[], timestamptz[], timestamptz[]);
DROP FUNCTION analytics_read_queries(uuid, timestamptz[], timestamptz[], timestamptz[]);
DROP FUNCTION analytics_read_totals(uuid, timestamptz[], timestamptz[], timestamptz[]);
DROP FUNCTION analytics_sum_totals(uuid, timestamptz, timestamptz);
DROP FUNCTION analytics_count_users(uuid, timestamptz, timestamptz);
DROP FUNCTION analytics_count_clicks(uuid, timestamptz, timestamptz);
DROP TABLE analytics_users;
DROP TABLE analytics_clicks;

-- What exists is counted again with the new figures.
INSERT INTO analytics_pending AS p (tenant_id, grain, at)
SELECT DISTINCT tenant_id, 1, at FROM analytics_totals WHERE grain = 1
ON CONFLICT (tenant_id, grain, at) DO NOTHING;

-- +goose StatementBegin
-- The grain that a coarser one is the sum of.
CREATE FUNCTION analytics_finer(grain smallint) RETURNS smallint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE grain WHEN 168 THEN 24 WHEN 24 THEN 1 END::smallint
$$;

-- Counts of the raw rows of [since, until), beside analytics_count_totals and
-- analytics_count_queries.
CREATE FUNCTION analytics_count_documents(tenant uuid, since timestamptz, until timestamptz)
RETURNS TABLE (document_id uuid, clicks bigint, position_sum bigint)
LANGUAGE sql STABLE AS $$
    SELECT k.document_id, count(*), sum(k.position)::bigint
    FROM search_clicks k JOIN search_events e ON e.tenant_id = k.tenant_id AND e.at = k.at AND e.id = k.query_id
    WHERE k.tenant_id = tenant AND k.at >= since AND k.at < until AND e.tenant_id = tenant AND e.at >= since AND e.at < until
    GROUP BY k.document_id
$$;

CREATE FUNCTION analytics_count_positions(tenant uuid, since timestamptz, until timestamptz)
RETURNS TABLE ("position" integer, clicks bigint)
LANGUAGE sql STABLE AS $$
    SELECT k.position, count(*)
    FROM search_clicks k JOIN search_events e ON e.tenant_id = k.tenant_id AND e.at = k.at AND e.id = k.query_id
    WHERE k.tenant_id = tenant AND k.at >= since AND k.at < until AND e.tenant_id = tenant AND e.at >= since AND e.at < until
    GROUP BY k.position
$$;

-- Sums of the finer rollups of [since, until): days of hours, weeks of days.
CREATE FUNCTION analytics_sum_totals(tenant uuid, finer smallint, since timestamptz, until timestamptz)
RETURNS TABLE (type text, cached boolean, searches bigint, zero_results bigint, took_us bigint, max_took_us bigint,
               clicked bigint, clicks bigint, position_sum bigint, buckets smallint[], counts bigint[])
LANGUAGE sql STABLE AS $$
    WITH sums AS (
        SELECT t.type, t.cached, sum(t.searches)::bigint AS searches, sum(t.zero_results)::bigint AS zero_results,
               sum(t.took_us)::bigint AS took_us, max(t.max_took_us) AS max_took_us, sum(t.clicked)::bigint AS clicked,
               sum(t.clicks)::bigint AS clicks, sum(t.position_sum)::bigint AS position_sum
        FROM analytics_totals t
        WHERE t.tenant_id = tenant AND t.grain = finer AND t.at >= since AND t.at < until GROUP BY t.type, t.cached),
    by_bucket AS (
        SELECT t.type, t.cached, u.bucket, sum(u.n)::bigint AS n
        FROM analytics_totals t CROSS JOIN LATERAL unnest(t.buckets, t.counts) AS u (bucket, n)
        WHERE t.tenant_id = tenant AND t.grain = finer AND t.at >= since AND t.at < until GROUP BY t.type, t.cached, u.bucket),
    histograms AS (
        SELECT b.type, b.cached, array_agg(b.bucket ORDER BY b.bucket) AS buckets, array_agg(b.n ORDER BY b.bucket) AS counts
        FROM by_bucket b GROUP BY b.type, b.cached)
    SELECT s.type, s.cached, s.searches, s.zero_results, s.took_us, s.max_took_us, s.clicked, s.clicks, s.position_sum,
           h.buckets, h.counts
    FROM sums s JOIN histograms h ON h.type = s.type AND h.cached = s.cached
$$;

CREATE FUNCTION analytics_sum_queries(tenant uuid, finer smallint, since timestamptz, until timestamptz)
RETURNS TABLE (query text, searches bigint, zero_results bigint, took_us bigint, clicked bigint, clicks bigint,
               position_sum bigint, last_at timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT q.query, sum(q.searches)::bigint, sum(q.zero_results)::bigint, sum(q.took_us)::bigint, sum(q.clicked)::bigint,
           sum(q.clicks)::bigint, sum(q.position_sum)::bigint, max(q.last_at)
    FROM analytics_queries q
    WHERE q.tenant_id = tenant AND q.grain = finer AND q.at >= since AND q.at < until GROUP BY q.query
$$;

CREATE FUNCTION analytics_sum_documents(tenant uuid, finer smallint, since timestamptz, until timestamptz)
RETURNS TABLE (document_id uuid, clicks bigint, position_sum bigint)
LANGUAGE sql STABLE AS $$
    SELECT d.document_id, sum(d.clicks)::bigint, sum(d.position_sum)::bigint FROM analytics_documents d
    WHERE d.tenant_id = tenant AND d.grain = finer AND d.at >= since AND d.at < until GROUP BY d.document_id
$$;

CREATE FUNCTION analytics_sum_positions(tenant uuid, finer smallint, since timestamptz, until timestamptz)
RETURNS TABLE ("position" integer, clicks bigint)
LANGUAGE sql STABLE AS $$
    SELECT p.position, sum(p.clicks)::bigint FROM analytics_positions p
    WHERE p.tenant_id = tenant AND p.grain = finer AND p.at >= since AND p.at < until GROUP BY p.position
$$;

-- Rolls up one hour, day or week if it is marked, and says whether it did; the
-- sketches are the caller's, in the same transaction. Whoever writes events of that
-- hour meanwhile waits for the mark's lock and sets it again. Each statement sees
-- what was committed before it, so what is counted after the lock is all there is.
--
-- Hours whose events are gone, and days whose hours are gone, stay as they are. The
-- shared lock keeps both from going while they are counted. Rows that have not
-- changed are not written: a late click changes a few of a week's many. Rows come in
-- the order of their searches, so that the first ones lie side by side.
CREATE FUNCTION analytics_roll(tenant uuid, size smallint, since timestamptz) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET work_mem = '64MB' AS $$
DECLARE
    until timestamptz := since + make_interval(hours => size);
    finer smallint := analytics_finer(size);
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('analytics_partitions', 0));
    PERFORM FROM analytics_pending p WHERE p.tenant_id = tenant AND p.grain = size AND p.at = since FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM analytics_pending p WHERE p.tenant_id = tenant AND p.grain = size AND p.at = since;
    IF EXISTS (SELECT FROM analytics_kept k WHERE k.tenant_id = tenant
               AND since < CASE size WHEN 1 THEN k.raw_from WHEN 24 THEN k.hours_from ELSE '-infinity' END) THEN
        RETURN false;
    END IF;

    DELETE FROM analytics_totals t WHERE t.tenant_id = tenant AND t.grain = size AND t.at = since;
    INSERT INTO analytics_totals
    SELECT tenant, size, since, c.* FROM analytics_count_totals(tenant, since, until) c WHERE size = 1
    UNION ALL
    SELECT tenant, size, since, c.* FROM analytics_sum_totals(tenant, finer, since, until) c WHERE size > 1;

    DELETE FROM analytics_positions p WHERE p.tenant_id = tenant AND p.grain = size AND p.at = since;
    INSERT INTO analytics_positions
    SELECT tenant, size, since, c.* FROM analytics_count_positions(tenant, since, until) c WHERE size = 1
    UNION ALL
    SELECT tenant, size, since, c.* FROM analytics_sum_positions(tenant, finer, since, until) c WHERE size > 1;

    WITH fresh AS MATERIALIZED (
        SELECT c.* FROM analytics_count_documents(tenant, since, until) c WHERE size = 1
        UNION ALL
        SELECT c.* FROM analytics_sum_documents(tenant, finer, since, until) c WHERE size > 1),
    gone AS (
        DELETE FROM analytics_documents d WHERE d.tenant_id = tenant AND d.grain = size AND d.at = since
        AND NOT EXISTS (SELECT FROM fresh f WHERE f.document_id = d.document_id))
    INSERT INTO analytics_documents AS o (tenant_id, grain, at, document_id, clicks, position_sum)
    SELECT tenant, size, since, f.document_id, f.clicks, f.position_sum FROM fresh f ORDER BY f.clicks DESC, f.document_id
    ON CONFLICT (tenant_id, grain, at, document_id) DO UPDATE SET clicks = excluded.clicks, position_sum = excluded.position_sum
    WHERE (o.clicks, o.position_sum) IS DISTINCT FROM (excluded.clicks, excluded.position_sum);

    WITH fresh AS MATERIALIZED (
        SELECT c.* FROM analytics_count_queries(tenant, since, until) c WHERE size = 1
        UNION ALL
        SELECT c.* FROM analytics_sum_queries(tenant, finer, since, until) c WHERE size > 1),
    gone AS (
        DELETE FROM analytics_queries q WHERE q.tenant_id = tenant AND q.grain = size AND q.at = since
        AND NOT EXISTS (SELECT FROM fresh f WHERE f.query = q.query))
    INSERT INTO analytics_queries AS o
        (tenant_id, grain, at, query, searches, zero_results, took_us, clicked, clicks, position_sum, last_at)
    SELECT tenant, size, since, f.query, f.searches, f.zero_results, f.took_us, f.clicked, f.clicks, f.position_sum, f.last_at
    FROM fresh f ORDER BY f.searches DESC, f.query
    ON CONFLICT (tenant_id, grain, at, query) DO UPDATE SET
        searches = excluded.searches, zero_results = excluded.zero_results, took_us = excluded.took_us, clicked = excluded.clicked,
        clicks = excluded.clicks, position_sum = excluded.position_sum, last_at = excluded.last_at
    WHERE (o.searches, o.zero_results, o.took_us, o.clicked, o.clicks, o.position_sum, o.last_at) IS DISTINCT FROM
          (excluded.searches, excluded.zero_results, excluded.took_us, excluded.clicked, excluded.clicks, excluded.position_sum,
           excluded.last_at);

    -- What is made of it must follow. A mark that is there keeps its age: a week
    -- waits for more to change, and not for ever.
    IF size < 168 THEN
        INSERT INTO analytics_pending AS p (tenant_id, grain, at)
        VALUES (tenant, CASE size WHEN 1 THEN 24 ELSE 168 END, date_trunc(CASE size WHEN 1 THEN 'day' ELSE 'week' END, since, 'UTC'))
        ON CONFLICT (tenant_id, grain, at) DO UPDATE SET marked_at = p.marked_at;
    END IF;
    RETURN true;
END
$$;

-- What readers ask: rollups that are up to date, by their grain and beginning, and
-- hours to count from the raw rows.
CREATE FUNCTION analytics_read_totals(tenant uuid, grains smallint[], ats timestamptz[], raw timestamptz[])
RETURNS TABLE (at timestamptz, type text, cached boolean, searches bigint, zero_results bigint, took_us bigint, max_took_us bigint,
               clicked bigint, clicks bigint, position_sum bigint, buckets smallint[], counts bigint[])
LANGUAGE sql STABLE AS $$
    SELECT t.* FROM unnest(grains, ats) AS p (grain, at) CROSS JOIN LATERAL (
        SELECT t.at, t.type, t.cached, t.searches, t.zero_results, t.took_us, t.max_took_us, t.clicked, t.clicks, t.position_sum,
               t.buckets, t.counts
        FROM analytics_totals t WHERE t.tenant_id = tenant AND t.grain = p.grain AND t.at = p.at OFFSET 0) t
    UNION ALL
    SELECT h.at, c.type, c.cached, c.searches, c.zero_results, c.took_us, c.max_took_us, c.clicked, c.clicks, c.position_sum,
           c.buckets, c.counts
    FROM unnest(raw) AS h (at) CROSS JOIN LATERAL analytics_count_totals(tenant, h.at, h.at + interval '1 hour') c
$$;

CREATE FUNCTION analytics_read_queries(tenant uuid, grains smallint[], ats timestamptz[], raw timestamptz[])
RETURNS TABLE (at timestamptz, query text, searches bigint, zero_results bigint, took_us bigint, clicked bigint, clicks bigint,
               position_sum bigint, last_at timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT q.* FROM unnest(grains, ats) AS p (grain, at) CROSS JOIN LATERAL (
        SELECT q.at, q.query, q.searches, q.zero_results, q.took_us, q.clicked, q.clicks, q.position_sum, q.last_at
        FROM analytics_queries q WHERE q.tenant_id = tenant AND q.grain = p.grain AND q.at = p.at OFFSET 0) q
    UNION ALL
    SELECT h.at, c.query, c.searches, c.zero_results, c.took_us, c.clicked, c.clicks, c.position_sum, c.last_at
    FROM unnest(raw) AS h (at) CROSS JOIN LATERAL analytics_count_queries(tenant, h.at, h.at + interval '1 hour') c
$$;

CREATE FUNCTION analytics_read_positions(tenant uuid, grains smallint[], ats timestamptz[], raw timestamptz[])
RETURNS TABLE ("position" integer, clicks bigint)
LANGUAGE sql STABLE AS $$
    SELECT k.* FROM unnest(grains, ats) AS p (grain, at) CROSS JOIN LATERAL (
        SELECT k.position, k.clicks
        FROM analytics_positions k WHERE k.tenant_id = tenant AND k.grain = p.grain AND k.at = p.at OFFSET 0) k
    UNION ALL
    SELECT c.position, c.clicks
    FROM unnest(raw) AS h (at) CROSS JOIN LATERAL analytics_count_positions(tenant, h.at, h.at + interval '1 hour') c
$$;

-- The queries that may be among the first wanted of a figure (searches, zero_results
-- or clicks), most of them at most, of those among the first depth queries of each
-- part, with all that they have in all parts.
-- Any other query has at most rest of the figure: what it has in the heads where it
-- is, and in each other part no more than the last query that was looked at there.
-- rest is 0 when there is no other. Each part is read by index, however many queries it has.
CREATE FUNCTION analytics_top_queries(tenant uuid, grains smallint[], ats timestamptz[], raw timestamptz[], figure text,
                                      depth integer, most integer, wanted integer)
RETURNS TABLE (query text, searches bigint, zero_results bigint, took_us bigint, clicked bigint, clicks bigint, position_sum bigint,
               last_at timestamptz, rest bigint)
LANGUAGE plpgsql STABLE SET jit = off SET work_mem = '32MB' AS $$
BEGIN
    IF figure NOT IN ('searches', 'zero_results', 'clicks') THEN
        RAISE EXCEPTION 'no such figure: %', figure;
    END IF;
    RETURN QUERY EXECUTE format($q$
        WITH counted AS MATERIALIZED (
            SELECT c.* FROM unnest($4) AS a (at) CROSS JOIN LATERAL analytics_count_queries($1, a.at, a.at + interval '1 hour') c),
        looked AS MATERIALIZED (
            SELECT p.part, t.query, t.value, row_number() OVER (PARTITION BY p.part ORDER BY t.value DESC, t.query) AS place
            FROM unnest($2, $3) WITH ORDINALITY AS p (grain, at, part) CROSS JOIN LATERAL (
                SELECT q.query, q.%1$I AS value FROM analytics_queries q
                WHERE q.tenant_id = $1 AND q.grain = p.grain AND q.at = p.at AND q.%1$I > 0
                ORDER BY q.%1$I DESC, q.query LIMIT $5) t),
        last AS MATERIALIZED (SELECT l.part, l.value FROM looked l WHERE l.place = $5),
        unseen AS MATERIALIZED (SELECT coalesce(sum(l.value), 0) AS most FROM last l),
        heads AS MATERIALIZED (
            SELECT h.query, sum(h.value) AS total, sum(h.value) + u.most - sum(h.last) AS most, row_number() OVER (ORDER BY sum(h.value) DESC, h.query) AS rank
            FROM unseen u CROSS JOIN (
                SELECT l.query, l.value, coalesce(x.value, 0) AS last FROM looked l LEFT JOIN last x ON x.part = l.part
                UNION ALL
                SELECT c.query, c.%1$I, 0 FROM counted c WHERE c.%1$I > 0) h
            GROUP BY h.query, u.most),
        -- Who can have no more than the last one wanted has already is not looked up.
        least AS MATERIALIZED (SELECT coalesce(max(h.total) FILTER (WHERE h.rank = $7), 0) AS total FROM heads h),
        chosen AS MATERIALIZED (SELECT h.query FROM heads h CROSS JOIN least l WHERE h.rank <= $6 AND h.most >= l.total),
        bound AS (
            SELECT greatest(u.most, (SELECT max(h.most) FROM heads h CROSS JOIN least l WHERE h.rank > $6 OR h.most < l.total))::bigint AS rest
            FROM unseen u)
        SELECT r.query, sum(r.searches)::bigint, sum(r.zero_results)::bigint, sum(r.took_us)::bigint, sum(r.clicked)::bigint,
               sum(r.clicks)::bigint, sum(r.position_sum)::bigint, max(r.last_at), b.rest
        FROM bound b CROSS JOIN (
            SELECT q.query, q.searches, q.zero_results, q.took_us, q.clicked, q.clicks, q.position_sum, q.last_at
            FROM chosen k CROSS JOIN unnest($2, $3) AS p (grain, at) CROSS JOIN LATERAL (
                SELECT q.* FROM analytics_queries q
                WHERE q.tenant_id = $1 AND q.grain = p.grain AND q.at = p.at AND q.query = k.query OFFSET 0) q
            UNION ALL
            SELECT c.query, c.searches, c.zero_results, c.took_us, c.clicked, c.clicks, c.position_sum, c.last_at
            FROM counted c JOIN chosen k ON k.query = c.query) r
        GROUP BY r.query, b.rest
    $q$, figure) USING tenant, grains, ats, raw, depth, most, wanted;
END
$$;

-- The same for documents, by clicks.
CREATE FUNCTION analytics_top_documents(tenant uuid, grains smallint[], ats timestamptz[], raw timestamptz[], depth integer, most integer,
                                        wanted integer)
RETURNS TABLE (document_id uuid, clicks bigint, position_sum bigint, rest bigint)
LANGUAGE sql STABLE SET jit = off SET work_mem = '32MB' AS $$
    WITH counted AS MATERIALIZED (
        SELECT c.* FROM unnest(raw) AS a (at) CROSS JOIN LATERAL analytics_count_documents(tenant, a.at, a.at + interval '1 hour') c),
    looked AS MATERIALIZED (
        SELECT p.part, t.document_id, t.clicks, row_number() OVER (PARTITION BY p.part ORDER BY t.clicks DESC, t.document_id) AS place
        FROM unnest(grains, ats) WITH ORDINALITY AS p (grain, at, part) CROSS JOIN LATERAL (
            SELECT d.document_id, d.clicks FROM analytics_documents d
            WHERE d.tenant_id = tenant AND d.grain = p.grain AND d.at = p.at
            ORDER BY d.clicks DESC, d.document_id LIMIT depth) t),
    last AS MATERIALIZED (SELECT l.part, l.clicks FROM looked l WHERE l.place = depth),
    unseen AS MATERIALIZED (SELECT coalesce(sum(l.clicks), 0) AS most FROM last l),
    heads AS MATERIALIZED (
        SELECT h.document_id, sum(h.clicks) AS total, sum(h.clicks) + u.most - sum(h.last) AS most,
               row_number() OVER (ORDER BY sum(h.clicks) DESC, h.document_id) AS rank
        FROM unseen u CROSS JOIN (
            SELECT l.document_id, l.clicks, coalesce(x.clicks, 0) AS last FROM looked l LEFT JOIN last x ON x.part = l.part
            UNION ALL
            SELECT c.document_id, c.clicks, 0 FROM counted c) h
        GROUP BY h.document_id, u.most),
    least AS MATERIALIZED (SELECT coalesce(max(h.total) FILTER (WHERE h.rank = wanted), 0) AS total FROM heads h),
    chosen AS MATERIALIZED (
        SELECT h.document_id FROM heads h CROSS JOIN least l WHERE h.rank <= analytics_top_documents.most AND h.most >= l.total),
    bound AS (
        SELECT greatest(u.most, (SELECT max(h.most) FROM heads h CROSS JOIN least l
                                 WHERE h.rank > analytics_top_documents.most OR h.most < l.total))::bigint AS rest
        FROM unseen u)
    SELECT r.document_id, sum(r.clicks)::bigint, sum(r.position_sum)::bigint, b.rest
    FROM bound b CROSS JOIN (
        SELECT d.document_id, d.clicks, d.position_sum
        FROM chosen k CROSS JOIN unnest(grains, ats) AS p (grain, at) CROSS JOIN LATERAL (
            SELECT d.* FROM analytics_documents d
            WHERE d.tenant_id = tenant AND d.grain = p.grain AND d.at = p.at AND d.document_id = k.document_id OFFSET 0) d
        UNION ALL
        SELECT c.document_id, c.clicks, c.position_sum FROM counted c JOIN chosen k ON k.document_id = c.document_id) r
    GROUP BY r.document_id, b.rest
$$;

-- The searches since middle against those before it, of the most promising queries
-- among the first depth of each part. A search counts by the weight of its part; the
-- score is that sum times the doublings. rest is the highest score that any other
-- query may have: all that it may have in the parts since middle in whose head it
-- is not, and before middle only what is known.
CREATE FUNCTION analytics_trending(tenant uuid, grains smallint[], ats timestamptz[], weights float8[], raw timestamptz[],
                                   raw_weights float8[], middle timestamptz, minimum bigint, depth integer, most integer)
RETURNS TABLE (query text, searches bigint, searches_before bigint, decayed float8, last_at timestamptz, rest float8)
LANGUAGE sql STABLE SET jit = off SET work_mem = '32MB' AS $$
    WITH counted AS MATERIALIZED (
        SELECT a.at >= middle AS fresh, a.weight, c.query, c.searches, c.last_at
        FROM unnest(raw, raw_weights) AS a (at, weight) CROSS JOIN LATERAL analytics_count_queries(tenant, a.at, a.at + interval '1 hour') c),
    looked AS MATERIALIZED (
        SELECT p.part, p.at >= middle AS fresh, p.weight, t.query, t.searches,
               row_number() OVER (PARTITION BY p.part ORDER BY t.searches DESC, t.query) AS place
        FROM unnest(grains, ats, weights) WITH ORDINALITY AS p (grain, at, weight, part) CROSS JOIN LATERAL (
            SELECT q.query, q.searches FROM analytics_queries q
            WHERE q.tenant_id = tenant AND q.grain = p.grain AND q.at = p.at ORDER BY q.searches DESC, q.query LIMIT depth) t),
    last AS MATERIALIZED (SELECT l.part, l.fresh, l.weight, l.searches FROM looked l WHERE l.place = depth),
    most_unseen AS (
        SELECT coalesce(sum(l.searches) FILTER (WHERE l.fresh), 0)::float8 AS searches,
               coalesce(sum(l.searches * l.weight) FILTER (WHERE l.fresh), 0)::float8 AS decayed,
               coalesce(sum(l.searches) FILTER (WHERE NOT l.fresh), 0)::float8 AS searches_before
        FROM last l),
    known AS (
        SELECT h.query,
               coalesce(sum(h.searches) FILTER (WHERE h.fresh), 0)::float8 AS searches,
               coalesce(sum(h.searches * h.weight) FILTER (WHERE h.fresh), 0)::float8 AS decayed,
               coalesce(sum(h.searches) FILTER (WHERE NOT h.fresh), 0)::float8 AS searches_before,
               coalesce(sum(h.last) FILTER (WHERE h.fresh), 0)::float8 AS last,
               coalesce(sum(h.last * h.weight) FILTER (WHERE h.fresh), 0)::float8 AS last_decayed,
               coalesce(sum(h.last) FILTER (WHERE NOT h.fresh), 0)::float8 AS last_before
        FROM (SELECT l.query, l.fresh, l.weight, l.searches, coalesce(x.searches, 0) AS last
              FROM looked l LEFT JOIN last x ON x.part = l.part
              UNION ALL SELECT c.query, c.fresh, c.weight, c.searches, 0 FROM counted c) h
        GROUP BY h.query),
    -- What a query may have at most, and what may be expected of it: half of that.
    bounded AS (
        SELECT k.query, k.searches_before,
               k.searches + m.searches - k.last AS searches_most, k.decayed + m.decayed - k.last_decayed AS decayed_most,
               k.searches + (m.searches - k.last) / 2 AS searches_half, k.decayed + (m.decayed - k.last_decayed) / 2 AS decayed_half,
               k.searches_before + (m.searches_before - k.last_before) / 2 AS before_half
        FROM known k CROSS JOIN most_unseen m),
    ranked AS MATERIALIZED (
        SELECT b.query, b.decayed_most * ln((b.searches_most + 1) / (b.searches_before + 1)) / ln(2::float8) AS score_most,
               row_number() OVER (ORDER BY b.decayed_half * ln((b.searches_half + 1) / (b.before_half + 1)) DESC, b.query) AS rank
        FROM bounded b WHERE b.searches_most >= minimum AND b.searches_most > b.searches_before),
    chosen AS MATERIALIZED (SELECT r.query FROM ranked r WHERE r.rank <= most),
    bound AS (
        SELECT greatest((SELECT max(r.score_most) FROM ranked r WHERE r.rank > most),
                        (SELECT m.decayed * ln(m.searches + 1) / ln(2::float8) FROM most_unseen m WHERE m.searches >= minimum), 0)::float8 AS rest)
    SELECT r.query, coalesce(sum(r.searches) FILTER (WHERE r.fresh), 0)::bigint, coalesce(sum(r.searches) FILTER (WHERE NOT r.fresh), 0)::bigint,
           coalesce(sum(r.searches * r.weight) FILTER (WHERE r.fresh), 0)::float8, max(r.last_at), b.rest
    FROM bound b CROSS JOIN (
        SELECT q.query, p.at >= middle AS fresh, p.weight, q.searches, q.last_at
        FROM chosen k CROSS JOIN unnest(grains, ats, weights) AS p (grain, at, weight) CROSS JOIN LATERAL (
            SELECT q.query, q.searches, q.last_at FROM analytics_queries q
            WHERE q.tenant_id = tenant AND q.grain = p.grain AND q.at = p.at AND q.query = k.query OFFSET 0) q
        UNION ALL
        SELECT c.query, c.fresh, c.weight, c.searches, c.last_at FROM counted c JOIN chosen k ON k.query = c.query) r
    GROUP BY r.query, b.rest
$$;
-- +goose StatementEnd

-- +goose Down
-- What was rolled up by week is gone; the rest is counted again from the events.
DROP FUNCTION analytics_trending(uuid, smallint[], timestamptz[], float8[], timestamptz[], float8[], timestamptz, bigint, integer, integer);
DROP FUNCTION analytics_top_documents(uuid, smallint[], timestamptz[], timestamptz[], integer, integer, integer);
DROP FUNCTION analytics_top_queries(uuid, smallint[], timestamptz[], timestamptz[], text, integer, integer, integer);
DROP FUNCTION analytics_read_positions(uuid, smallint[], timestamptz[], timestamptz[]);
DROP FUNCTION analytics_read_queries(uuid, smallint[], timestamptz[], timestamptz[]);
DROP FUNCTION analytics_read_totals(uuid, smallint[], timestamptz[], timestamptz[]);
DROP FUNCTION analytics_roll(uuid, smallint, timestamptz);
DROP FUNCTION analytics_sum_positions(uuid, smallint, timestamptz, timestamptz);
DROP FUNCTION analytics_sum_documents(uuid, smallint, timestamptz, timestamptz);
DROP FUNCTION analytics_sum_queries(uuid, smallint, timestamptz, timestamptz);
DROP FUNCTION analytics_sum_totals(uuid, smallint, timestamptz, timestamptz);
DROP FUNCTION analytics_count_positions(uuid, timestamptz, timestamptz);
DROP FUNCTION analytics_count_documents(uuid, timestamptz, timestamptz);
DROP FUNCTION analytics_finer(smallint);
DROP TABLE analytics_kept;
DROP TABLE analytics_sketches;
DROP TABLE analytics_positions;
DROP TABLE analytics_documents;
DELETE FROM analytics_pending WHERE grain > 24;
DELETE FROM analytics_queries WHERE grain > 24;
DELETE FROM analytics_totals WHERE grain > 24;
ALTER TABLE analytics_pending DROP CONSTRAINT analytics_pending_grain_check, ADD CHECK (grain IN (1, 24));
ALTER TABLE analytics_queries DROP CONSTRAINT analytics_queries_grain_check, ADD CHECK (grain IN (1, 24));
ALTER TABLE analytics_totals DROP CONSTRAINT analytics_totals_grain_check, ADD CHECK (grain IN (1, 24));
DROP INDEX analytics_queries_searches, analytics_queries_zero, analytics_queries_clicks;
CREATE INDEX analytics_queries_searches ON analytics_queries (tenant_id, grain, at, searches DESC);
CREATE INDEX analytics_queries_zero ON analytics_queries (tenant_id, grain, at, zero_results DESC) WHERE zero_results > 0;
CREATE INDEX analytics_queries_clicks ON analytics_queries (tenant_id, grain, at, clicks DESC) WHERE clicks > 0;

CREATE TABLE analytics_clicks (
    tenant_id   uuid NOT NULL,
    grain       smallint NOT NULL CHECK (grain IN (1, 24)),
    at          timestamptz NOT NULL,
    document_id uuid NOT NULL,
    position    integer NOT NULL,
    clicks      bigint NOT NULL,
    PRIMARY KEY (tenant_id, grain, at, document_id, position)
);
SELECT protect_tenant_table('analytics_clicks');

CREATE TABLE analytics_users (
    tenant_id uuid NOT NULL,
    grain     smallint NOT NULL CHECK (grain IN (1, 24)),
    at        timestamptz NOT NULL,
    user_id   text NOT NULL,
    searches  bigint NOT NULL,
    PRIMARY KEY (tenant_id, grain, at, user_id)
);
SELECT protect_tenant_table('analytics_users');

-- +goose StatementBegin
CREATE FUNCTION analytics_count_clicks(tenant uuid, since timestamptz, until timestamptz)
RETURNS TABLE (document_id uuid, "position" integer, clicks bigint)
LANGUAGE sql STABLE AS $$
    SELECT k.document_id, k.position, count(*)
    FROM search_clicks k JOIN search_events e ON e.tenant_id = k.tenant_id AND e.at = k.at AND e.id = k.query_id
    WHERE k.tenant_id = tenant AND k.at >= since AND k.at < until AND e.tenant_id = tenant AND e.at >= since AND e.at < until
    GROUP BY k.document_id, k.position
$$;

CREATE FUNCTION analytics_count_users(tenant uuid, since timestamptz, until timestamptz)
RETURNS TABLE (user_id text, searches bigint)
LANGUAGE sql STABLE AS $$
    SELECT e.user_id, count(*) FROM search_events e
    WHERE e.tenant_id = tenant AND e.at >= since AND e.at < until AND e.user_id <> '' GROUP BY e.user_id
$$;

CREATE FUNCTION analytics_sum_totals(tenant uuid, since timestamptz, until timestamptz)
RETURNS TABLE (type text, cached boolean, searches bigint, zero_results bigint, took_us bigint, max_took_us bigint,
               clicked bigint, clicks bigint, position_sum bigint, buckets smallint[], counts bigint[])
LANGUAGE sql STABLE AS $$
    WITH sums AS (
        SELECT t.type, t.cached, sum(t.searches)::bigint AS searches, sum(t.zero_results)::bigint AS zero_results,
               sum(t.took_us)::bigint AS took_us, max(t.max_took_us) AS max_took_us, sum(t.clicked)::bigint AS clicked,
               sum(t.clicks)::bigint AS clicks, sum(t.position_sum)::bigint AS position_sum
        FROM analytics_totals t
        WHERE t.tenant_id = tenant AND t.grain = 1 AND t.at >= since AND t.at < until GROUP BY t.type, t.cached),
    by_bucket AS (
        SELECT t.type, t.cached, u.bucket, sum(u.n)::bigint AS n
        FROM analytics_totals t CROSS JOIN LATERAL unnest(t.buckets, t.counts) AS u (bucket, n)
        WHERE t.tenant_id = tenant AND t.grain = 1 AND t.at >= since AND t.at < until GROUP BY t.type, t.cached, u.bucket),
    histograms AS (
        SELECT b.type, b.cached, array_agg(b.bucket ORDER BY b.bucket) AS buckets, array_agg(b.n ORDER BY b.bucket) AS counts
        FROM by_bucket b GROUP BY b.type, b.cached)
    SELECT s.type, s.cached, s.searches, s.zero_results, s.took_us, s.max_took_us, s.clicked, s.clicks, s.position_sum,
           h.buckets, h.counts
    FROM sums s JOIN histograms h ON h.type = s.type AND h.cached = s.cached
$$;

CREATE FUNCTION analytics_read_totals(tenant uuid, days timestamptz[], hours timestamptz[], raw timestamptz[])
RETURNS TABLE (at timestamptz, type text, cached boolean, searches bigint, zero_results bigint, took_us bigint, max_took_us bigint,
               clicked bigint, clicks bigint, position_sum bigint, buckets smallint[], counts bigint[])
LANGUAGE sql STABLE AS $$
    SELECT t.at, t.type, t.cached, t.searches, t.zero_results, t.took_us, t.max_took_us, t.clicked, t.clicks, t.position_sum,
           t.buckets, t.counts
    FROM analytics_totals t WHERE t.tenant_id = tenant AND t.grain = 24 AND t.at = ANY (days)
    UNION ALL
    SELECT t.at, t.type, t.cached, t.searches, t.zero_results, t.took_us, t.max_took_us, t.clicked, t.clicks, t.position_sum,
           t.buckets, t.counts
    FROM analytics_totals t WHERE t.tenant_id = tenant AND t.grain = 1 AND t.at = ANY (hours)
    UNION ALL
    SELECT h.at, c.type, c.cached, c.searches, c.zero_results, c.took_us, c.max_took_us, c.clicked, c.clicks, c.position_sum,
           c.buckets, c.counts
    FROM unnest(raw) AS h (at) CROSS JOIN LATERAL analytics_count_totals(tenant, h.at, h.at + interval '1 hour') c
$$;

CREATE FUNCTION analytics_read_queries(tenant uuid, days timestamptz[], hours timestamptz[], raw timestamptz[])
RETURNS TABLE (at timestamptz, query text, searches bigint, zero_results bigint, took_us bigint, clicked bigint, clicks bigint,
               position_sum bigint, last_at timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT q.at, q.query, q.searches, q.zero_results, q.took_us, q.clicked, q.clicks, q.position_sum, q.last_at
    FROM analytics_queries q WHERE q.tenant_id = tenant AND q.grain = 24 AND q.at = ANY (days)
    UNION ALL
    SELECT q.at, q.query, q.searches, q.zero_results, q.took_us, q.clicked, q.clicks, q.position_sum, q.last_at
    FROM analytics_queries q WHERE q.tenant_id = tenant AND q.grain = 1 AND q.at = ANY (hours)
    UNION ALL
    SELECT h.at, c.query, c.searches, c.zero_results, c.took_us, c.clicked, c.clicks, c.position_sum, c.last_at
    FROM unnest(raw) AS h (at) CROSS JOIN LATERAL analytics_count_queries(tenant, h.at, h.at + interval '1 hour') c
$$;

CREATE FUNCTION analytics_query_heads(tenant uuid, days timestamptz[], hours timestamptz[], raw timestamptz[], figure text,
                                      depth integer, most integer)
RETURNS TABLE (query text, total bigint, beyond bigint)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF figure NOT IN ('searches', 'zero_results', 'clicks') THEN
        RAISE EXCEPTION 'no such figure: %', figure;
    END IF;
    RETURN QUERY EXECUTE format($q$
        WITH heads AS (
            SELECT h.query, h.value, row_number() OVER (PARTITION BY h.grain, h.at ORDER BY h.value DESC) AS place
            FROM (
                SELECT 24 AS grain, a.at, t.query, t.value FROM unnest($2) AS a (at) CROSS JOIN LATERAL (
                    SELECT q.query, q.%1$I AS value FROM analytics_queries q
                    WHERE q.tenant_id = $1 AND q.grain = 24 AND q.at = a.at AND q.%1$I > 0 ORDER BY q.%1$I DESC LIMIT $5) t
                UNION ALL
                SELECT 1, a.at, t.query, t.value FROM unnest($3) AS a (at) CROSS JOIN LATERAL (
                    SELECT q.query, q.%1$I AS value FROM analytics_queries q
                    WHERE q.tenant_id = $1 AND q.grain = 1 AND q.at = a.at AND q.%1$I > 0 ORDER BY q.%1$I DESC LIMIT $5) t) h
            UNION ALL
            SELECT c.query, c.%1$I, 0
            FROM unnest($4) AS a (at) CROSS JOIN LATERAL analytics_count_queries($1, a.at, a.at + interval '1 hour') c
            WHERE c.%1$I > 0)
        SELECT h.query, sum(h.value)::bigint, (SELECT coalesce(sum(b.value), 0)::bigint FROM heads b WHERE b.place = $5)
        FROM heads h GROUP BY h.query ORDER BY 2 DESC LIMIT $6
    $q$, figure) USING tenant, days, hours, raw, depth, most;
END
$$;

CREATE FUNCTION analytics_read_clicks(tenant uuid, days timestamptz[], hours timestamptz[], raw timestamptz[])
RETURNS TABLE (document_id uuid, "position" integer, clicks bigint)
LANGUAGE sql STABLE AS $$
    SELECT k.document_id, k.position, k.clicks
    FROM analytics_clicks k WHERE k.tenant_id = tenant AND k.grain = 24 AND k.at = ANY (days)
    UNION ALL
    SELECT k.document_id, k.position, k.clicks
    FROM analytics_clicks k WHERE k.tenant_id = tenant AND k.grain = 1 AND k.at = ANY (hours)
    UNION ALL
    SELECT c.document_id, c.position, c.clicks
    FROM unnest(raw) AS h (at) CROSS JOIN LATERAL analytics_count_clicks(tenant, h.at, h.at + interval '1 hour') c
$$;

CREATE FUNCTION analytics_read_users(tenant uuid, days timestamptz[], hours timestamptz[], raw timestamptz[])
RETURNS TABLE (user_id text, searches bigint)
LANGUAGE sql STABLE AS $$
    SELECT u.user_id, u.searches FROM analytics_users u WHERE u.tenant_id = tenant AND u.grain = 24 AND u.at = ANY (days)
    UNION ALL
    SELECT u.user_id, u.searches FROM analytics_users u WHERE u.tenant_id = tenant AND u.grain = 1 AND u.at = ANY (hours)
    UNION ALL
    SELECT c.user_id, c.searches
    FROM unnest(raw) AS h (at) CROSS JOIN LATERAL analytics_count_users(tenant, h.at, h.at + interval '1 hour') c
$$;

CREATE FUNCTION analytics_roll(tenant uuid, size smallint, since timestamptz) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    until timestamptz := since + make_interval(hours => size);
BEGIN
    PERFORM FROM analytics_pending p WHERE p.tenant_id = tenant AND p.grain = size AND p.at = since FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM analytics_totals t WHERE t.tenant_id = tenant AND t.grain = size AND t.at = since;
    DELETE FROM analytics_queries q WHERE q.tenant_id = tenant AND q.grain = size AND q.at = since;
    DELETE FROM analytics_clicks k WHERE k.tenant_id = tenant AND k.grain = size AND k.at = since;
    DELETE FROM analytics_users u WHERE u.tenant_id = tenant AND u.grain = size AND u.at = since;
    IF size = 1 THEN
        INSERT INTO analytics_totals SELECT tenant, size, since, c.* FROM analytics_count_totals(tenant, since, until) c;
        INSERT INTO analytics_queries SELECT tenant, size, since, c.* FROM analytics_count_queries(tenant, since, until) c;
        INSERT INTO analytics_clicks SELECT tenant, size, since, c.* FROM analytics_count_clicks(tenant, since, until) c;
        INSERT INTO analytics_users SELECT tenant, size, since, c.* FROM analytics_count_users(tenant, since, until) c;
        -- The day must follow.
        INSERT INTO analytics_pending AS p (tenant_id, grain, at) VALUES (tenant, 24, date_trunc('day', since, 'UTC'))
        ON CONFLICT (tenant_id, grain, at) DO UPDATE SET marked_at = now();
    ELSE
        INSERT INTO analytics_totals SELECT tenant, size, since, c.* FROM analytics_sum_totals(tenant, since, until) c;
        INSERT INTO analytics_queries
        SELECT tenant, size, since, q.query, sum(q.searches), sum(q.zero_results), sum(q.took_us), sum(q.clicked), sum(q.clicks),
               sum(q.position_sum), max(q.last_at)
        FROM analytics_queries q
        WHERE q.tenant_id = tenant AND q.grain = 1 AND q.at >= since AND q.at < until GROUP BY q.query;
        INSERT INTO analytics_clicks
        SELECT tenant, size, since, k.document_id, k.position, sum(k.clicks) FROM analytics_clicks k
        WHERE k.tenant_id = tenant AND k.grain = 1 AND k.at >= since AND k.at < until GROUP BY k.document_id, k.position;
        INSERT INTO analytics_users
        SELECT tenant, size, since, u.user_id, sum(u.searches) FROM analytics_users u
        WHERE u.tenant_id = tenant AND u.grain = 1 AND u.at >= since AND u.at < until GROUP BY u.user_id;
    END IF;
    DELETE FROM analytics_pending p WHERE p.tenant_id = tenant AND p.grain = size AND p.at = since;
    RETURN true;
END
$$;
-- +goose StatementEnd
INSERT INTO analytics_pending (tenant_id, grain, at) SELECT DISTINCT tenant_id, 1, date_trunc('hour', at, 'UTC') FROM search_events
ON CONFLICT (tenant_id, grain, at) DO NOTHING;
