-- +goose Up
-- The models that make a tenant's vectors. At most one is active, at most one is
-- on its way to be (training: being made; ready: the segments are being embedded
-- in its shadow), and one that was active is kept to go back to.
CREATE TABLE embedding_models (
    tenant_id      uuid NOT NULL REFERENCES tenants (id),
    id             uuid NOT NULL,
    provider       text NOT NULL,
    name           text NOT NULL,
    -- identity is the same for models whose vectors may be compared.
    identity       text NOT NULL,
    dimensions     integer NOT NULL DEFAULT 0,
    state          text NOT NULL CHECK (state IN ('training', 'ready', 'active', 'retired', 'failed')),
    -- bytes and checksum are of the stored file; a provider's model has none.
    bytes          bigint NOT NULL DEFAULT 0,
    checksum       bytea NOT NULL DEFAULT '',
    -- trained_chunks were looked at when corpus_chunks were live and
    -- corpus_written had been written since the tenant began.
    trained_chunks bigint NOT NULL DEFAULT 0,
    corpus_chunks  bigint NOT NULL DEFAULT 0,
    corpus_written bigint NOT NULL DEFAULT 0,
    reason         text NOT NULL DEFAULT '',
    -- Where the work on the model is.
    stage          text NOT NULL DEFAULT '',
    done           bigint NOT NULL DEFAULT 0,
    total          bigint NOT NULL DEFAULT 0,
    waiting        text NOT NULL DEFAULT '',
    waiting_since  timestamptz,
    error_code     text NOT NULL DEFAULT '',
    error          text NOT NULL DEFAULT '',
    failed_at      timestamptz,
    created_at     timestamptz NOT NULL DEFAULT now(),
    touched_at     timestamptz NOT NULL DEFAULT now(),
    activated_at   timestamptz,
    retired_at     timestamptz,
    -- rolled_back_at is set for a model that was taken back: nothing starts it
    -- again by itself.
    rolled_back_at timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX embedding_models_active ON embedding_models (tenant_id) WHERE state = 'active';
CREATE UNIQUE INDEX embedding_models_target ON embedding_models (tenant_id) WHERE state IN ('training', 'ready');
SELECT protect_tenant_table('embedding_models');

CREATE TABLE embedding_model_parts (
    tenant_id uuid NOT NULL,
    model_id  uuid NOT NULL,
    part      integer NOT NULL,
    data      bytea NOT NULL,
    PRIMARY KEY (tenant_id, model_id, part),
    FOREIGN KEY (tenant_id, model_id) REFERENCES embedding_models (tenant_id, id) ON DELETE CASCADE
);
ALTER TABLE embedding_model_parts ALTER COLUMN data SET STORAGE EXTERNAL;
SELECT protect_tenant_table('embedding_model_parts');

-- The vectors of one segment by one model. The constraints are checked at the
-- end: the pieces are written before the tenant's turn is taken, and a lock on
-- the segment until then would be in a merge's way.
CREATE TABLE index_vectors (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    segment_id uuid NOT NULL,
    model_id   uuid NOT NULL,
    chunks     integer NOT NULL,
    -- missing chunks have no vector; pending ones of them no model has seen yet.
    missing    integer NOT NULL,
    pending    integer NOT NULL DEFAULT 0,
    bytes      bigint NOT NULL,
    checksum   bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT index_vectors_once UNIQUE (tenant_id, segment_id, model_id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (tenant_id, segment_id) REFERENCES index_segments (tenant_id, id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (tenant_id, model_id) REFERENCES embedding_models (tenant_id, id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX index_vectors_model ON index_vectors (tenant_id, model_id);
SELECT protect_tenant_table('index_vectors');

CREATE TABLE index_vector_parts (
    tenant_id  uuid NOT NULL,
    vectors_id uuid NOT NULL,
    part       integer NOT NULL,
    data       bytea NOT NULL,
    PRIMARY KEY (tenant_id, vectors_id, part),
    FOREIGN KEY (tenant_id, vectors_id) REFERENCES index_vectors (tenant_id, id) ON DELETE CASCADE
);
ALTER TABLE index_vector_parts ALTER COLUMN data SET STORAGE EXTERNAL;
SELECT protect_tenant_table('index_vector_parts');

-- model_id is the active model: a search of one generation uses one model.
-- written counts the chunks of all commits; it only grows.
ALTER TABLE index_state
    ADD COLUMN model_id uuid,
    ADD COLUMN written bigint NOT NULL DEFAULT 0,
    ADD CONSTRAINT index_state_model FOREIGN KEY (tenant_id, model_id) REFERENCES embedding_models (tenant_id, id);
UPDATE index_state SET written = chunks;

-- +goose Down
ALTER TABLE index_state DROP CONSTRAINT index_state_model, DROP COLUMN written, DROP COLUMN model_id;
DROP TABLE index_vector_parts;
DROP TABLE index_vectors;
DROP TABLE embedding_model_parts;
DROP TABLE embedding_models;
