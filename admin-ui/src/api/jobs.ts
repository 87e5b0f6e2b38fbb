import { queryOptions } from "@tanstack/react-query";
import { defined } from "../lib/defined";
import { api, call } from "./client";
import { cursorQuery, page, pageSize } from "./cursor";
import type { components } from "./schema";
import type { Job, JobItem } from "./types";

export const jobStates = [
  "queued",
  "running",
  "paused",
  "completed",
  "completed_with_errors",
  "failed",
  "canceled",
] as const satisfies readonly Job["state"][];

export const itemStates = [
  "queued",
  "indexed",
  "superseded",
  "deleted",
  "failed",
  "canceled",
] as const satisfies readonly JobItem["state"][];

export interface JobFilter {
  state?: Job["state"] | undefined;
  kind?: string | undefined;
  error_code?: string | undefined;
  /** An id of a job or of a document, or an error code. */
  q?: string | undefined;
}

export function jobsQuery({ state, kind, error_code, q }: JobFilter) {
  // The filters alone: an address may hold more than this page knows.
  const filter = { kind, error_code, q };
  return cursorQuery<Job>(["jobs", state ?? "", filter], async (cursor, signal) => {
    const states = state === undefined ? {} : { state: [state] };
    const query = { limit: pageSize, ...states, ...defined({ ...filter, cursor }) };
    const answer = await call(api.GET("/api/admin/jobs", { params: { query }, signal }));
    return page(answer.jobs, answer.next_cursor);
  });
}

export function jobQuery(id: string) {
  return queryOptions({
    queryKey: ["job", id],
    queryFn: ({ signal }) => call(api.GET("/api/admin/jobs/{id}", { params: { path: { id } }, signal })),
  });
}

export function jobItemsQuery(id: string, state: JobItem["state"] | undefined) {
  return cursorQuery<JobItem>(["job", id, "items", state ?? ""], async (cursor, signal) => {
    const params = { path: { id }, query: { limit: pageSize, ...defined({ cursor, state }) } };
    const answer = await call(api.GET("/api/admin/jobs/{id}/items", { params, signal }));
    return page(answer.items, answer.next_cursor);
  });
}

/** What can be done with a job, each answered with the job as it is then. */
export const jobVerbs = {
  cancel: (id: string) => call(api.POST("/api/admin/jobs/{id}/cancel", { params: { path: { id } } })),
  pause: (id: string) => call(api.POST("/api/admin/jobs/{id}/pause", { params: { path: { id } } })),
  resume: (id: string) => call(api.POST("/api/admin/jobs/{id}/resume", { params: { path: { id } } })),
  /** Answers with the new job that does what is left. */
  retry: (id: string) => call(api.POST("/api/admin/jobs/{id}/retry", { params: { path: { id } } })),
} satisfies Record<string, (id: string) => Promise<Job>>;

export type RedriveFilter = components["schemas"]["RedriveFilter"];

export function countRedrive(filter: RedriveFilter) {
  return call(api.POST("/api/admin/jobs/redrive", { body: { filter, dry_run: true } }));
}

/** Retries all jobs of a filter, if there are still as many as were counted. */
export function redrive(filter: RedriveFilter, count: number) {
  return call(api.POST("/api/admin/jobs/redrive", { body: { filter, confirm_count: count } }));
}

/** Where a job's progress is streamed from. */
export function jobEventsUrl(id: string): string {
  return `/api/admin/jobs/${encodeURIComponent(id)}/events`;
}
