-- name: BackfillInsert :one
INSERT INTO analytics_backfills (tenant_id, id, since, until, next_at, requested_by, workflow_id)
VALUES (@tenant_id, @id, @since, @until, @since, @requested_by, @workflow_id)
ON CONFLICT (tenant_id) WHERE state = 'running' DO NOTHING
RETURNING *;

-- name: BackfillRunning :one
SELECT id FROM analytics_backfills WHERE tenant_id = @tenant_id AND state = 'running';

-- name: BackfillGet :one
SELECT * FROM analytics_backfills WHERE tenant_id = @tenant_id AND id = @id;

-- name: BackfillList :many
SELECT * FROM analytics_backfills WHERE tenant_id = @tenant_id AND id < @before_id ORDER BY id DESC LIMIT @row_limit;

-- name: BackfillAdvance :one
-- Another attempt may have been here already: it never goes back.
UPDATE analytics_backfills SET
    hours = hours + CASE WHEN next_at < @next_at::timestamptz THEN @hours::bigint ELSE 0 END, next_at = greatest(next_at, @next_at::timestamptz),
    updated_at = now(),
    state = CASE WHEN greatest(next_at, @next_at::timestamptz) >= until THEN 'completed' ELSE state END,
    finished_at = CASE WHEN greatest(next_at, @next_at::timestamptz) >= until THEN now() END
WHERE tenant_id = @tenant_id AND id = @id AND state = 'running'
RETURNING *;

-- name: BackfillEnd :execrows
UPDATE analytics_backfills SET state = @state, error = @error, finished_at = now(), updated_at = now()
WHERE tenant_id = @tenant_id AND id = @id AND state = 'running';

-- name: BackfillQuiet :many
-- Across tenants.
SELECT * FROM analytics_backfills
WHERE state = 'running' AND updated_at < now() - @quiet::interval ORDER BY updated_at LIMIT @row_limit;

-- name: BackfillPurge :execrows
DELETE FROM analytics_backfills WHERE finished_at < now() - @keep::interval;
