-- name: IndexRebuildStart :execrows
-- Its own start, tried again, changes nothing. One that seems to run is dead: the
-- id of the workflow lets only one run at a time.
INSERT INTO index_rebuilds (tenant_id, id, state, stage, reason, workflow_id, after_id, total)
VALUES (@tenant_id, @id, 'running', 'build', @reason, @workflow_id, '00000000-0000-0000-0000-000000000000', @total)
ON CONFLICT (tenant_id) DO UPDATE SET
    id = EXCLUDED.id, state = 'running', stage = 'build', reason = EXCLUDED.reason, workflow_id = EXCLUDED.workflow_id,
    after_id = EXCLUDED.after_id, documents = 0, chunks = 0, total = EXCLUDED.total, generation = 0, error = '',
    started_at = now(), updated_at = now(), finished_at = NULL
WHERE index_rebuilds.id <> EXCLUDED.id;

-- name: IndexRebuildGet :one
SELECT * FROM index_rebuilds WHERE tenant_id = @tenant_id;

-- name: IndexRebuildAdvance :execrows
-- Nobody else has gone on from the same document.
UPDATE index_rebuilds SET after_id = @after_id, documents = documents + @documents, chunks = chunks + @chunks, updated_at = now()
WHERE tenant_id = @tenant_id AND id = @id AND state = 'running' AND after_id = @from_id;

-- name: IndexRebuildStage :exec
UPDATE index_rebuilds SET stage = @stage, updated_at = now() WHERE tenant_id = @tenant_id AND id = @id AND state = 'running';

-- name: IndexRebuildEnd :execrows
UPDATE index_rebuilds SET state = @state, generation = @generation, error = @error, updated_at = now(), finished_at = now()
WHERE tenant_id = @tenant_id AND id = @id AND state = 'running';

-- name: IndexRebuildQuiet :many
-- Rebuilds that run and have shown no sign of life for a while, of all tenants.
SELECT * FROM index_rebuilds WHERE state = 'running' AND updated_at < now() - @quiet::interval ORDER BY updated_at LIMIT @row_limit;

-- name: IndexShadowList :many
SELECT id, generation, applied_generation, documents, chunks, bytes, checksum, analysis FROM index_segments
WHERE tenant_id = @tenant_id AND shadow_of = @shadow_of ORDER BY id;

-- name: IndexShadowDelete :exec
DELETE FROM index_segments WHERE tenant_id = @tenant_id AND shadow_of = @shadow_of;

-- name: IndexShadowReveal :execrows
UPDATE index_segments SET shadow_of = NULL, generation = @generation, applied_generation = @applied_generation
WHERE tenant_id = @tenant_id AND shadow_of = @shadow_of;

-- name: IndexShadowPurge :execrows
-- What a killed worker has left: nobody reveals it any more.
DELETE FROM index_segments WHERE (tenant_id, id) IN (
    SELECT s.tenant_id, s.id FROM index_segments s
    WHERE s.shadow_of IS NOT NULL AND s.created_at < now() - @max_age::interval
      AND NOT EXISTS (SELECT FROM index_rebuilds r WHERE r.tenant_id = s.tenant_id AND r.id = s.shadow_of AND r.state = 'running')
    LIMIT @row_limit);

-- name: IndexSegmentDeleteLive :exec
DELETE FROM index_segments WHERE tenant_id = @tenant_id AND shadow_of IS NULL;

-- name: IndexTombstoneDeleteAll :exec
DELETE FROM index_tombstones WHERE tenant_id = @tenant_id;

-- name: IndexTombstoneCount :one
SELECT count(*) FROM index_tombstones WHERE tenant_id = @tenant_id;

-- name: IndexStateSet :exec
UPDATE index_state SET generation = @generation, documents = @documents, chunks = @chunks, updated_at = now()
WHERE tenant_id = @tenant_id;

-- name: DocumentIndexedVersions :many
SELECT id, indexed_version, chunk_count FROM documents
WHERE tenant_id = @tenant_id AND indexed_version > 0 AND id > @after_id ORDER BY id LIMIT @row_limit;

-- name: DocumentIndexedRange :many
SELECT * FROM documents WHERE tenant_id = @tenant_id AND indexed_version > 0 AND id > @after_id ORDER BY id LIMIT @row_limit;

-- name: DocumentIndexedMany :many
SELECT * FROM documents WHERE tenant_id = @tenant_id AND indexed_version > 0 AND id = ANY(@ids::uuid[]) ORDER BY id;

-- name: ChunkListMany :many
SELECT document_id, ordinal, heading, content FROM chunks
WHERE tenant_id = @tenant_id AND document_id = ANY(@document_ids::uuid[]) ORDER BY document_id, ordinal;

-- name: IndexUpkeepList :many
-- The tenants whose index wants work that no commit has asked for: terms of an old
-- analysis, much that is hidden, tombstones without end, or very many segments.
SELECT t.tenant_id, t.analysis FROM (
    SELECT s.tenant_id, min(s.analysis)::int AS analysis, sum(s.documents) AS documents, count(*) AS segments
    FROM index_segments s WHERE s.shadow_of IS NULL GROUP BY s.tenant_id) t
JOIN index_state i ON i.tenant_id = t.tenant_id JOIN tenants a ON a.id = t.tenant_id AND a.state = 'active'
WHERE t.analysis < @analysis::int OR t.segments > @max_segments::bigint
   OR (t.documents - i.documents > @min_hidden::bigint AND (t.documents - i.documents) * 100 > t.documents * @hidden_percent::bigint)
ORDER BY t.tenant_id;
