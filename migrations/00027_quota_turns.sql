-- +goose Up
-- +goose StatementBegin
-- Waits until no other bulk request of a tenant that is near its quota is being
-- written; the turn ends with the transaction. Each then sees what the one before it
-- has left.
CREATE FUNCTION quota_turn(tenant uuid) RETURNS void LANGUAGE plpgsql SET lock_timeout = '10s' AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(tenant::text, 26));
END
$$;
-- +goose StatementEnd

-- Billing begins with what there is now.
SET LOCAL ROLE rustassistant_system;
INSERT INTO usage_days (tenant_id, day, documents, storage_bytes)
SELECT tenant_id, (now() AT TIME ZONE 'UTC')::date, documents, storage_bytes FROM tenant_usage WHERE documents > 0
ON CONFLICT (tenant_id, day) DO NOTHING;
RESET ROLE;

-- +goose Down
DROP FUNCTION quota_turn(uuid);
