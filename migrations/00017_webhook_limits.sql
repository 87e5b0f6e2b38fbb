-- +goose Up
-- How an endpoint wants to be sent to. rate_tokens and rate_refilled_at are a
-- bucket of tokens that all workers take from: see DeliveryTokens.
ALTER TABLE webhook_endpoints
    ADD COLUMN rate_limit       integer CHECK (rate_limit BETWEEN 1 AND 1000),
    ADD COLUMN rate_tokens      double precision NOT NULL DEFAULT 0,
    ADD COLUMN rate_refilled_at timestamptz NOT NULL DEFAULT 'epoch',
    ADD COLUMN fifo             boolean NOT NULL DEFAULT false,
    ADD COLUMN filter           jsonb CHECK (jsonb_typeof(filter) = 'object');

-- Whether an event's data has, for every field of a filter, one of its values. A
-- list contains a list of some of its values, too: those are no match.
CREATE FUNCTION webhook_filter_matches(filter jsonb, data jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT filter IS NULL OR NOT EXISTS (
        SELECT FROM jsonb_each(filter) f
        WHERE (jsonb_typeof(data -> f.key) IN ('string', 'number', 'boolean') AND f.value @> (data -> f.key)) IS NOT TRUE)
$$;

-- The head of an endpoint that is sent to in order.
CREATE INDEX webhook_deliveries_in_order ON webhook_deliveries (tenant_id, endpoint_id, occurred_at, event_id)
    WHERE state IN ('pending', 'delivering');

-- +goose Down
DROP INDEX webhook_deliveries_in_order;
DROP FUNCTION webhook_filter_matches(jsonb, jsonb);
ALTER TABLE webhook_endpoints
    DROP COLUMN rate_limit, DROP COLUMN rate_tokens, DROP COLUMN rate_refilled_at, DROP COLUMN fifo, DROP COLUMN filter;
