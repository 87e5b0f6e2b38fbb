-- +goose Up
-- A segment that is not live yet: shadow_of is the rebuild, or the merge, that
-- makes it, and NULL for the segments that are searched. analysis is the version
-- of the text analysis its terms come from.
ALTER TABLE index_segments ADD COLUMN shadow_of uuid;
ALTER TABLE index_segments ADD COLUMN analysis integer NOT NULL DEFAULT 1;
CREATE INDEX index_segments_shadow ON index_segments (tenant_id, shadow_of) WHERE shadow_of IS NOT NULL;

-- The last rebuild of each tenant. after_id is the last document that is in its
-- shadow segments: what a killed worker goes on from.
CREATE TABLE index_rebuilds (
    tenant_id   uuid PRIMARY KEY REFERENCES tenants (id),
    id          uuid NOT NULL,
    state       text NOT NULL CHECK (state IN ('running', 'completed', 'failed', 'canceled')),
    stage       text NOT NULL,
    reason      text NOT NULL,
    workflow_id text NOT NULL,
    after_id    uuid NOT NULL,
    documents   bigint NOT NULL DEFAULT 0,
    chunks      bigint NOT NULL DEFAULT 0,
    total       bigint NOT NULL,
    generation  bigint NOT NULL DEFAULT 0,
    error       text NOT NULL DEFAULT '',
    started_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);
SELECT protect_tenant_table('index_rebuilds');

-- +goose Down
DROP TABLE index_rebuilds;
DELETE FROM index_segments WHERE shadow_of IS NOT NULL;
DROP INDEX index_segments_shadow;
ALTER TABLE index_segments DROP COLUMN analysis;
ALTER TABLE index_segments DROP COLUMN shadow_of;
