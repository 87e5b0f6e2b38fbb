-- +goose Up
-- What administrators changed, written in the same transaction as the change. The
-- application can add rows and read them, not alter them.
CREATE TABLE audit_log (
    tenant_id   uuid NOT NULL,
    id          uuid NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    actor       text NOT NULL CHECK (actor IN ('api_key', 'session', 'development', 'system')),
    actor_id    uuid,
    actor_name  text NOT NULL DEFAULT '',
    address     text NOT NULL DEFAULT '',
    request_id  text NOT NULL DEFAULT '',
    action      text NOT NULL,
    target_type text NOT NULL,
    target_id   text NOT NULL,
    before      jsonb,
    after       jsonb,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX audit_log_by_target ON audit_log (tenant_id, target_type, target_id, id);
CREATE INDEX audit_log_by_actor ON audit_log (tenant_id, actor_id, id);
CREATE INDEX audit_log_age ON audit_log (created_at);
SELECT protect_tenant_table('audit_log');
REVOKE UPDATE, DELETE ON audit_log FROM rustassistant_app;
REVOKE UPDATE ON audit_log FROM rustassistant_system;

-- +goose Down
DROP TABLE audit_log;
