-- name: DocumentUpsertMany :many
-- One statement for a batch whose external ids differ from one another. A row
-- that comes back was written; one that does not was there with the same hash.
INSERT INTO documents (tenant_id, id, external_id, title, doc_type, source_type, source_url, repo_id, language,
                       tags, metadata, content_hash, content_bytes, job_id)
SELECT @tenant_id, u.id, u.external_id, u.title, u.doc_type, u.source_type, u.source_url, u.repo_id, u.language,
       u.tags::jsonb, nullif(u.metadata, '')::jsonb, u.content_hash, u.content_bytes, @job_id
FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@external_ids::text[]) AS external_id, unnest(@titles::text[]) AS title,
             unnest(@doc_types::text[]) AS doc_type, unnest(@source_types::text[]) AS source_type,
             unnest(@source_urls::text[]) AS source_url, unnest(@repo_ids::text[]) AS repo_id,
             unnest(@languages::text[]) AS language, unnest(@tags::text[]) AS tags,
             unnest(@metadata::text[]) AS metadata, unnest(@content_hashes::bytea[]) AS content_hash,
             unnest(@content_bytes::int[]) AS content_bytes) u
ON CONFLICT (tenant_id, external_id) WHERE external_id IS NOT NULL DO UPDATE SET
    title = EXCLUDED.title, doc_type = EXCLUDED.doc_type, source_type = EXCLUDED.source_type,
    source_url = EXCLUDED.source_url, repo_id = EXCLUDED.repo_id, language = EXCLUDED.language,
    tags = EXCLUDED.tags, metadata = EXCLUDED.metadata, content_hash = EXCLUDED.content_hash,
    content_bytes = EXCLUDED.content_bytes, job_id = EXCLUDED.job_id, version = documents.version + 1,
    state = 'queued', error_code = '', error_message = '', updated_at = now()
WHERE documents.content_hash <> EXCLUDED.content_hash OR documents.state = 'failed'
RETURNING id, external_id, version;

-- name: DocumentInsertMany :many
-- The same for documents without an external id: a row that does not come back
-- was there with the same content.
INSERT INTO documents (tenant_id, id, title, doc_type, source_type, source_url, repo_id, language,
                       tags, metadata, content_hash, content_bytes, job_id)
SELECT @tenant_id, u.id, u.title, u.doc_type, u.source_type, u.source_url, u.repo_id, u.language,
       u.tags::jsonb, nullif(u.metadata, '')::jsonb, u.content_hash, u.content_bytes, @job_id
FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@titles::text[]) AS title,
             unnest(@doc_types::text[]) AS doc_type, unnest(@source_types::text[]) AS source_type,
             unnest(@source_urls::text[]) AS source_url, unnest(@repo_ids::text[]) AS repo_id,
             unnest(@languages::text[]) AS language, unnest(@tags::text[]) AS tags,
             unnest(@metadata::text[]) AS metadata, unnest(@content_hashes::bytea[]) AS content_hash,
             unnest(@content_bytes::int[]) AS content_bytes) u
ON CONFLICT (tenant_id, content_hash) WHERE external_id IS NULL DO UPDATE SET
    job_id = EXCLUDED.job_id, version = documents.version + 1,
    state = 'queued', error_code = '', error_message = '', updated_at = now()
WHERE documents.state = 'failed'
RETURNING id, content_hash, version;

-- name: DocumentContentInsertMany :exec
-- For documents that this transaction made.
INSERT INTO document_contents (tenant_id, document_id, content)
SELECT @tenant_id, unnest(@ids::uuid[]), unnest(@contents::text[]);

-- name: DocumentContentPutMany :exec
INSERT INTO document_contents (tenant_id, document_id, content)
SELECT @tenant_id, unnest(@ids::uuid[]), unnest(@contents::text[])
ON CONFLICT (tenant_id, document_id) DO UPDATE SET content = EXCLUDED.content;

-- name: DocumentIDsByExternalID :many
SELECT id, external_id, version FROM documents
WHERE tenant_id = @tenant_id AND external_id = ANY(@external_ids::text[]);

-- name: DocumentIDsByHash :many
SELECT id, content_hash, version FROM documents
WHERE tenant_id = @tenant_id AND external_id IS NULL AND content_hash = ANY(@content_hashes::bytea[]);

-- name: DocumentGet :one
SELECT * FROM documents WHERE tenant_id = @tenant_id AND id = @id;

-- name: DocumentGetForUpdate :one
SELECT sqlc.embed(d), c.content FROM documents d
JOIN document_contents c ON c.tenant_id = d.tenant_id AND c.document_id = d.id
WHERE d.tenant_id = @tenant_id AND d.id = @id
FOR UPDATE OF d;

