-- name: AttemptHourList :many
SELECT error_code, bucket, sum(attempts)::bigint AS attempts FROM webhook_attempt_hours
WHERE tenant_id = @tenant_id AND endpoint_id = @endpoint_id AND hour >= @since
GROUP BY error_code, bucket ORDER BY error_code, bucket;

-- name: DeliveryPendingStats :one
-- The open deliveries of an endpoint, those that are due first, up to a bound.
SELECT count(*) AS pending, min(p.occurred_at)::timestamptz AS oldest, min(p.next_attempt_at)::timestamptz AS next_attempt
FROM (
    SELECT d.occurred_at, d.next_attempt_at FROM webhook_deliveries d
    WHERE d.tenant_id = @tenant_id AND d.endpoint_id = @endpoint_id AND d.state IN ('pending', 'delivering')
    ORDER BY d.next_attempt_at LIMIT @row_limit) p
HAVING count(*) > 0;

-- name: AttemptHourPurge :execrows
DELETE FROM webhook_attempt_hours WHERE (tenant_id, endpoint_id, hour, error_code, bucket) IN (
    SELECT h.tenant_id, h.endpoint_id, h.hour, h.error_code, h.bucket FROM webhook_attempt_hours h
    WHERE h.hour < now() - @max_age::interval LIMIT @row_limit);

-- name: DeliveryGet :one
SELECT * FROM webhook_deliveries WHERE tenant_id = @tenant_id AND id = @id;
