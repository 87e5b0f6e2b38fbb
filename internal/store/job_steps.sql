-- name: JobBegin :one
-- A step begins: a sign of life. A paused job stays paused.
UPDATE jobs SET state = CASE WHEN state = 'queued' THEN 'running' ELSE state END,
    stage = CASE WHEN @stage::text = '' THEN stage ELSE @stage END,
    started_at = coalesce(started_at, now()), dispatched_at = coalesce(dispatched_at, now()), heartbeat_at = now(),
    run_id = @run_id, worker = @worker,
    waiting = CASE WHEN waiting = 'retry' THEN '' ELSE waiting END,
    waiting_detail = CASE WHEN waiting = 'retry' THEN '' ELSE waiting_detail END,
    waiting_since = CASE WHEN waiting = 'retry' THEN NULL ELSE waiting_since END
WHERE tenant_id = @tenant_id AND id = @id AND state IN ('queued', 'running', 'paused')
RETURNING state;

-- name: JobReopen :execrows
-- Takes up again what failed of a job that has ended; run_id tells that it was done
-- for this run.
UPDATE jobs SET state = 'running', run_id = @run_id, finished_at = NULL, error_code = '', error_message = '', heartbeat_at = now(),
    failed = failed - @reopened::int
WHERE tenant_id = @tenant_id AND id = @id AND run_id <> @run_id AND state IN ('failed', 'completed_with_errors', 'canceled');

-- name: JobItemReopen :many
UPDATE job_items SET state = 'queued', stage = '', error_code = '', error_message = '', updated_at = now()
WHERE tenant_id = @tenant_id AND job_id = @job_id AND state IN ('failed', 'canceled')
RETURNING document_id, version;

-- name: DocumentReopenMany :exec
UPDATE documents d SET state = 'queued', error_code = '', error_message = '', updated_at = now()
FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@versions::bigint[]) AS version) u
WHERE d.tenant_id = @tenant_id AND d.id = u.id AND d.version = u.version AND d.state = 'failed';

-- name: JobHeartbeat :exec
UPDATE jobs SET heartbeat_at = now(), stage = CASE WHEN @stage::text = '' THEN stage ELSE @stage END
WHERE tenant_id = @tenant_id AND id = @id AND state IN ('running', 'paused');

-- name: JobAttemptInsert :exec
INSERT INTO job_attempts (tenant_id, job_id, id, step, from_seq, to_seq, attempt, stage, worker, run_id)
VALUES (@tenant_id, @job_id, @id, @step, @from_seq, @to_seq, @attempt, @stage, @worker, @run_id);

-- name: JobAttemptLose :exec
-- A later attempt at the same step shows that these have ended.
UPDATE job_attempts SET state = 'lost', error_code = 'worker_lost', ended_at = now(),
    error = 'the worker did not say how this attempt ended: it died, was stopped, or was too slow to be waited for'
WHERE tenant_id = @tenant_id AND job_id = @job_id AND step = @step AND from_seq = @from_seq AND state = 'running' AND attempt < @attempt;

-- name: JobAttemptEnd :exec
UPDATE job_attempts SET state = @state, stage = @stage, error_code = @error_code, error = @error, ended_at = now()
WHERE tenant_id = @tenant_id AND job_id = @job_id AND id = @id AND state = 'running';

-- name: JobAttemptTrim :exec
DELETE FROM job_attempts d WHERE d.tenant_id = @tenant_id AND d.job_id = @job_id AND d.id IN (
    SELECT a.id FROM job_attempts a WHERE a.tenant_id = @tenant_id AND a.job_id = @job_id
    ORDER BY a.state = 'succeeded', a.id DESC OFFSET @keep::int);

-- name: JobWait :exec
UPDATE jobs SET waiting = @waiting, waiting_detail = @detail, waiting_since = CASE WHEN waiting = @waiting THEN waiting_since ELSE now() END
WHERE tenant_id = @tenant_id AND id = @id AND state IN ('queued', 'running', 'paused') AND (waiting IN ('', 'retry') OR @waiting = 'cancel');

-- name: JobAttemptList :many
SELECT * FROM job_attempts
WHERE tenant_id = @tenant_id AND job_id = @job_id AND id < @before_id ORDER BY id DESC LIMIT @row_limit;

-- name: JobAttemptCountByState :many
SELECT state, count(*)::int AS attempts FROM job_attempts WHERE tenant_id = @tenant_id AND job_id = @job_id GROUP BY state;
