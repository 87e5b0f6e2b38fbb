-- name: TenantOperationInsert :one
-- Nothing is inserted while one of the kind runs.
INSERT INTO tenant_operations (subject_id, id, slug, kind, stage, workflow_id, requested_by, requested_name, with_export, expires_at)
VALUES (@subject_id, @id, @slug, @kind, @stage, @workflow_id, @requested_by, @requested_name, @with_export, @expires_at)
ON CONFLICT (subject_id, kind) WHERE state = 'running' DO NOTHING
RETURNING *;

-- name: TenantOperationRunning :one
SELECT * FROM tenant_operations WHERE subject_id = @subject_id AND kind = @kind AND state = 'running';

-- name: TenantOperationGet :one
SELECT * FROM tenant_operations WHERE subject_id = @subject_id AND id = @id;

-- name: TenantOperationLock :one
SELECT * FROM tenant_operations WHERE subject_id = @subject_id AND id = @id FOR UPDATE;

-- name: TenantOperationList :many
-- Of a slug, also of tenants that had it before.
SELECT * FROM tenant_operations
WHERE slug = @slug AND id < @before_id AND (sqlc.narg('kind')::text IS NULL OR kind = sqlc.narg('kind'))
ORDER BY id DESC LIMIT @row_limit;

-- name: TenantOperationFind :one
SELECT * FROM tenant_operations WHERE slug = @slug AND id = @id AND kind = @kind;

-- name: TenantOperationQuiet :many
-- Across tenants: those that run and have shown no sign of life for a while.
SELECT * FROM tenant_operations WHERE state = 'running' AND updated_at < now() - @quiet::interval
ORDER BY updated_at LIMIT @row_limit;

-- name: TenantOperationTouch :exec
UPDATE tenant_operations SET updated_at = now(), done = greatest(done, @done) WHERE subject_id = @subject_id AND id = @id AND state = 'running';

-- name: TenantOperationStage :execrows
UPDATE tenant_operations SET stage = @stage, export_id = coalesce(sqlc.narg('export_id'), export_id), updated_at = now()
WHERE subject_id = @subject_id AND id = @id AND state = 'running';

-- name: TenantOperationCount :exec
-- Adds rows of one table to what an operation has done.
UPDATE tenant_operations SET done = done + @rows::bigint, bytes = bytes + @bytes::bigint, table_name = @table_name,
    counts = jsonb_set(counts, ARRAY[@table_name::text], to_jsonb(coalesce((counts ->> @table_name::text)::bigint, 0) + @rows::bigint)), updated_at = now()
WHERE subject_id = @subject_id AND id = @id;

-- name: TenantOperationAdvance :exec
-- Where an export goes on.
UPDATE tenant_operations SET table_name = @table_name, after_key = @after_key, stage = @table_name, parts = parts + @parts::int, updated_at = now()
WHERE subject_id = @subject_id AND id = @id;

-- name: TenantOperationEnd :execrows
UPDATE tenant_operations SET state = @state, error = @error, updated_at = now(), finished_at = now(),
    stage = CASE WHEN @state = 'completed' THEN 'done' ELSE stage END
WHERE subject_id = @subject_id AND id = @id AND state = 'running';

-- name: TenantOperationExpire :execrows
-- Exports past their time go with their parts, ended operations of other kinds when
-- nobody looks at them any more. Certificates stay.
DELETE FROM tenant_operations WHERE (subject_id, id) IN (
    SELECT o.subject_id, o.id FROM tenant_operations o WHERE o.expires_at < now() AND o.state <> 'running' LIMIT @row_limit);

-- name: TenantExportPartInsert :exec
INSERT INTO tenant_export_parts (subject_id, export_id, part, name, rows, bytes, sha256, data)
VALUES (@subject_id, @export_id, @part, @name, @rows, @bytes, @sha256, @data);

-- name: TenantExportPartList :many
SELECT part, name, rows, bytes, sha256 FROM tenant_export_parts
WHERE subject_id = @subject_id AND export_id = @export_id ORDER BY part;

-- name: TenantExportPartGet :one
SELECT data FROM tenant_export_parts WHERE subject_id = @subject_id AND export_id = @export_id AND part = @part;

-- name: TenantExportBytes :one
-- What all exports take that are kept.
SELECT coalesce(sum(bytes), 0)::bigint AS bytes FROM tenant_operations WHERE kind = 'export';

-- name: TenantExportDeleteParts :execrows
DELETE FROM tenant_export_parts WHERE subject_id = @subject_id AND export_id = @export_id;

-- name: TenantCertificateInsert :exec
INSERT INTO tenant_certificates (subject_id, id, slug, issued_at, body, sha256)
VALUES (@subject_id, @id, @slug, @issued_at, @body, @sha256);

-- name: TenantCertificateFind :one
-- The newest of a slug.
SELECT * FROM tenant_certificates WHERE slug = @slug ORDER BY id DESC LIMIT 1;
