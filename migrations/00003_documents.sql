-- +goose Up
-- The row that lists, states and joins read. Its text lives in
-- document_contents, so that a change of state rewrites 300 bytes and not a page.
CREATE TABLE documents (
    tenant_id       uuid NOT NULL REFERENCES tenants (id),
    id              uuid NOT NULL,
    external_id     text,
    title           text NOT NULL,
    doc_type        text NOT NULL DEFAULT '',
    source_type     text NOT NULL DEFAULT '',
    source_url      text NOT NULL DEFAULT '',
    repo_id         text NOT NULL DEFAULT '',
    language        text NOT NULL DEFAULT '',
    tags            jsonb NOT NULL DEFAULT '[]',
    metadata        jsonb,
    content_hash    bytea NOT NULL CHECK (octet_length(content_hash) = 32),
    content_bytes   integer NOT NULL,
    -- version grows with each accepted change; indexed_version is the newest
    -- version that was committed to the index, 0 when there is none.
    version         bigint NOT NULL DEFAULT 1,
    indexed_version bigint NOT NULL DEFAULT 0 CHECK (indexed_version <= version),
    chunk_count     integer NOT NULL DEFAULT 0,
    state           text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'indexed', 'failed')),
    error_code      text NOT NULL DEFAULT '',
    error_message   text NOT NULL DEFAULT '',
    job_id          uuid NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    indexed_at      timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX documents_external_id ON documents (tenant_id, external_id) WHERE external_id IS NOT NULL;
-- Documents without a name of their own are told apart by what they say.
CREATE UNIQUE INDEX documents_content_hash ON documents (tenant_id, content_hash) WHERE external_id IS NULL;
CREATE INDEX documents_unfinished ON documents (tenant_id, state, id) WHERE state <> 'indexed';
SELECT protect_tenant_table('documents');

CREATE TABLE document_contents (
    tenant_id   uuid NOT NULL,
    document_id uuid NOT NULL,
    content     text NOT NULL,
    PRIMARY KEY (tenant_id, document_id),
    FOREIGN KEY (tenant_id, document_id) REFERENCES documents (tenant_id, id) ON DELETE CASCADE
);
SELECT protect_tenant_table('document_contents');

-- The chunks of each document's indexed version. No foreign key: a commit
-- writes thousands of rows and has just locked and checked their documents.
CREATE TABLE chunks (
    tenant_id    uuid NOT NULL,
    document_id  uuid NOT NULL,
    ordinal      integer NOT NULL,
    heading      text NOT NULL,
    content      text NOT NULL,
    tokens       integer NOT NULL,
    content_hash bytea NOT NULL,
    PRIMARY KEY (tenant_id, document_id, ordinal)
);
SELECT protect_tenant_table('chunks');

-- Exact counts, written in the transaction that changes them.
CREATE TABLE tenant_usage (
    tenant_id uuid PRIMARY KEY REFERENCES tenants (id),
    documents bigint NOT NULL DEFAULT 0
);
SELECT protect_tenant_table('tenant_usage');

-- +goose Down
DROP TABLE tenant_usage;
DROP TABLE chunks;
DROP TABLE document_contents;
DROP TABLE documents;
