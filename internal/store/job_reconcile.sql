-- name: JobReconcileLock :one
-- Of all workers one looks at a time.
SELECT pg_try_advisory_xact_lock(hashtextextended('rustassistant/reconcile-jobs', 0));

-- name: JobOpenExists :one
SELECT EXISTS (SELECT FROM jobs WHERE state IN ('queued', 'running', 'paused') AND dispatched_at IS NOT NULL);

-- name: JobOpenOfWorkflows :many
-- The jobs of these workflows that have not ended, of all tenants.
SELECT * FROM jobs WHERE workflow_id = ANY(@workflow_ids::text[]) AND state IN ('queued', 'running', 'paused') AND dispatched_at IS NOT NULL;
