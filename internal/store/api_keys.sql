-- name: APIKeyInsert :exec
INSERT INTO api_keys (tenant_id, id, name, description, key_hash, prefix, last_four, scopes, expires_at, allowed_networks, rate_limit)
VALUES (@tenant_id, @id, @name, @description, @key_hash, @prefix, @last_four, @scopes, @expires_at, @allowed_networks::text[], @rate_limit);

-- name: APIKeyInsertIfAbsent :execrows
INSERT INTO api_keys (tenant_id, id, name, description, key_hash, prefix, last_four, scopes)
VALUES (@tenant_id, @id, @name, @description, @key_hash, @prefix, @last_four, @scopes)
ON CONFLICT (key_hash) DO NOTHING;

-- name: APIKeyGetByHash :one
SELECT k.id, k.tenant_id, k.name, k.prefix, k.scopes, k.expires_at, k.revoked_at, k.allowed_networks, k.rate_limit, t.slug, t.state AS tenant_state, t.tier, t.quota
FROM api_keys k JOIN tenants t ON t.id = k.tenant_id
WHERE k.key_hash = @key_hash;

-- name: APIKeyList :many
SELECT * FROM api_keys WHERE tenant_id = @tenant_id AND id < @before_id
ORDER BY id DESC LIMIT @row_limit;

-- name: APIKeyGet :one
SELECT * FROM api_keys WHERE tenant_id = @tenant_id AND id = @id;

-- name: APIKeyLock :one
SELECT * FROM api_keys WHERE tenant_id = @tenant_id AND id = @id FOR NO KEY UPDATE;

-- name: APIKeyUpdate :one
UPDATE api_keys SET name = @name, description = @description, scopes = @scopes::text[], expires_at = @expires_at, revoked_at = @revoked_at,
    allowed_networks = @allowed_networks::text[], rate_limit = @rate_limit, replaced_by = @replaced_by
WHERE tenant_id = @tenant_id AND id = @id
RETURNING *;

-- name: APIKeyTouchMany :exec
UPDATE api_keys k SET last_used_at = greatest(k.last_used_at, u.used_at), request_count = k.request_count + u.requests
FROM (SELECT unnest(@tenant_ids::uuid[]) AS tenant_id, unnest(@ids::uuid[]) AS id,
             unnest(@used_ats::timestamptz[]) AS used_at, unnest(@requests::bigint[]) AS requests) u
WHERE k.tenant_id = u.tenant_id AND k.id = u.id;

-- name: SessionInsert :exec
INSERT INTO sessions (tenant_id, id, api_key_id, token_hash, expires_at)
VALUES (@tenant_id, @id, @api_key_id, @token_hash, @expires_at);

-- name: SessionGet :one
SELECT s.id, s.tenant_id, s.expires_at, s.last_seen_at, k.id AS api_key_id, k.name, k.prefix, k.scopes,
       k.expires_at AS key_expires_at, k.revoked_at, k.allowed_networks, k.rate_limit, t.slug, t.name AS tenant_name, t.state AS tenant_state, t.tier, t.quota
FROM sessions s
JOIN api_keys k ON k.tenant_id = s.tenant_id AND k.id = s.api_key_id
JOIN tenants t ON t.id = s.tenant_id
WHERE s.token_hash = @token_hash AND s.expires_at > now() AND s.last_seen_at > @idle_since;

-- name: SessionTouch :exec
UPDATE sessions SET last_seen_at = now() WHERE token_hash = @token_hash AND last_seen_at < now() - interval '1 minute';

-- name: SessionDelete :exec
DELETE FROM sessions WHERE token_hash = @token_hash;
