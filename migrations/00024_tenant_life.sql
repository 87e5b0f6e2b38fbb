-- +goose Up
-- The states of a tenant and the ways between them:
--
--   provisioning ──▶ active ◀──▶ suspended
--        │              └─▶ offboarding ◀─┘ ◀──▶ only until its data goes
--        ▼                       ▼
--      gone                    gone
--
-- request_id names the request that made the tenant, so that the same request finds
-- what it has made. purging is set when the first row of an off-boarded tenant goes:
-- from then on there is no way back.
ALTER TABLE tenants DROP CONSTRAINT tenants_state_check;
ALTER TABLE tenants
    ADD CONSTRAINT tenants_state_check CHECK (state IN ('provisioning', 'active', 'suspended', 'offboarding')),
    ADD COLUMN request_id uuid,
    ADD COLUMN purging boolean NOT NULL DEFAULT false,
    ADD COLUMN state_changed_at timestamptz NOT NULL DEFAULT now();

-- +goose StatementBegin
CREATE FUNCTION tenant_state_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.state = 'provisioning' OR OLD.purging THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'a tenant that is % cannot be deleted', OLD.state USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state = OLD.state AND NEW.purging = OLD.purging THEN
        RETURN NEW;
    END IF;
    IF OLD.purging OR NEW.purging AND NOT (OLD.state = 'offboarding' AND NEW.state = 'offboarding')
       OR NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
           ('provisioning', 'active'), ('active', 'suspended'), ('suspended', 'active'),
           ('active', 'offboarding'), ('suspended', 'offboarding'), ('offboarding', 'suspended')) THEN
        RAISE EXCEPTION 'a tenant cannot go from % to %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state <> OLD.state THEN
        NEW.state_changed_at := now();
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER tenant_state_guard BEFORE UPDATE OR DELETE ON tenants FOR EACH ROW EXECUTE FUNCTION tenant_state_guard();
CREATE INDEX tenants_by_state ON tenants (state, slug) WHERE state <> 'active';

-- What the platform does with a tenant. The column is not called tenant_id: these
-- tables tell of tenants that are gone, so no off-boarding takes rows of them. One
-- of a kind runs at a time.
CREATE TABLE tenant_operations (
    subject_id     uuid NOT NULL,
    id             uuid NOT NULL,
    slug           text NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('suspend', 'resume', 'export', 'offboard')),
    state          text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'completed', 'failed', 'canceled')),
    stage          text NOT NULL DEFAULT '',
    workflow_id    text NOT NULL,
    requested_by   uuid,
    requested_name text NOT NULL DEFAULT '',
    with_export    boolean NOT NULL DEFAULT false,
    -- The export that an off-boarding waits for.
    export_id      uuid,
    -- Where an export goes on: the table, and the key of its last row that is stored.
    table_name     text NOT NULL DEFAULT '',
    after_key      jsonb,
    parts          integer NOT NULL DEFAULT 0,
    done           bigint NOT NULL DEFAULT 0, -- rows, or jobs
    bytes          bigint NOT NULL DEFAULT 0,
    counts         jsonb NOT NULL DEFAULT '{}', -- rows by table
    error          text NOT NULL DEFAULT '',
    started_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    finished_at    timestamptz,
    expires_at     timestamptz,
    PRIMARY KEY (subject_id, id)
);
CREATE UNIQUE INDEX tenant_operations_running ON tenant_operations (subject_id, kind) WHERE state = 'running';
CREATE INDEX tenant_operations_quiet ON tenant_operations (updated_at) WHERE state = 'running';
CREATE INDEX tenant_operations_by_slug ON tenant_operations (slug, id);
CREATE INDEX tenant_operations_expiry ON tenant_operations (expires_at) WHERE expires_at IS NOT NULL;
SELECT protect_tenant_table('tenant_operations', 'subject_id');

