import { api, call } from "./client";
import { cursorQuery, page, pageSize } from "./cursor";
import type { APIKey, APIKeyInput, CreatedAPIKey } from "./types";

/** What a key may be allowed, from the least to the most. */
export const scopes = [
  { value: "search", does: "Search documents" },
  { value: "documents:read", does: "Read documents and jobs" },
  { value: "documents:write", does: "Add, change and delete documents" },
  { value: "analytics:read", does: "Read what was searched for" },
  { value: "webhooks", does: "Manage webhooks and their deliveries" },
  { value: "admin", does: "Everything of this tenant, with keys and settings" },
  { value: "platform", does: "Everything, of every tenant" },
] as const;

export const keysQuery = cursorQuery<APIKey>(["api-keys"], async (cursor, signal) => {
  const query = { limit: pageSize, ...(cursor === undefined ? {} : { cursor }) };
  const answer = await call(api.GET("/api/admin/api-keys", { params: { query }, signal }));
  return page(answer.api_keys, answer.next_cursor);
});

export function createKey(body: APIKeyInput): Promise<CreatedAPIKey> {
  return call(api.POST("/api/admin/api-keys", { body }));
}

export function changeKey(id: string, body: APIKeyInput): Promise<APIKey> {
  return call(api.PATCH("/api/admin/api-keys/{id}", { params: { path: { id } }, body }));
}

export function rotateKey(id: string, overlapHours: number): Promise<CreatedAPIKey> {
  return call(
    api.POST("/api/admin/api-keys/{id}/rotate", {
      params: { path: { id } },
      body: { overlap_hours: overlapHours },
    }),
  );
}

export function revokeKey(id: string): Promise<unknown> {
  return call(api.DELETE("/api/admin/api-keys/{id}", { params: { path: { id } } }));
}
