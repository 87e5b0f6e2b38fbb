-- +goose Up
-- Where a key may be used from (nowhere listed: everywhere), how many requests a
-- minute it may make, and the key that took its place when it was rotated.
ALTER TABLE api_keys
    ADD COLUMN allowed_networks text[] NOT NULL DEFAULT '{}' CHECK (cardinality(allowed_networks) <= 100),
    ADD COLUMN rate_limit integer NOT NULL DEFAULT 0 CHECK (rate_limit BETWEEN 0 AND 1000000),
    ADD COLUMN replaced_by uuid;

-- +goose Down
ALTER TABLE api_keys DROP COLUMN allowed_networks, DROP COLUMN rate_limit, DROP COLUMN replaced_by;