-- name: DocumentContentGet :one
SELECT content FROM document_contents WHERE tenant_id = @tenant_id AND document_id = @document_id;

-- name: DocumentUpdate :one
UPDATE documents SET
    title = @title, doc_type = @doc_type, source_type = @source_type, source_url = @source_url, repo_id = @repo_id,
    language = @language, tags = @tags, metadata = @metadata, content_hash = @content_hash,
    content_bytes = @content_bytes, job_id = @job_id, version = version + 1,
    state = 'queued', error_code = '', error_message = '', updated_at = now()
WHERE tenant_id = @tenant_id AND id = @id
RETURNING version;

-- name: DocumentRequeueMany :many
-- A new version with the same content, so that it is indexed again.
UPDATE documents SET version = version + 1, state = 'queued', error_code = '', error_message = '',
    job_id = @job_id, updated_at = now()
WHERE tenant_id = @tenant_id AND id = ANY(@ids::uuid[])
  AND (@force::bool OR state <> 'indexed')
RETURNING id, version, content_bytes;

-- name: DocumentIDsExisting :many
SELECT id FROM documents WHERE tenant_id = @tenant_id AND id = ANY(@ids::uuid[]);

-- name: DocumentList :many
SELECT * FROM documents
WHERE tenant_id = @tenant_id
  AND id < @before_id
  AND (sqlc.narg('state')::text IS NULL OR state = sqlc.narg('state'))
  AND (sqlc.narg('doc_type')::text IS NULL OR doc_type = sqlc.narg('doc_type'))
  AND (sqlc.narg('source_type')::text IS NULL OR source_type = sqlc.narg('source_type'))
  AND (sqlc.narg('repo_id')::text IS NULL OR repo_id = sqlc.narg('repo_id'))
  AND (sqlc.narg('external_id')::text IS NULL OR external_id = sqlc.narg('external_id'))
  AND (sqlc.narg('tag')::text IS NULL OR tags ? sqlc.narg('tag'))
ORDER BY id DESC LIMIT @row_limit;

-- name: DocumentDeleteMany :many
-- Whoever writes a content holds its document's row, so that no content outlives
-- the document.
WITH contents AS (
    DELETE FROM document_contents c WHERE c.tenant_id = @tenant_id AND c.document_id = ANY(@ids::uuid[])
)
DELETE FROM documents d WHERE d.tenant_id = @tenant_id AND d.id = ANY(@ids::uuid[])
RETURNING d.id, d.external_id, d.version, d.indexed_version, d.chunk_count;

-- name: DocumentLockMany :many
-- In the order of the ids, so that two commits cannot deadlock.
SELECT id, version, indexed_version, chunk_count FROM documents
WHERE tenant_id = @tenant_id AND id = ANY(@ids::uuid[])
ORDER BY id FOR NO KEY UPDATE;

-- name: DocumentMarkIndexedMany :exec
UPDATE documents d SET
    indexed_version = u.version, chunk_count = u.chunks, indexed_at = now(),
    state = CASE WHEN d.version = u.version THEN 'indexed' ELSE d.state END,
    error_code = CASE WHEN d.version = u.version THEN '' ELSE d.error_code END,
    error_message = CASE WHEN d.version = u.version THEN '' ELSE d.error_message END
FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@versions::bigint[]) AS version, unnest(@chunk_counts::int[]) AS chunks) u
WHERE d.tenant_id = @tenant_id AND d.id = u.id;

-- name: DocumentMarkFailedMany :exec
UPDATE documents d SET state = 'failed', error_code = u.code, error_message = u.message
FROM (SELECT unnest(@ids::uuid[]) AS id, unnest(@versions::bigint[]) AS version,
             unnest(@codes::text[]) AS code, unnest(@messages::text[]) AS message) u
WHERE d.tenant_id = @tenant_id AND d.id = u.id AND d.version = u.version AND d.indexed_version < u.version;

-- name: DocumentCountUnfinished :many
SELECT state, count(*) AS documents FROM documents
WHERE tenant_id = @tenant_id AND state <> 'indexed' GROUP BY state;

-- name: UsageAddDocuments :exec
INSERT INTO tenant_usage (tenant_id, documents) VALUES (@tenant_id, @documents)
ON CONFLICT (tenant_id) DO UPDATE SET documents = tenant_usage.documents + EXCLUDED.documents;

-- name: UsageGet :one
SELECT documents FROM tenant_usage WHERE tenant_id = @tenant_id;
