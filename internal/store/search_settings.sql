-- name: SearchSettingsGet :one
SELECT version, settings, updated_at FROM search_settings WHERE tenant_id = @tenant_id;

-- name: SearchSettingsPut :one
INSERT INTO search_settings (tenant_id, version, settings) VALUES (@tenant_id, 1, @settings)
ON CONFLICT (tenant_id) DO UPDATE SET version = search_settings.version + 1, settings = EXCLUDED.settings, updated_at = now()
RETURNING version, updated_at;
