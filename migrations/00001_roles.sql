-- +goose Up
-- Roles belong to the whole cluster and may be there already, also created by
-- another database at this very moment.
-- +goose StatementBegin
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['rustassistant_app', 'rustassistant_system'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS', wanted);
            END IF;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'role % does not exist and % may not create it', wanted, current_user
                    USING HINT = format('Run as an administrator: CREATE ROLE %I NOLOGIN; GRANT %I TO %I;', wanted, wanted, current_user);
        END;
        -- Also for a member: whoever creates a role in PostgreSQL 16 and later is
        -- one without the right to SET ROLE, and the grant brings that.
        BEGIN
            EXECUTE format('GRANT %I TO %I', wanted, current_user);
        EXCEPTION
            WHEN insufficient_privilege THEN
                IF NOT pg_has_role(current_user, wanted, 'MEMBER') THEN
                    RAISE;
                END IF;
        END;
    END LOOP;
END
$$;
-- +goose StatementEnd

GRANT USAGE ON SCHEMA public TO rustassistant_app, rustassistant_system;

-- Protects one tenant table: row-level security that holds for the owner too,
-- the two policies, and no right beyond reading and writing rows.
-- +goose StatementBegin
CREATE FUNCTION protect_tenant_table(target regclass, tenant_column text DEFAULT 'tenant_id') RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format(
        'CREATE POLICY tenant_isolation ON %s TO rustassistant_app
         USING (%I = nullif(current_setting(''app.tenant_id'', true), '''')::uuid)
         WITH CHECK (%I = nullif(current_setting(''app.tenant_id'', true), '''')::uuid)',
        target, tenant_column, tenant_column);
    EXECUTE format('CREATE POLICY across_tenants ON %s TO rustassistant_system USING (true) WITH CHECK (true)', target);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO rustassistant_app, rustassistant_system', target);
END
$$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION protect_tenant_table(regclass, text) FROM PUBLIC;

-- +goose Down
DROP FUNCTION protect_tenant_table(regclass, text);
REVOKE USAGE ON SCHEMA public FROM rustassistant_app, rustassistant_system;
-- The roles stay: other databases of the cluster may use them.
