-- +goose Up
-- Every search that was answered. at is the moment inside of id, which is the
-- answer's query_id (UUIDv7): whoever has the id knows the partition.
CREATE TABLE search_events (
    tenant_id uuid NOT NULL,
    at        timestamptz NOT NULL,
    id        uuid NOT NULL,
    query     text NOT NULL, -- lower case, spaces collapsed, at most 256 bytes
    type      text NOT NULL,
    cached    boolean NOT NULL,
    results   bigint NOT NULL, -- found on all pages
    took_us   bigint NOT NULL,
    bucket    smallint NOT NULL, -- of the latency histogram
    user_id   text NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, at, id)
) PARTITION BY RANGE (at);
CREATE INDEX search_events_user ON search_events (tenant_id, user_id, at) WHERE user_id <> '';
SELECT protect_tenant_table('search_events');

-- What was chosen among the results of a search. at is the search's, so that
-- both go together. A click whose search is not of the same tenant counts nowhere.
CREATE TABLE search_clicks (
    tenant_id   uuid NOT NULL,
    at          timestamptz NOT NULL,
    query_id    uuid NOT NULL,
    document_id uuid NOT NULL,
    position    integer NOT NULL,
    clicked_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, at, query_id, document_id)
) PARTITION BY RANGE (at);
SELECT protect_tenant_table('search_clicks');

-- Nothing is ever refused for want of a partition.
CREATE TABLE search_events_default PARTITION OF search_events DEFAULT;
SELECT protect_tenant_table('search_events_default');
CREATE TABLE search_clicks_default PARTITION OF search_clicks DEFAULT;
SELECT protect_tenant_table('search_clicks_default');

-- Rollups by hour (grain 1) and by day (grain 24), at being its beginning in UTC.
CREATE TABLE analytics_totals (
    tenant_id     uuid NOT NULL,
    grain         smallint NOT NULL CHECK (grain IN (1, 24)),
    at            timestamptz NOT NULL,
    type          text NOT NULL,
    cached        boolean NOT NULL,
    searches      bigint NOT NULL,
    zero_results  bigint NOT NULL,
    took_us       bigint NOT NULL,
    max_took_us   bigint NOT NULL,
    clicked       bigint NOT NULL, -- searches with a click
    clicks        bigint NOT NULL,
    position_sum  bigint NOT NULL,
    -- The latency histogram: counts[i] searches in buckets[i].
    buckets       smallint[] NOT NULL,
    counts        bigint[] NOT NULL,
    PRIMARY KEY (tenant_id, grain, at, type, cached)
);
SELECT protect_tenant_table('analytics_totals');

CREATE TABLE analytics_queries (
    tenant_id    uuid NOT NULL,
    grain        smallint NOT NULL CHECK (grain IN (1, 24)),
    at           timestamptz NOT NULL,
    query        text NOT NULL,
    searches     bigint NOT NULL,
    zero_results bigint NOT NULL,
    took_us      bigint NOT NULL,
    clicked      bigint NOT NULL,
    clicks       bigint NOT NULL,
    position_sum bigint NOT NULL,
    last_at      timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, grain, at, query)
);
-- The first queries of an hour or a day, for analytics_query_heads.
CREATE INDEX analytics_queries_searches ON analytics_queries (tenant_id, grain, at, searches DESC);
CREATE INDEX analytics_queries_zero ON analytics_queries (tenant_id, grain, at, zero_results DESC) WHERE zero_results > 0;
CREATE INDEX analytics_queries_clicks ON analytics_queries (tenant_id, grain, at, clicks DESC) WHERE clicks > 0;
SELECT protect_tenant_table('analytics_queries');

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

