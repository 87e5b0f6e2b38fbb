-- name: JobDispatchLock :exec
-- One decision on a tenant's places at a time, whichever process makes it.
SELECT pg_advisory_xact_lock(hashtextextended('dispatch/' || (@tenant_id::uuid)::text, 0));

-- name: JobCountDispatched :one
SELECT count(*)::int FROM jobs
WHERE tenant_id = @tenant_id AND kind = 'index_documents' AND state IN ('queued', 'running') AND dispatched_at IS NOT NULL;

-- name: JobDispatch :many
-- The oldest jobs that wait take the free places.
UPDATE jobs u SET dispatched_at = now()
WHERE u.tenant_id = @tenant_id AND u.id IN (
    SELECT j.id FROM jobs j WHERE j.tenant_id = @tenant_id AND j.state = 'queued' AND j.dispatched_at IS NULL ORDER BY j.id LIMIT @row_limit)
RETURNING *;

-- name: JobCountAhead :one
SELECT count(*)::int FROM jobs WHERE tenant_id = @tenant_id AND state = 'queued' AND dispatched_at IS NULL AND id < @id;

-- name: JobTenantsWaiting :many
-- Tenants that are active and have jobs without a place, one row each however many wait.
WITH RECURSIVE waiting AS (
    (SELECT j.tenant_id FROM jobs j WHERE j.state = 'queued' AND j.dispatched_at IS NULL ORDER BY j.tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT j.tenant_id FROM jobs j WHERE j.state = 'queued' AND j.dispatched_at IS NULL AND j.tenant_id > w.tenant_id
            ORDER BY j.tenant_id LIMIT 1)
    FROM waiting w WHERE w.tenant_id IS NOT NULL
)
SELECT w.tenant_id::uuid AS tenant_id FROM waiting w JOIN tenants t ON t.id = w.tenant_id WHERE t.state = 'active' LIMIT @row_limit;
