-- +goose Up
-- What a tenant has chosen about its searches: synonyms, stop words, language,
-- ranking. A change bumps index_state.generation, so that every process reloads
-- and no answer from before is served again.
CREATE TABLE search_settings (
    tenant_id  uuid PRIMARY KEY REFERENCES tenants (id),
    version    bigint NOT NULL CHECK (version > 0),
    settings   jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
SELECT protect_tenant_table('search_settings');

-- +goose Down
DROP TABLE search_settings;