-- The watermark, one for each hour and day: what is listed here has changed since
-- it was rolled up last. A writer marks the hour in the transaction of its rows;
-- a rollup locks the mark, counts again and takes it away. A reader counts marked
-- hours from the raw rows, so that every answer is exact at every moment.
CREATE TABLE analytics_pending (
    tenant_id uuid NOT NULL,
    grain     smallint NOT NULL CHECK (grain IN (1, 24)),
    at        timestamptz NOT NULL,
    marked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, grain, at)
) WITH (fillfactor = 50);
CREATE INDEX analytics_pending_due ON analytics_pending (grain, at);
SELECT protect_tenant_table('analytics_pending');

-- The four counts of the raw rows of [since, until). Rollups store what these
-- return and readers of marked hours ask the same functions: a rollup equals a
-- recount by construction. They run with the rights of the caller.
-- +goose StatementBegin
CREATE FUNCTION analytics_searches(tenant uuid, since timestamptz, until timestamptz)
RETURNS TABLE (id uuid, at timestamptz, query text, type text, cached boolean, results bigint, took_us bigint, bucket smallint,
               user_id text, clicks bigint, position_sum bigint)
LANGUAGE sql STABLE AS $$
    SELECT e.id, e.at, e.query, e.type, e.cached, e.results, e.took_us, e.bucket, e.user_id,
           coalesce(c.clicks, 0), coalesce(c.position_sum, 0)
    FROM search_events e
    LEFT JOIN (SELECT k.at, k.query_id, count(*) AS clicks, sum(k.position) AS position_sum
               FROM search_clicks k WHERE k.tenant_id = tenant AND k.at >= since AND k.at < until
               GROUP BY k.at, k.query_id) c ON c.at = e.at AND c.query_id = e.id
    WHERE e.tenant_id = tenant AND e.at >= since AND e.at < until
$$;

CREATE FUNCTION analytics_count_totals(tenant uuid, since timestamptz, until timestamptz)
RETURNS TABLE (type text, cached boolean, searches bigint, zero_results bigint, took_us bigint, max_took_us bigint,
               clicked bigint, clicks bigint, position_sum bigint, buckets smallint[], counts bigint[])
LANGUAGE sql STABLE AS $$
    WITH by_bucket AS (
        SELECT s.type, s.cached, s.bucket, count(*) AS searches, count(*) FILTER (WHERE s.results = 0) AS zero_results,
               sum(s.took_us) AS took_us, max(s.took_us) AS max_took_us, count(*) FILTER (WHERE s.clicks > 0) AS clicked,
               sum(s.clicks) AS clicks, sum(s.position_sum) AS position_sum
        FROM analytics_searches(tenant, since, until) s GROUP BY s.type, s.cached, s.bucket)
    SELECT b.type, b.cached, sum(b.searches)::bigint, sum(b.zero_results)::bigint, sum(b.took_us)::bigint, max(b.max_took_us),
           sum(b.clicked)::bigint, sum(b.clicks)::bigint, sum(b.position_sum)::bigint,
           array_agg(b.bucket ORDER BY b.bucket), array_agg(b.searches ORDER BY b.bucket)
    FROM by_bucket b GROUP BY b.type, b.cached
$$;