-- An export in pieces, gzipped: no process holds the whole, and any server can send it.
CREATE TABLE tenant_export_parts (
    subject_id uuid NOT NULL,
    export_id  uuid NOT NULL,
    part       integer NOT NULL,
    name       text NOT NULL,
    rows       bigint NOT NULL,
    bytes      bigint NOT NULL,
    sha256     bytea NOT NULL CHECK (octet_length(sha256) = 32),
    data       bytea NOT NULL,
    PRIMARY KEY (subject_id, export_id, part),
    FOREIGN KEY (subject_id, export_id) REFERENCES tenant_operations (subject_id, id) ON DELETE CASCADE
);
ALTER TABLE tenant_export_parts ALTER COLUMN data SET STORAGE EXTERNAL;
SELECT protect_tenant_table('tenant_export_parts', 'subject_id');

-- What is left of a tenant: a text that says what was deleted, and its SHA-256.
-- Nobody alters one.
CREATE TABLE tenant_certificates (
    subject_id uuid PRIMARY KEY,
    id         uuid NOT NULL UNIQUE,
    slug       text NOT NULL,
    issued_at  timestamptz NOT NULL DEFAULT now(),
    body       text NOT NULL,
    sha256     bytea NOT NULL CHECK (octet_length(sha256) = 32)
);
CREATE INDEX tenant_certificates_by_slug ON tenant_certificates (slug, id);
SELECT protect_tenant_table('tenant_certificates', 'subject_id');
REVOKE INSERT, UPDATE, DELETE ON tenant_certificates FROM rustassistant_app;
REVOKE UPDATE, DELETE ON tenant_certificates FROM rustassistant_system;

-- The tables with rows of a tenant, from the catalogue, so that a new one cannot be
-- forgotten: those that refer to others first, in the order in which they can be emptied.
-- +goose StatementBegin
CREATE FUNCTION tenant_tables() RETURNS TABLE (name text, depth integer) LANGUAGE sql STABLE AS $$
    WITH RECURSIVE tables AS (
        SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
        WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition),
    levels (oid, depth) AS (
        SELECT t.oid, 0 FROM tables t
        UNION ALL
        SELECT k.conrelid, l.depth + 1 FROM levels l
        JOIN pg_constraint k ON k.contype = 'f' AND k.confrelid = l.oid AND k.conrelid <> k.confrelid
        WHERE k.conrelid IN (SELECT t.oid FROM tables t) AND l.depth < 32)
    SELECT c.relname::text, max(l.depth) FROM levels l JOIN pg_class c ON c.oid = l.oid
    GROUP BY c.relname ORDER BY max(l.depth) DESC, c.relname
$$;

CREATE FUNCTION tenant_table_key(target regclass) RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT array_agg(a.attname::text ORDER BY k.place)
    FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, place)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
    WHERE i.indrelid = target AND i.indisprimary
$$;

-- Deletes up to row_limit rows of a tenant from one table. bytes is what they took as
-- stored, also of what lies beside the table.
CREATE FUNCTION tenant_purge_step(target text, tenant uuid, row_limit integer)
RETURNS TABLE (rows bigint, bytes bigint) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    relation regclass := quote_ident(target)::regclass;
    key      text;
    pairs    text;
    sizes    text;
BEGIN
    SELECT string_agg(quote_ident(k), ', '), string_agg(format('t.%1$I = d.%1$I', k), ' AND ')
    INTO key, pairs FROM unnest(tenant_table_key(relation)) k;
    SELECT string_agg(format('coalesce(pg_column_size(t.%I), 0)', a.attname), ' + ')
    INTO sizes FROM pg_attribute a WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped;
    RETURN QUERY EXECUTE format(
        'WITH gone AS (
             DELETE FROM %1$s t USING (SELECT %2$s FROM %1$s WHERE tenant_id = $1 LIMIT $2) d
             WHERE t.tenant_id = $1 AND %3$s RETURNING %4$s AS size)
         SELECT count(*), coalesce(sum(g.size), 0)::bigint FROM gone g', relation, key, pairs, sizes) USING tenant, row_limit;
END
$$;

-- The tables in which a tenant has any row.
CREATE FUNCTION tenant_leftovers(tenant uuid) RETURNS TABLE (name text) LANGUAGE plpgsql STABLE AS $$
DECLARE
    target    text;
    found_one boolean;
