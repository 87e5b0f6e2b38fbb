-- name: EmbeddingModelInsert :exec
INSERT INTO embedding_models (tenant_id, id, provider, name, identity, dimensions, state, reason, corpus_chunks, corpus_written)
SELECT s.tenant_id, @id, @provider, @name, @identity, @dimensions, 'training', @reason, s.chunks, s.written
FROM index_state s WHERE s.tenant_id = @tenant_id
ON CONFLICT (tenant_id, id) DO NOTHING;

-- name: EmbeddingModelList :many
SELECT * FROM embedding_models WHERE tenant_id = @tenant_id ORDER BY id;

-- name: EmbeddingModelGet :one
SELECT * FROM embedding_models WHERE tenant_id = @tenant_id AND id = @id;

-- name: EmbeddingModelActive :one
SELECT m.* FROM index_state s JOIN embedding_models m ON m.tenant_id = s.tenant_id AND m.id = s.model_id
WHERE s.tenant_id = @tenant_id;

-- name: EmbeddingModelFinish :execrows
UPDATE embedding_models SET state = 'ready', dimensions = @dimensions, bytes = @bytes, checksum = @checksum,
    trained_chunks = @trained_chunks, corpus_chunks = @corpus_chunks, corpus_written = @corpus_written, stage = 'embed', done = 0, total = 0, waiting = '', waiting_since = NULL, touched_at = now()
WHERE tenant_id = @tenant_id AND id = @id AND state = 'training';

-- name: EmbeddingModelProgress :execrows
UPDATE embedding_models SET stage = @stage, done = @done, total = @total, waiting = '', waiting_since = NULL, touched_at = now()
WHERE tenant_id = @tenant_id AND id = @id AND state IN ('training', 'ready', 'active');

-- name: EmbeddingModelWait :execrows
UPDATE embedding_models SET waiting = @waiting, waiting_since = coalesce(waiting_since, now()), touched_at = now()
WHERE tenant_id = @tenant_id AND id = @id AND state IN ('training', 'ready', 'active');

-- name: EmbeddingModelFail :execrows
UPDATE embedding_models SET state = 'failed', error_code = @error_code, error = @error, failed_at = now(), waiting = '', waiting_since = NULL, touched_at = now()
WHERE tenant_id = @tenant_id AND id = @id AND state IN ('training', 'ready');

-- name: EmbeddingModelFault :execrows
-- What keeps the active model from giving vectors to new chunks; empty when it does.
UPDATE embedding_models SET error_code = @error_code, error = @error, failed_at = CASE WHEN @error_code = '' THEN NULL ELSE now() END,
    waiting = '', waiting_since = NULL, touched_at = now()
WHERE tenant_id = @tenant_id AND id = @id AND state = 'active' AND (error_code <> @error_code OR error <> @error OR waiting <> '');

-- name: EmbeddingModelClear :execrows
-- Takes away every model that is neither in use nor kept nor the given one.
DELETE FROM embedding_models
WHERE tenant_id = @tenant_id AND id <> @keep AND state IN ('training', 'ready', 'failed');

-- name: EmbeddingModelDeleteRetired :execrows
DELETE FROM embedding_models WHERE tenant_id = @tenant_id AND state = 'retired';

-- name: EmbeddingModelRetire :execrows
UPDATE embedding_models SET state = 'retired', retired_at = now(), touched_at = now(), waiting = '', waiting_since = NULL,
    error_code = '', error = '', failed_at = NULL,
    rolled_back_at = CASE WHEN @rolled_back::bool THEN now() END
WHERE tenant_id = @tenant_id AND state = 'active';

-- name: EmbeddingModelActivate :execrows
UPDATE embedding_models SET state = 'active', activated_at = now(), retired_at = NULL, rolled_back_at = NULL,
    stage = '', done = 0, total = 0, waiting = '', waiting_since = NULL, touched_at = now()
WHERE tenant_id = @tenant_id AND id = @id AND state IN ('ready', 'retired');

-- name: EmbeddingModelPartInsert :exec
INSERT INTO embedding_model_parts (tenant_id, model_id, part, data) VALUES (@tenant_id, @model_id, @part, @data);

-- name: EmbeddingModelPartDelete :exec
DELETE FROM embedding_model_parts WHERE tenant_id = @tenant_id AND model_id = @model_id;

-- name: EmbeddingModelPartGet :one
SELECT data FROM embedding_model_parts WHERE tenant_id = @tenant_id AND model_id = @model_id AND part = @part;

-- name: EmbeddingModelPurge :execrows
-- Failed models are kept for a while to be read about. Their vectors went when
-- they failed. That one was canceled is remembered: it must not start by itself.
DELETE FROM embedding_models WHERE (tenant_id, id) IN (
    SELECT m.tenant_id, m.id FROM embedding_models m
    WHERE m.state = 'failed' AND m.error_code <> 'canceled' AND m.failed_at < now() - @max_age::interval LIMIT @row_limit);

-- name: EmbeddingCorpus :one
-- What decides whether a tenant needs another model, of one moment.
SELECT s.chunks, s.written, extract(epoch FROM now() - s.updated_at)::float8 AS quiet_seconds
FROM index_state s WHERE s.tenant_id = @tenant_id;

-- name: EmbeddingCandidates :many
-- Tenants that may need work: no model and enough chunks, a model of another
-- identity, a corpus that has changed, work that stands still, or chunks that
-- the active model has not seen. The rules are in Go; this only leaves out those
-- that need nothing.
SELECT s.tenant_id
FROM index_state s JOIN tenants a ON a.id = s.tenant_id AND a.state = 'active'
LEFT JOIN embedding_models m ON m.tenant_id = s.tenant_id AND m.id = s.model_id
WHERE s.chunks > 0 AND (
    (m.id IS NULL AND s.chunks >= @minimum::bigint)
    OR m.identity <> @identity::text
    OR (m.provider = 'builtin' AND (s.chunks >= m.corpus_chunks * 1.5 OR s.chunks <= m.corpus_chunks / 1.5 OR s.written - m.corpus_written >= m.corpus_chunks * 1.5))
    OR EXISTS (SELECT FROM embedding_models t WHERE t.tenant_id = s.tenant_id AND t.state IN ('training', 'ready') AND t.touched_at < now() - interval '2 minutes')
    OR (m.id IS NOT NULL AND EXISTS (
        SELECT FROM index_segments g LEFT JOIN index_vectors v ON v.tenant_id = g.tenant_id AND v.segment_id = g.id AND v.model_id = m.id
        WHERE g.tenant_id = s.tenant_id AND g.shadow_of IS NULL AND (v.id IS NULL OR v.pending > 0)))
) AND s.tenant_id > @after_tenant
ORDER BY s.tenant_id LIMIT @row_limit;
