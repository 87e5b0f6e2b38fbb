-- name: JobRetryItems :many
-- The documents of jobs that failed and have not changed since get a new version
-- with the content they have, in the job that repeats theirs.
WITH repeats AS (
    SELECT unnest(@old_ids::uuid[]) AS old_id, unnest(@new_ids::uuid[]) AS new_id
), failed AS (
    SELECT d.id, r.new_id FROM repeats r
    JOIN job_items i ON i.tenant_id = @tenant_id AND i.job_id = r.old_id AND i.state IN ('failed', 'canceled')
    JOIN documents d ON d.tenant_id = @tenant_id AND d.id = i.document_id AND d.version = i.version AND d.state = 'failed'
    ORDER BY d.id FOR UPDATE OF d
), again AS (
    UPDATE documents d SET version = d.version + 1, state = 'queued', error_code = '', error_message = '', job_id = f.new_id, updated_at = now()
    FROM failed f WHERE d.tenant_id = @tenant_id AND d.id = f.id
    RETURNING d.id, d.version, d.content_bytes, d.job_id
), items AS (
    INSERT INTO job_items (tenant_id, job_id, seq, document_id, version, bytes)
    SELECT @tenant_id, a.job_id, row_number() OVER (PARTITION BY a.job_id ORDER BY a.id), a.id, a.version, a.content_bytes FROM again a
    RETURNING job_id, bytes
)
SELECT job_id, count(*)::int AS items, sum(bytes)::bigint AS bytes FROM items GROUP BY job_id;

-- name: JobRetryInsertMany :exec
INSERT INTO jobs (tenant_id, id, kind, total, bytes, workflow_id, stage, trace_id, retry_of)
SELECT @tenant_id, unnest(@ids::uuid[]), 'index_documents', unnest(@totals::int[]), unnest(@bytes::bigint[]), unnest(@workflow_ids::text[]),
       'queued', @trace_id, unnest(@old_ids::uuid[]);

-- name: JobRetryLinkMany :exec
UPDATE jobs j SET retried_by = u.new_id
FROM (SELECT unnest(@old_ids::uuid[]) AS old_id, unnest(@new_ids::uuid[]) AS new_id) u
WHERE j.tenant_id = @tenant_id AND j.id = u.old_id;

-- name: JobRetryOf :exec
-- The job of a workflow that was started to repeat another one.
UPDATE jobs SET retry_of = @old_id WHERE tenant_id = @tenant_id AND id = @id;

-- name: JobFollow :exec
SELECT follow_job(@tenant_id::uuid, @id::uuid, @kind::text, @state::text, @stage::text, @total::bigint, @done::bigint, @error_code::text, @error_message::text,
    @workflow_id::text, @title::text, ''::text, ''::text, NULL::timestamptz);

-- name: JobRedriveInsert :exec
INSERT INTO job_redrives (tenant_id, id, filter, until_id, after_id) VALUES (@tenant_id, @id, @filter, @until_id, @after_id);

-- name: JobRedriveLock :one
SELECT * FROM job_redrives WHERE tenant_id = @tenant_id AND id = @id FOR UPDATE;

-- name: JobRedriveAdvance :exec
UPDATE job_redrives SET after_id = @after_id WHERE tenant_id = @tenant_id AND id = @id;

-- name: JobCount :exec
-- Progress of a job that counts more than documents: what it did and what it left out.
UPDATE jobs SET done = done + @done, heartbeat_at = now(), stage = @stage, total = greatest(total, done + @done)
WHERE tenant_id = @tenant_id AND id = @id AND state IN ('queued', 'running', 'paused');

-- name: DocumentJobs :many
-- The newest jobs of the document with that id or that external id.
SELECT a.job_id FROM documents a WHERE a.tenant_id = @tenant_id AND a.id = @id
UNION ALL
SELECT b.job_id FROM documents b WHERE b.tenant_id = @tenant_id AND b.external_id IS NOT NULL AND b.external_id = @external_id::text;
