import { queryOptions } from "@tanstack/react-query";
import { api, call } from "./client";
import { ApiError } from "./problem";
import type { Session } from "./types";

/** Who is signed in; null for nobody. Kept until it is changed or any call answers 401. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ signal }): Promise<Session | null> => {
    try {
      return await call(api.GET("/api/session", { signal }));
    } catch (error) {
      if (error instanceof ApiError && error.unauthenticated) return null;
      throw error;
    }
  },
  staleTime: Infinity,
  gcTime: Infinity,
});

export const healthQuery = queryOptions({
  queryKey: ["health"],
  queryFn: ({ signal }) => call(api.GET("/api/admin/health", { signal })),
});

export const statsQuery = queryOptions({
  queryKey: ["stats"],
  queryFn: ({ signal }) => call(api.GET("/api/admin/stats", { signal })),
});

export function signIn(apiKey: string): Promise<unknown> {
  return call(api.POST("/api/session", { body: { api_key: apiKey } }));
}

export function signOut(): Promise<unknown> {
  return call(api.DELETE("/api/session"));
}
