-- +goose Up
-- One row for an event and an endpoint, whatever makes it: recoveries look here
-- for what an endpoint never got.
CREATE UNIQUE INDEX webhook_deliveries_event ON webhook_deliveries (tenant_id, endpoint_id, event_id);

-- A UUIDv7 of that moment: deliveries that are made afterwards sort by when their
-- event occurred, like those that were made with it.
CREATE FUNCTION delivery_id_at(at timestamptz) RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
        PLACING substring(int8send((extract(epoch FROM at) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
        52, 1), 53, 1), 'hex')::uuid
$$;

-- Requests to send again what an endpoint did not get. after_id is the last row
-- of the stage that was looked at; it moves in the transaction that makes rows
-- due, so that a worker that is killed repeats nothing.
CREATE TABLE webhook_recoveries (
    tenant_id    uuid NOT NULL REFERENCES tenants (id),
    id           uuid NOT NULL,
    endpoint_id  uuid NOT NULL,
    since        timestamptz NOT NULL,
    until        timestamptz NOT NULL,
    states       text[] NOT NULL,
    missed       boolean NOT NULL,
    requested_by uuid NOT NULL,
    workflow_id  text NOT NULL,
    state        text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'completed', 'failed', 'canceled')),
    stage        text NOT NULL DEFAULT 'deliveries' CHECK (stage IN ('deliveries', 'missed', 'done')),
    after_id     uuid NOT NULL,
    seen         bigint NOT NULL DEFAULT 0,
    resent       bigint NOT NULL DEFAULT 0,
    created      bigint NOT NULL DEFAULT 0,
    waits_for    text NOT NULL DEFAULT '',
    error        text NOT NULL DEFAULT '',
    started_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    finished_at  timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX webhook_recoveries_running ON webhook_recoveries (tenant_id, endpoint_id) WHERE state = 'running';
CREATE INDEX webhook_recoveries_by_endpoint ON webhook_recoveries (tenant_id, endpoint_id, id);
CREATE INDEX webhook_recoveries_finished ON webhook_recoveries (finished_at) WHERE finished_at IS NOT NULL;
SELECT protect_tenant_table('webhook_recoveries');

-- Attempts by hour, outcome and duration, counted in the transaction that records
-- them: what an endpoint's statistics are made of. Bucket b holds durations of up
-- to 1.15^b milliseconds.
CREATE TABLE webhook_attempt_hours (
    tenant_id   uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    hour        timestamptz NOT NULL,
    error_code  text NOT NULL,
    bucket      smallint NOT NULL,
    attempts    bigint NOT NULL,
    PRIMARY KEY (tenant_id, endpoint_id, hour, error_code, bucket)
) WITH (fillfactor = 70);
CREATE INDEX webhook_attempt_hours_age ON webhook_attempt_hours (hour);
SELECT protect_tenant_table('webhook_attempt_hours');

-- +goose Down
DROP TABLE webhook_attempt_hours;
DROP TABLE webhook_recoveries;
DROP FUNCTION delivery_id_at(timestamptz);
DROP INDEX webhook_deliveries_event;
