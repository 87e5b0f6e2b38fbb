-- +goose Up
-- Receivers of events. Secrets and headers are sealed with a key that the
-- database never sees, bound to tenant and endpoint. A deleted endpoint stays
-- as long as its deliveries can be looked at.
CREATE TABLE webhook_endpoints (
    tenant_id                  uuid NOT NULL REFERENCES tenants (id),
    id                         uuid NOT NULL,
    url                        text NOT NULL,
    description                text NOT NULL DEFAULT '',
    events                     text[] NOT NULL CHECK (cardinality(events) > 0),
    state                      text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'paused', 'disabled', 'deleted')),
    disabled_reason            text NOT NULL DEFAULT '',
    max_concurrency            integer NOT NULL DEFAULT 8 CHECK (max_concurrency BETWEEN 1 AND 64),
    header_names               text[] NOT NULL DEFAULT '{}',
    sealed_headers             bytea,
    sealed_secret              bytea,
    sealed_previous_secret     bytea,
    previous_secret_expires_at timestamptz,
    failing_since              timestamptz,
    created_at                 timestamptz NOT NULL DEFAULT now(),
    updated_at                 timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
-- What every transaction with an event looks at.
CREATE INDEX webhook_endpoints_live ON webhook_endpoints (tenant_id) WHERE state <> 'deleted';
SELECT protect_tenant_table('webhook_endpoints');

-- A UUIDv7 of this moment, for rows that one statement makes many of.
CREATE FUNCTION delivery_id() RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
        PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
        52, 1), 53, 1), 'hex')::uuid
$$;

-- One event for one endpoint. It holds the event's payload, so that the outbox
-- may forget. No foreign key to the endpoint: a commit of documents writes
-- thousands of rows, and endpoints are removed only after their deliveries.
CREATE TABLE webhook_deliveries (
    tenant_id       uuid NOT NULL,
    id              uuid NOT NULL,
    endpoint_id     uuid NOT NULL,
    event_id        uuid NOT NULL,
    event_type      text NOT NULL,
    payload         jsonb NOT NULL,
    occurred_at     timestamptz NOT NULL,
    state           text NOT NULL DEFAULT 'pending'
        CHECK (state IN ('pending', 'delivering', 'delivered', 'exhausted', 'canceled')),
    attempts        integer NOT NULL DEFAULT 0,
    step            integer NOT NULL DEFAULT 0,
    -- While pending: when the next attempt is due. While delivering: when the
    -- lease of who sends it ends, after which anybody may claim it again.
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    lease           uuid,
    last_status     integer NOT NULL DEFAULT 0,
    last_error      text NOT NULL DEFAULT '',
    created_at      timestamptz NOT NULL DEFAULT now(),
    finished_at     timestamptz,
    PRIMARY KEY (tenant_id, id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
-- A claim reads the head of one endpoint's open rows and nothing else.
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (tenant_id, endpoint_id, next_attempt_at)
    WHERE state IN ('pending', 'delivering');
CREATE INDEX webhook_deliveries_by_endpoint ON webhook_deliveries (tenant_id, endpoint_id, id);
CREATE INDEX webhook_deliveries_finished ON webhook_deliveries (finished_at) WHERE finished_at IS NOT NULL;
SELECT protect_tenant_table('webhook_deliveries');

CREATE TABLE webhook_attempts (
    tenant_id   uuid NOT NULL,
    delivery_id uuid NOT NULL,
    number      integer NOT NULL,
    started_at  timestamptz NOT NULL,
    duration_ms integer NOT NULL,
    status      integer NOT NULL,
    error_code  text NOT NULL,
    error       text NOT NULL,
    response    text NOT NULL,
    PRIMARY KEY (tenant_id, delivery_id, number),
    FOREIGN KEY (tenant_id, delivery_id) REFERENCES webhook_deliveries (tenant_id, id) ON DELETE CASCADE
);
SELECT protect_tenant_table('webhook_attempts');

-- +goose Down
DROP TABLE webhook_attempts;
DROP TABLE webhook_deliveries;
DROP FUNCTION delivery_id();
DROP TABLE webhook_endpoints;
