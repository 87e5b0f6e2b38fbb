import { queryOptions } from "@tanstack/react-query";
import { api, call } from "./client";

/** The ranges to choose from, in days. */
export const ranges = [1, 7, 30, 90] as const;
export type Range = (typeof ranges)[number];

/** Steps of a chart that has about a hundred of them at most. */
function intervalHours(days: Range): number {
  return days <= 1 ? 1 : days <= 7 ? 2 : 24;
}

export function figuresQuery(days: Range) {
  return queryOptions({
    queryKey: ["analytics", "stats", days],
    queryFn: ({ signal }) =>
      call(api.GET("/api/admin/analytics/stats", { params: { query: { days } }, signal })),
  });
}

export function seriesQuery(days: Range) {
  const query = { days, interval_hours: intervalHours(days) };
  return queryOptions({
    queryKey: ["analytics", "timeseries", days],
    queryFn: ({ signal }) => call(api.GET("/api/admin/analytics/timeseries", { params: { query }, signal })),
  });
}

export function latencyQuery(days: Range) {
  return queryOptions({
    queryKey: ["analytics", "latency", days],
    queryFn: ({ signal }) =>
      call(api.GET("/api/admin/analytics/latency", { params: { query: { days } }, signal })),
  });
}

const limit = 10;

export function popularQuery(days: Range) {
  return queryOptions({
    queryKey: ["analytics", "popular", days],
    queryFn: ({ signal }) =>
      call(api.GET("/api/admin/analytics/popular", { params: { query: { days, limit } }, signal })),
  });
}

export function zeroResultsQuery(days: Range) {
  return queryOptions({
    queryKey: ["analytics", "zero-results", days],
    queryFn: ({ signal }) =>
      call(api.GET("/api/admin/analytics/zero-results", { params: { query: { days, limit } }, signal })),
  });
}

/** Compares the last day, or week, with the one before. */
export function trendingQuery(days: Range) {
  const query = { limit, window_hours: days <= 1 ? 24 : 168 };
  return queryOptions({
    queryKey: ["analytics", "trending", query.window_hours],
    queryFn: ({ signal }) => call(api.GET("/api/admin/analytics/trending", { params: { query }, signal })),
  });
}

export function clicksQuery(days: Range) {
  return queryOptions({
    queryKey: ["analytics", "clicks", days],
    queryFn: ({ signal }) =>
      call(api.GET("/api/admin/analytics/clicks", { params: { query: { days, limit } }, signal })),
  });
}

export function userQuery(user: string, days: Range) {
  return queryOptions({
    queryKey: ["analytics", "user", user, days],
    queryFn: ({ signal }) =>
      call(
        api.GET("/api/admin/analytics/users/{user_id}", {
          params: { path: { user_id: user }, query: { days, limit: 20 } },
          signal,
        }),
      ),
  });
}

export function exportUrl(days: Range, format: "csv" | "ndjson"): string {
  return `/api/admin/analytics/export?days=${days}&format=${format}`;
}
