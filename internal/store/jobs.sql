-- name: JobInsert :exec
INSERT INTO jobs (tenant_id, id, kind, title, total, bytes, workflow_id, stage, trace_id, retry_of, dispatched_at)
VALUES (@tenant_id, @id, @kind, @title, @total, @bytes, @workflow_id, 'queued', @trace_id, sqlc.narg('retry_of'), sqlc.narg('dispatched_at'));

-- name: JobItemInsertMany :exec
INSERT INTO job_items (tenant_id, job_id, seq, document_id, version, bytes)
SELECT @tenant_id, @job_id, unnest(@seqs::int[]), unnest(@document_ids::uuid[]), unnest(@versions::bigint[]), unnest(@bytes::int[]);

-- name: JobGet :one
SELECT * FROM jobs WHERE tenant_id = @tenant_id AND id = @id;

-- name: JobLock :one
SELECT * FROM jobs WHERE tenant_id = @tenant_id AND id = @id FOR UPDATE;

-- name: JobItemList :many
SELECT i.seq, i.document_id, i.version, i.state, i.stage, i.error_code, i.error_message, i.attempts, i.updated_at,
       coalesce(d.external_id, '')::text AS external_id, coalesce(d.title, '')::text AS title
FROM job_items i LEFT JOIN documents d ON d.tenant_id = i.tenant_id AND d.id = i.document_id
WHERE i.tenant_id = @tenant_id AND i.job_id = @job_id AND i.seq > @after_seq
  AND (sqlc.narg('state')::text IS NULL OR i.state = sqlc.narg('state'))
ORDER BY i.seq LIMIT @row_limit;

-- name: JobItemSizes :many
SELECT seq, bytes FROM job_items
WHERE tenant_id = @tenant_id AND job_id = @job_id AND seq > @after_seq AND state = 'queued'
ORDER BY seq LIMIT @row_limit;

-- name: JobItemLoad :many
-- What a batch has to index. The content is NULL when the document is gone.
SELECT i.seq, i.document_id, i.version AS item_version, d.version, d.external_id, d.title, d.doc_type, d.source_type,
       d.source_url, d.repo_id, d.language, d.tags, d.metadata, d.created_at, d.updated_at, c.content
FROM job_items i
LEFT JOIN documents d ON d.tenant_id = i.tenant_id AND d.id = i.document_id
LEFT JOIN document_contents c ON c.tenant_id = i.tenant_id AND c.document_id = i.document_id
WHERE i.tenant_id = @tenant_id AND i.job_id = @job_id AND i.seq BETWEEN @from_seq AND @to_seq AND i.state = 'queued'
ORDER BY i.seq;

-- name: JobItemFinishMany :many
UPDATE job_items i SET state = u.state, stage = u.stage, error_code = u.code, error_message = u.message,
    attempts = @attempt::int, updated_at = now()
FROM (SELECT unnest(@seqs::int[]) AS seq, unnest(@states::text[]) AS state, unnest(@stages::text[]) AS stage,
             unnest(@codes::text[]) AS code, unnest(@messages::text[]) AS message) u
WHERE i.tenant_id = @tenant_id AND i.job_id = @job_id AND i.seq = u.seq AND i.state = 'queued'
RETURNING i.seq, i.state;

-- name: JobItemFailRange :many
UPDATE job_items SET state = 'failed', stage = @stage, error_code = @code, error_message = @message,
    attempts = @attempts, updated_at = now()
WHERE tenant_id = @tenant_id AND job_id = @job_id AND seq BETWEEN @from_seq AND @to_seq AND state = 'queued'
RETURNING document_id, version;

-- name: JobItemCancelAll :many
UPDATE job_items SET state = 'canceled', updated_at = now()
WHERE tenant_id = @tenant_id AND job_id = @job_id AND state = 'queued'
RETURNING document_id, version;

-- name: JobItemCountByState :many
SELECT state, count(*)::int AS items FROM job_items WHERE tenant_id = @tenant_id AND job_id = @job_id GROUP BY state;

-- name: JobAdvance :one
UPDATE jobs SET done = done + @done, failed = failed + @failed, stage = @stage, heartbeat_at = now(),
    started_at = coalesce(started_at, now()),
    state = CASE WHEN state = 'queued' THEN 'running' ELSE state END
WHERE tenant_id = @tenant_id AND id = @id
RETURNING total, done, failed, state;

-- name: JobFinish :exec
-- Without an error of its own a job has that of its first document that failed.
UPDATE jobs j SET state = @state, stage = 'done', finished_at = now(), heartbeat_at = now(),
    pause_reasons = '{}', waiting = '', waiting_detail = '', waiting_since = NULL,
    error_code = CASE WHEN @error_code::text <> '' THEN @error_code ELSE coalesce((SELECT i.error_code FROM job_items i
        WHERE j.failed > 0 AND i.tenant_id = j.tenant_id AND i.job_id = j.id AND i.state = 'failed' ORDER BY i.seq LIMIT 1), '') END,
    error_message = CASE WHEN @error_code::text <> '' THEN @error_message::text ELSE coalesce((SELECT i.error_message FROM job_items i
        WHERE j.failed > 0 AND i.tenant_id = j.tenant_id AND i.job_id = j.id AND i.state = 'failed' ORDER BY i.seq LIMIT 1), '') END
WHERE j.tenant_id = @tenant_id AND j.id = @id AND j.state IN ('queued', 'running', 'paused');

-- name: JobCountByState :many
SELECT state, count(*) AS jobs FROM jobs
WHERE tenant_id = @tenant_id AND (state IN ('queued', 'running', 'paused')
  OR (state IN ('completed', 'completed_with_errors', 'failed', 'canceled') AND id >= @since_id))
GROUP BY state;

-- name: JobThroughput :many
SELECT date_trunc('hour', finished_at)::timestamptz AS at, sum(done)::bigint AS documents FROM jobs
WHERE tenant_id = @tenant_id AND id >= @since_id AND finished_at IS NOT NULL
GROUP BY 1 ORDER BY 1;

-- name: JobListPending :many
-- Across tenants: what was handed to Temporal and shows no sign of life, where work
-- may be done.
SELECT j.* FROM jobs j
WHERE (SELECT t.state = 'active' FROM tenants t WHERE t.id = j.tenant_id) AND j.state IN ('queued', 'running') AND j.kind IN ('index_documents', 'redrive_jobs') AND j.dispatched_at < now() - @grace::interval
  AND (j.heartbeat_at IS NULL OR j.heartbeat_at < now() - 6 * @grace::interval)
ORDER BY j.created_at LIMIT @row_limit;

-- name: JobTouchMany :exec
-- Seen alive: the next look may skip these and get to others.
UPDATE jobs j SET heartbeat_at = now()
FROM (SELECT unnest(@tenant_ids::uuid[]) AS tenant_id, unnest(@ids::uuid[]) AS id) u
WHERE j.tenant_id = u.tenant_id AND j.id = u.id AND j.state IN ('queued', 'running');
