import type { paths } from "./schema";

/** The JSON of a path's 200, by path, so that no name chosen by a generator matters. */
type Answer<P extends keyof paths> = paths[P] extends {
  get: { responses: { 200: { content: { "application/json": infer T } } } };
}
  ? T
  : never;

export type Session = Answer<"/api/session">;
export type Health = Answer<"/api/admin/health">;
export type Stats = Answer<"/api/admin/stats">;

export type Service = NonNullable<Health["services"]>[number];
export type RecentJob = NonNullable<Stats["recent_jobs"]>[number];
export type ThroughputPoint = NonNullable<Stats["throughput"]>[number];
