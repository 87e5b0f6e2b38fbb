-- name: IndexStateLock :one
SELECT generation FROM index_state WHERE tenant_id = @tenant_id FOR UPDATE;

-- name: IndexStateGet :one
SELECT generation, documents, chunks FROM index_state WHERE tenant_id = @tenant_id;

-- name: IndexStateAdvance :exec
UPDATE index_state SET generation = @generation, documents = documents + @documents, chunks = chunks + @chunks,
    written = written + @written, updated_at = now()
WHERE tenant_id = @tenant_id;

-- name: IndexGenerations :many
SELECT tenant_id, generation FROM index_state WHERE tenant_id = ANY(@tenant_ids::uuid[]);

-- name: IndexSegmentList :many
SELECT id, generation, applied_generation, documents, chunks, bytes, checksum, analysis FROM index_segments
WHERE tenant_id = @tenant_id AND shadow_of IS NULL ORDER BY generation, id;

-- name: IndexSegmentInsert :exec
INSERT INTO index_segments (tenant_id, id, generation, applied_generation, documents, chunks, bytes, checksum, analysis, shadow_of)
VALUES (@tenant_id, @id, @generation, @applied_generation, @documents, @chunks, @bytes, @checksum, @analysis, sqlc.narg('shadow_of'));

-- name: IndexSegmentPartInsert :exec
INSERT INTO index_segment_parts (tenant_id, segment_id, part, data) VALUES (@tenant_id, @segment_id, @part, @data);

-- name: IndexSegmentPartGet :one
SELECT data FROM index_segment_parts WHERE tenant_id = @tenant_id AND segment_id = @segment_id AND part = @part;

-- name: IndexSegmentDeleteMany :execrows
DELETE FROM index_segments WHERE tenant_id = @tenant_id AND id = ANY(@ids::uuid[]) AND shadow_of IS NULL;

-- name: IndexTombstoneList :many
SELECT document_id, version, generation FROM index_tombstones
WHERE tenant_id = @tenant_id AND generation > @since_generation;

-- name: IndexTombstonePutMany :exec
INSERT INTO index_tombstones (tenant_id, document_id, version, generation)
SELECT @tenant_id, unnest(@document_ids::uuid[]), unnest(@versions::bigint[]), @generation
ON CONFLICT (tenant_id, document_id) DO UPDATE SET
    version = greatest(index_tombstones.version, EXCLUDED.version), generation = EXCLUDED.generation;

-- name: IndexTombstonePurge :exec
-- A tombstone that every live segment has worked in hides nothing any more.
DELETE FROM index_tombstones t WHERE t.tenant_id = @tenant_id
  AND t.generation <= (SELECT coalesce(min(applied_generation), 9223372036854775807) FROM index_segments s WHERE s.tenant_id = @tenant_id AND s.shadow_of IS NULL);

-- name: IndexSegmentTotals :one
SELECT count(*)::int AS segments, coalesce(sum(bytes), 0)::bigint AS bytes FROM index_segments WHERE tenant_id = @tenant_id AND shadow_of IS NULL;

-- name: ChunkDeleteMany :exec
DELETE FROM chunks WHERE tenant_id = @tenant_id AND document_id = ANY(@document_ids::uuid[]);

-- name: ChunkInsertMany :exec
INSERT INTO chunks (tenant_id, document_id, ordinal, heading, content, tokens, content_hash)
SELECT @tenant_id, unnest(@document_ids::uuid[]), unnest(@ordinals::int[]), unnest(@headings::text[]),
       unnest(@contents::text[]), unnest(@tokens::int[]), unnest(@content_hashes::bytea[]);

-- name: ChunkList :many
SELECT ordinal, heading, content, tokens FROM chunks
WHERE tenant_id = @tenant_id AND document_id = @document_id ORDER BY ordinal;

-- name: Notify :exec
SELECT pg_notify(@channel::text, @payload::text);
