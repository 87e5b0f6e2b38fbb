-- name: JobState :many
-- Across tenants, for metrics: reads the index of unfinished jobs, at most 100,000
-- of them.
SELECT kind, state, count(*) AS jobs,
    coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS oldest_seconds
FROM (SELECT kind, state, created_at FROM jobs WHERE state IN ('queued', 'running') ORDER BY created_at LIMIT 100000) j
GROUP BY kind, state;
