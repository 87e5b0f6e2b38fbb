-- +goose Up
-- What a tenant may have: a tier, whose values are the program's, and exceptions
-- from it by the name of the quota. Tenants of before have no limits.
ALTER TABLE tenants
    ADD COLUMN tier text NOT NULL DEFAULT 'unlimited' CHECK (tier IN ('free', 'standard', 'enterprise', 'unlimited')),
    ADD COLUMN quota jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(quota) = 'object');

-- The size of the content that the newest version has replaced: the difference goes
-- into the tenant's count by the statement that writes the version.
ALTER TABLE documents ADD COLUMN replaced_bytes integer NOT NULL DEFAULT 0;

-- levels holds, by the name of the quota, how full it was when somebody was last told:
-- 1 from 80 % on, 2 from 100 % on.
ALTER TABLE tenant_usage
    ADD COLUMN storage_bytes bigint NOT NULL DEFAULT 0,
    ADD COLUMN levels jsonb NOT NULL DEFAULT '{}';
SET LOCAL ROLE rustassistant_system;
UPDATE tenant_usage u SET storage_bytes = d.bytes
FROM (SELECT tenant_id, sum(content_bytes) AS bytes FROM documents GROUP BY tenant_id) d
WHERE d.tenant_id = u.tenant_id;
INSERT INTO tenant_usage (tenant_id) SELECT id FROM tenants ON CONFLICT DO NOTHING;
RESET ROLE;

-- What a tenant used by the day in UTC, for billing. documents and storage_bytes are
-- those at its end, written with each change; NULL when they did not change on that
-- day. A day on which nothing happened has no row.
CREATE TABLE usage_days (
    tenant_id       uuid NOT NULL REFERENCES tenants (id),
    day             date NOT NULL,
    documents       bigint,
    storage_bytes   bigint,
    searches        bigint NOT NULL DEFAULT 0,
    requests        bigint NOT NULL DEFAULT 0,
    deliveries      bigint NOT NULL DEFAULT 0,
    -- Searches that servers may answer or have answered, never more than the quota.
    searches_leased bigint NOT NULL DEFAULT 0,
    searches_level  smallint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, day)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);
SELECT protect_tenant_table('usage_days');

-- +goose Down
DROP TABLE usage_days;
ALTER TABLE tenant_usage DROP COLUMN storage_bytes, DROP COLUMN levels;
ALTER TABLE documents DROP COLUMN replaced_bytes;
ALTER TABLE tenants DROP COLUMN tier, DROP COLUMN quota;
