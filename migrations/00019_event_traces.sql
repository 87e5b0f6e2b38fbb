-- +goose Up
-- The W3C trace context of whoever caused an event, so that the request to the
-- receiver is part of the same trace. Empty where nothing was traced.
ALTER TABLE outbox
    ADD COLUMN traceparent text NOT NULL DEFAULT '',
    ADD COLUMN tracestate  text NOT NULL DEFAULT '';
ALTER TABLE webhook_deliveries
    ADD COLUMN traceparent text NOT NULL DEFAULT '',
    ADD COLUMN tracestate  text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE webhook_deliveries DROP COLUMN tracestate, DROP COLUMN traceparent;
ALTER TABLE outbox DROP COLUMN tracestate, DROP COLUMN traceparent;
