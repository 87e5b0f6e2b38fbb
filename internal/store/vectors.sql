-- name: IndexModelGet :one
SELECT model_id FROM index_state WHERE tenant_id = @tenant_id;

-- name: IndexModelSet :exec
UPDATE index_state SET model_id = @model_id, generation = @generation, updated_at = now() WHERE tenant_id = @tenant_id;

-- name: IndexSegmentLive :one
SELECT chunks FROM index_segments WHERE tenant_id = @tenant_id AND id = @id AND shadow_of IS NULL;

-- name: IndexVectorsList :many
SELECT id, segment_id, chunks, missing, pending, bytes, checksum FROM index_vectors
WHERE tenant_id = @tenant_id AND model_id = @model_id;

-- name: IndexVectorsInsert :exec
INSERT INTO index_vectors (tenant_id, id, segment_id, model_id, chunks, missing, pending, bytes, checksum)
VALUES (@tenant_id, @id, @segment_id, @model_id, @chunks, @missing, @pending, @bytes, @checksum);

-- name: IndexVectorsPartInsert :exec
INSERT INTO index_vector_parts (tenant_id, vectors_id, part, data) VALUES (@tenant_id, @vectors_id, @part, @data);

-- name: IndexVectorsPartGet :one
SELECT data FROM index_vector_parts WHERE tenant_id = @tenant_id AND vectors_id = @vectors_id AND part = @part;

-- name: IndexVectorsDeleteOthers :exec
DELETE FROM index_vectors WHERE tenant_id = @tenant_id AND segment_id = @segment_id AND model_id = @model_id AND id <> @id;

-- name: IndexVectorsDeleteOfModel :exec
DELETE FROM index_vectors WHERE tenant_id = @tenant_id AND model_id = @model_id;

-- name: IndexVectorsLacking :many
-- Live segments with chunks that the model has not seen, the largest first.
SELECT s.id, s.chunks, (CASE WHEN v.id IS NULL THEN s.chunks ELSE v.pending END)::int AS pending
FROM index_segments s LEFT JOIN index_vectors v ON v.tenant_id = s.tenant_id AND v.segment_id = s.id AND v.model_id = @model_id
WHERE s.tenant_id = @tenant_id AND s.shadow_of IS NULL AND (v.id IS NULL OR v.pending > 0)
ORDER BY s.chunks DESC, s.id LIMIT @row_limit;

-- name: IndexVectorsCoverage :one
-- Chunks of all live segments, of these those that the model has not seen, and
-- what the vectors need.
SELECT coalesce(sum(s.chunks), 0)::bigint AS chunks,
       coalesce(sum(CASE WHEN v.id IS NULL THEN s.chunks ELSE v.pending END), 0)::bigint AS pending,
       coalesce(sum(v.bytes), 0)::bigint AS bytes
FROM index_segments s LEFT JOIN index_vectors v ON v.tenant_id = s.tenant_id AND v.segment_id = s.id AND v.model_id = @model_id
WHERE s.tenant_id = @tenant_id AND s.shadow_of IS NULL;
