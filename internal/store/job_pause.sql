-- name: JobPause :one
UPDATE jobs SET state = 'paused', paused_at = coalesce(paused_at, now()),
    pause_reasons = CASE WHEN @reason::text = ANY(pause_reasons) THEN pause_reasons ELSE array_append(pause_reasons, @reason) END
WHERE tenant_id = @tenant_id AND id = @id
RETURNING *;

-- name: JobResume :one
UPDATE jobs SET pause_reasons = array_remove(pause_reasons, @reason::text),
    paused_at = CASE WHEN array_remove(pause_reasons, @reason) = '{}' THEN NULL ELSE paused_at END,
    resumed_at = CASE WHEN array_remove(pause_reasons, @reason) = '{}' THEN now() ELSE resumed_at END,
    state = CASE WHEN array_remove(pause_reasons, @reason) <> '{}' THEN 'paused' WHEN started_at IS NULL THEN 'queued' ELSE 'running' END
WHERE tenant_id = @tenant_id AND id = @id AND state = 'paused'
RETURNING *;

-- name: JobPauseMany :many
-- The next of a tenant's jobs that the reason does not pause yet.
UPDATE jobs u SET state = 'paused', paused_at = coalesce(paused_at, now()), pause_reasons = array_append(pause_reasons, @reason::text)
WHERE u.tenant_id = @tenant_id AND u.id IN (
    SELECT j.id FROM jobs j WHERE j.tenant_id = @tenant_id AND j.state IN ('queued', 'running', 'paused') AND j.kind = ANY(@kinds::text[])
      AND NOT (@reason = ANY(j.pause_reasons)) LIMIT @row_limit FOR UPDATE)
RETURNING *;

-- name: JobResumeMany :many
UPDATE jobs u SET pause_reasons = array_remove(pause_reasons, @reason::text),
    paused_at = CASE WHEN array_remove(pause_reasons, @reason) = '{}' THEN NULL ELSE paused_at END,
    resumed_at = CASE WHEN array_remove(pause_reasons, @reason) = '{}' THEN now() ELSE resumed_at END,
    state = CASE WHEN array_remove(pause_reasons, @reason) <> '{}' THEN 'paused' WHEN started_at IS NULL THEN 'queued' ELSE 'running' END
WHERE u.tenant_id = @tenant_id AND u.id IN (
    SELECT j.id FROM jobs j WHERE j.tenant_id = @tenant_id AND j.state = 'paused' AND @reason = ANY(j.pause_reasons)
    LIMIT @row_limit FOR UPDATE)
RETURNING *;
