-- +goose Up
CREATE TABLE jobs (
    tenant_id     uuid NOT NULL REFERENCES tenants (id),
    id            uuid NOT NULL,
    kind          text NOT NULL,
    state         text NOT NULL DEFAULT 'queued'
        CHECK (state IN ('queued', 'running', 'completed', 'completed_with_errors', 'failed', 'canceled')),
    stage         text NOT NULL DEFAULT '',
    total         integer NOT NULL,
    done          integer NOT NULL DEFAULT 0,
    failed        integer NOT NULL DEFAULT 0,
    bytes         bigint NOT NULL DEFAULT 0,
    error_code    text NOT NULL DEFAULT '',
    error_message text NOT NULL DEFAULT '',
    workflow_id   text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    started_at    timestamptz,
    finished_at   timestamptz,
    heartbeat_at  timestamptz,
    PRIMARY KEY (tenant_id, id)
) WITH (fillfactor = 70);
-- What RecoverPending looks for, over all tenants.
CREATE INDEX jobs_unfinished ON jobs (created_at) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_by_state ON jobs (tenant_id, state, id);
SELECT protect_tenant_table('jobs');

CREATE TABLE job_items (
    tenant_id     uuid NOT NULL,
    job_id        uuid NOT NULL,
    seq           integer NOT NULL,
    document_id   uuid NOT NULL,
    version       bigint NOT NULL,
    bytes         integer NOT NULL,
    state         text NOT NULL DEFAULT 'queued'
        CHECK (state IN ('queued', 'indexed', 'superseded', 'deleted', 'failed', 'canceled')),
    stage         text NOT NULL DEFAULT '',
    error_code    text NOT NULL DEFAULT '',
    error_message text NOT NULL DEFAULT '',
    attempts      integer NOT NULL DEFAULT 0,
    updated_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, job_id, seq)
) WITH (fillfactor = 70);
SELECT protect_tenant_table('job_items');

CREATE TABLE idempotency_keys (
    tenant_id    uuid NOT NULL,
    key          text NOT NULL,
    operation    text NOT NULL,
    request_hash bytea NOT NULL,
    status       integer NOT NULL,
    response     bytea NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, key)
);
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);
SELECT protect_tenant_table('idempotency_keys');

-- Events, written in the transaction of what they tell.
CREATE TABLE outbox (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    type       text NOT NULL,
    payload    jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX outbox_age ON outbox (created_at);
SELECT protect_tenant_table('outbox');

-- +goose Down
DROP TABLE outbox;
DROP TABLE idempotency_keys;
DROP TABLE job_items;
DROP TABLE jobs;
