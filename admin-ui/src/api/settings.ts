import { queryOptions } from "@tanstack/react-query";
import { api, call } from "./client";
import type { components } from "./schema";

type Settings = components["schemas"]["PutSearchSettingsBody"];

export const settingsQuery = queryOptions({
  queryKey: ["search-settings"],
  queryFn: ({ signal }) => call(api.GET("/api/admin/search-settings", { signal })),
});

export const embeddingsQuery = queryOptions({
  queryKey: ["embeddings"],
  queryFn: ({ signal }) => call(api.GET("/api/admin/embeddings", { signal })),
});

/** Replaces all settings, unless somebody else has changed them since `version` was read. */
export function changeSettings(version: number, body: Settings) {
  return call(api.PUT("/api/admin/search-settings", { body: { ...body, version } }));
}

export function trainEmbeddings() {
  return call(api.POST("/api/admin/embeddings/train"));
}

export function cancelTraining() {
  return call(api.POST("/api/admin/embeddings/cancel"));
}

export function rollBackEmbeddings() {
  return call(api.POST("/api/admin/embeddings/rollback"));
}
