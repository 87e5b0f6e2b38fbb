-- name: EmbeddingCacheGet :many
-- The vectors of a batch of texts. What is used again is marked at most once a
-- day; a row that somebody else marks at this moment is left to them.
WITH stale AS (
    SELECT c.text_hash FROM embedding_cache c
    WHERE c.tenant_id = @tenant_id AND c.model = @model AND c.text_hash = ANY(@text_hashes::bytea[])
        AND c.used_at < now() - interval '1 day'
    FOR UPDATE SKIP LOCKED
), marked AS (
    UPDATE embedding_cache c SET used_at = now() FROM stale
    WHERE c.tenant_id = @tenant_id AND c.model = @model AND c.text_hash = stale.text_hash
)
SELECT c.text_hash, c.vector FROM embedding_cache c
WHERE c.tenant_id = @tenant_id AND c.model = @model AND c.text_hash = ANY(@text_hashes::bytea[]);

-- name: EmbeddingCachePutMany :exec
-- In the order of the hashes, so that two writers of the same texts do not wait
-- for each other in a circle. The first vector of a text stays.
INSERT INTO embedding_cache (tenant_id, model, text_hash, vector)
SELECT @tenant_id, @model, v.text_hash, v.vector
FROM (SELECT unnest(@text_hashes::bytea[]) AS text_hash, unnest(@vectors::bytea[]) AS vector) v
ORDER BY v.text_hash
ON CONFLICT (tenant_id, model, text_hash) DO NOTHING;

-- name: EmbeddingCachePurge :execrows
DELETE FROM embedding_cache WHERE (tenant_id, model, text_hash) IN (
    SELECT c.tenant_id, c.model, c.text_hash FROM embedding_cache c
    WHERE c.used_at < now() - @max_age::interval LIMIT @row_limit);
