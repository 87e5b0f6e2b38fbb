-- name: AuditInsert :exec
INSERT INTO audit_log (tenant_id, id, actor, actor_id, actor_name, address, request_id, action, target_type, target_id, before, after)
VALUES (@tenant_id, @id, @actor, @actor_id, @actor_name, @address, @request_id, @action, @target_type, @target_id, @before, @after);

-- name: AuditList :many
SELECT * FROM audit_log
WHERE tenant_id = @tenant_id AND id < @before_id
  AND (sqlc.narg('action')::text IS NULL OR action = sqlc.narg('action') OR (right(sqlc.narg('action'), 2) = '.*' AND starts_with(action, left(sqlc.narg('action'), -1))))
  AND (sqlc.narg('actor_id')::uuid IS NULL OR actor_id = sqlc.narg('actor_id'))
  AND (sqlc.narg('target_id')::text IS NULL OR target_id = sqlc.narg('target_id'))
  AND (sqlc.narg('since')::timestamptz IS NULL OR created_at >= sqlc.narg('since'))
  AND (sqlc.narg('until')::timestamptz IS NULL OR created_at < sqlc.narg('until'))
ORDER BY id DESC LIMIT @row_limit;