CREATE FUNCTION analytics_count_queries(tenant uuid, since timestamptz, until timestamptz)
RETURNS TABLE (query text, searches bigint, zero_results bigint, took_us bigint, clicked bigint, clicks bigint,
               position_sum bigint, last_at timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT s.query, count(*), count(*) FILTER (WHERE s.results = 0), sum(s.took_us)::bigint, count(*) FILTER (WHERE s.clicks > 0),
           sum(s.clicks)::bigint, sum(s.position_sum)::bigint, max(s.at)
    FROM analytics_searches(tenant, since, until) s GROUP BY s.query
$$;

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

-- A day from its hours.
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

-- What readers ask: whole days, single hours, and hours to count from the raw rows.
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

-- The queries that are among the first depth of some day or hour, or in an hour to
-- count, with what they have there, and what a query may have at most beyond that:
-- the sum of the last value that was looked at in each. Sorted by figure, which is
-- searches, zero_results or clicks.
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

-- +goose StatementEnd

-- Rolls up one hour (grain 1) or day (grain 24) if it is marked, and says whether
-- it was. Whoever writes events of that hour meanwhile waits for the mark's lock
-- and sets it again. Each statement sees what was committed before it, so what is
-- counted after the lock is all there is.
-- +goose StatementBegin
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

-- +goose StatementBegin
-- Makes the weekly partitions from the present week to that of through. The roles
-- of the program own nothing, so this runs with the rights of the tables' owner.
-- A week of which rows are in the default partition already stays there.
CREATE FUNCTION analytics_ensure_partitions(through timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    parent text;
    part   text;
    week   timestamptz;
    made   integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('analytics_partitions', 0));
    FOREACH parent IN ARRAY ARRAY['search_events', 'search_clicks'] LOOP
        week := date_trunc('week', now(), 'UTC');
        WHILE week <= least(through, now() + interval '1 year') LOOP
            part := parent || '_' || to_char(week AT TIME ZONE 'UTC', 'YYYYMMDD');
            IF to_regclass(part) IS NULL THEN
                BEGIN
                    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', part, parent);
                    PERFORM protect_tenant_table(part::regclass);
                    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                                   parent, part, week, week + interval '168 hours');
                    made := made + 1;
                EXCEPTION WHEN check_violation THEN NULL;
                END;
            END IF;
            week := week + interval '168 hours';
        END LOOP;
    END LOOP;
    RETURN made;
END
$$;

-- Drops the weekly partitions that end at or before the given moment.
CREATE FUNCTION analytics_drop_partitions(before timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    part    record;
    dropped integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('analytics_partitions', 0));
    FOR part IN
        SELECT c.oid::regclass AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent IN ('search_events'::regclass, 'search_clicks'::regclass) AND c.relname ~ '_[0-9]{8}$'
          AND (to_date(right(c.relname, 8), 'YYYYMMDD')::timestamp AT TIME ZONE 'UTC') + interval '168 hours' <= before
    LOOP
        EXECUTE format('DROP TABLE %s', part.name);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END
$$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION analytics_ensure_partitions(timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION analytics_drop_partitions(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION analytics_ensure_partitions(timestamptz) TO rustassistant_system;
GRANT EXECUTE ON FUNCTION analytics_drop_partitions(timestamptz) TO rustassistant_system;
SELECT analytics_ensure_partitions(now() + interval '28 days');

-- +goose Down
DROP FUNCTION analytics_drop_partitions(timestamptz);
DROP FUNCTION analytics_ensure_partitions(timestamptz);
DROP FUNCTION analytics_roll(uuid, smallint, timestamptz);
DROP FUNCTION analytics_read_users(uuid, timestamptz[], timestamptz[], timestamptz[]);
DROP FUNCTION analytics_query_heads(uuid, timestamptz[], timestamptz[], timestamptz[], text, integer, integer);
DROP FUNCTION analytics_read_clicks(uuid, timestamptz[], timestamptz[], timestamptz[]);
DROP FUNCTION analytics_read_queries(uuid, timestamptz[], timestamptz[], timestamptz[]);
DROP FUNCTION analytics_read_totals(uuid, timestamptz[], timestamptz[], timestamptz[]);
DROP FUNCTION analytics_sum_totals(uuid, timestamptz, timestamptz);
DROP FUNCTION analytics_count_users(uuid, timestamptz, timestamptz);
DROP FUNCTION analytics_count_clicks(uuid, timestamptz, timestamptz);
DROP FUNCTION analytics_count_queries(uuid, timestamptz, timestamptz);
DROP FUNCTION analytics_count_totals(uuid, timestamptz, timestamptz);
DROP FUNCTION analytics_searches(uuid, timestamptz, timestamptz);
DROP TABLE analytics_pending;
DROP TABLE analytics_users;
DROP TABLE analytics_clicks;
DROP TABLE analytics_queries;
DROP TABLE analytics_totals;
DROP TABLE search_clicks;
DROP TABLE search_events;