BEGIN
    FOR target IN SELECT t.name FROM tenant_tables() t LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE tenant_id = $1)', target) INTO found_one USING tenant;
        IF found_one THEN
            name := target;
            RETURN NEXT;
        END IF;
    END LOOP;
END
$$;

-- Rows of one table as JSON, in the order of their key, those after the given one.
-- Binary columns are left out: they are hashes, sealed secrets and indexes.
CREATE FUNCTION tenant_export_page(target text, tenant uuid, after jsonb, row_limit integer)
RETURNS TABLE (key jsonb, line text) LANGUAGE plpgsql STABLE AS $$
DECLARE
    relation regclass := quote_ident(target)::regclass;
    keys     text[] := tenant_table_key(relation);
    names    text;
    pairs    text;
    beyond   text := 'true';
    binaries text[];
BEGIN
    SELECT string_agg(format('t.%I', k), ', ' ORDER BY place), string_agg(format('%L, t.%I', k, k), ', ' ORDER BY place)
    INTO names, pairs FROM unnest(keys) WITH ORDINALITY AS u (k, place);
    IF after IS NOT NULL THEN
        SELECT format('(%s) > (%s)', names, string_agg(format('%L::%s', after ->> k, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY place))
        INTO beyond FROM unnest(keys) WITH ORDINALITY AS u (k, place)
        JOIN pg_attribute a ON a.attrelid = relation AND a.attname = k;
    END IF;
    SELECT coalesce(array_agg(a.attname::text), '{}') || 'tenant_id'::text INTO binaries
    FROM pg_attribute a WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid = 'bytea'::regtype;
    RETURN QUERY EXECUTE format(
        'SELECT jsonb_build_object(%s), (to_jsonb(t) - $1)::text FROM %s t WHERE t.tenant_id = $2 AND %s ORDER BY %s LIMIT $3',
        pairs, relation, beyond, names) USING binaries, tenant, row_limit;
END
$$;

-- As many documents as have row_limit rows and about most_bytes of content, as a bulk
-- request takes them. The text of a document that does not fit is not read.
CREATE FUNCTION tenant_export_documents(tenant uuid, after uuid, row_limit integer, most_bytes bigint)
RETURNS TABLE (id uuid, line text) LANGUAGE sql STABLE AS $$
    WITH page AS (
        SELECT d.*, sum(d.content_bytes) OVER (ORDER BY d.id) - d.content_bytes AS already
        FROM (SELECT o.* FROM documents o WHERE o.tenant_id = tenant AND o.id > after ORDER BY o.id LIMIT row_limit) d)
    SELECT p.id, jsonb_strip_nulls(jsonb_build_object(
        'external_id', p.external_id, 'title', p.title, 'content', c.content, 'doc_type', p.doc_type, 'tags', p.tags,
        'metadata', p.metadata, 'source_type', p.source_type, 'source_url', p.source_url, 'repo_id', p.repo_id,
        'language', nullif(p.language, '')))::text
    FROM page p JOIN document_contents c ON c.tenant_id = p.tenant_id AND c.document_id = p.id
    WHERE p.already < most_bytes ORDER BY p.id
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION tenant_export_documents(uuid, uuid, integer, bigint);
DROP FUNCTION tenant_export_page(text, uuid, jsonb, integer);
DROP FUNCTION tenant_leftovers(uuid);
DROP FUNCTION tenant_purge_step(text, uuid, integer);
DROP FUNCTION tenant_table_key(regclass);
DROP FUNCTION tenant_tables();
DROP TABLE tenant_certificates;
DROP TABLE tenant_export_parts;
DROP TABLE tenant_operations;
DROP INDEX tenants_by_state;
DROP TRIGGER tenant_state_guard ON tenants;
DROP FUNCTION tenant_state_guard();
SET LOCAL ROLE rustassistant_system;
UPDATE tenants SET state = 'suspended' WHERE state NOT IN ('active', 'suspended');
RESET ROLE;
ALTER TABLE tenants DROP COLUMN state_changed_at, DROP COLUMN purging, DROP COLUMN request_id, DROP CONSTRAINT tenants_state_check;
ALTER TABLE tenants ADD CONSTRAINT tenants_state_check CHECK (state IN ('active', 'suspended'));
