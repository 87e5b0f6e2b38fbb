-- +goose Up
-- One row a tenant: the lock that orders commits, and what they add up to.
CREATE TABLE index_state (
    tenant_id  uuid PRIMARY KEY REFERENCES tenants (id),
    generation bigint NOT NULL DEFAULT 0,
    documents  bigint NOT NULL DEFAULT 0,
    chunks     bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now()
);
SELECT protect_tenant_table('index_state');

CREATE TABLE index_segments (
    tenant_id          uuid NOT NULL REFERENCES tenants (id),
    id                 uuid NOT NULL,
    -- generation is the commit that brought the segment; every tombstone up to
    -- applied_generation has been worked into it.
    generation         bigint NOT NULL,
    applied_generation bigint NOT NULL,
    documents          integer NOT NULL,
    chunks             integer NOT NULL,
    bytes              bigint NOT NULL,
    checksum           bytea NOT NULL,
    created_at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
SELECT protect_tenant_table('index_segments');

-- A segment in pieces, so that neither side ever holds the whole in memory.
CREATE TABLE index_segment_parts (
    tenant_id  uuid NOT NULL,
    segment_id uuid NOT NULL,
    part       integer NOT NULL,
    data       bytea NOT NULL,
    PRIMARY KEY (tenant_id, segment_id, part),
    FOREIGN KEY (tenant_id, segment_id) REFERENCES index_segments (tenant_id, id) ON DELETE CASCADE
);
-- Segments are compressed already.
ALTER TABLE index_segment_parts ALTER COLUMN data SET STORAGE EXTERNAL;
SELECT protect_tenant_table('index_segment_parts');

-- (document, version) hides every version up to it.
CREATE TABLE index_tombstones (
    tenant_id   uuid NOT NULL,
    document_id uuid NOT NULL,
    version     bigint NOT NULL,
    generation  bigint NOT NULL,
    PRIMARY KEY (tenant_id, document_id)
);
CREATE INDEX index_tombstones_generation ON index_tombstones (tenant_id, generation);
SELECT protect_tenant_table('index_tombstones');

-- +goose Down
DROP TABLE index_tombstones;
DROP TABLE index_segment_parts;
DROP TABLE index_segments;
DROP TABLE index_state;
