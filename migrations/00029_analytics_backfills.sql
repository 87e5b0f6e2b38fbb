-- +goose Up
-- Requests to count hours again from their events. next_at is the first hour that
-- has not been counted yet; it moves in the transaction after the hours before it, so
-- that a worker that is killed goes on there.
CREATE TABLE analytics_backfills (
    tenant_id    uuid NOT NULL REFERENCES tenants (id),
    id           uuid NOT NULL,
    since        timestamptz NOT NULL,
    until        timestamptz NOT NULL CHECK (until > since),
    next_at      timestamptz NOT NULL,
    requested_by uuid NOT NULL,
    workflow_id  text NOT NULL,
    state        text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'completed', 'failed', 'canceled')),
    hours        bigint NOT NULL DEFAULT 0,
    error        text NOT NULL DEFAULT '',
    started_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    finished_at  timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX analytics_backfills_running ON analytics_backfills (tenant_id) WHERE state = 'running';
CREATE INDEX analytics_backfills_quiet ON analytics_backfills (updated_at) WHERE state = 'running';
CREATE INDEX analytics_backfills_finished ON analytics_backfills (finished_at) WHERE finished_at IS NOT NULL;
SELECT protect_tenant_table('analytics_backfills');

-- +goose Down
DROP TABLE analytics_backfills;
