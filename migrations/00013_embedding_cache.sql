-- +goose Up
-- Vectors that a provider was paid for. A text that comes again (another
-- document, an index built anew, a batch that was interrupted) is not asked again.
CREATE TABLE embedding_cache (
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    model     text NOT NULL,  -- identity of the model: its name, dimensions and prefix
    text_hash bytea NOT NULL CHECK (octet_length(text_hash) = 32), -- SHA-256
    vector    bytea NOT NULL, -- float16, little-endian; empty: the model has no vector for the text
    used_at   timestamptz NOT NULL DEFAULT now(), -- to the day: a use that is later than a day after it moves it
    PRIMARY KEY (tenant_id, model, text_hash)
);
-- Vectors do not compress.
ALTER TABLE embedding_cache ALTER COLUMN vector SET STORAGE EXTERNAL;
CREATE INDEX embedding_cache_used ON embedding_cache (used_at);
SELECT protect_tenant_table('embedding_cache');

-- +goose Down
DROP TABLE embedding_cache;
