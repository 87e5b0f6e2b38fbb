import { queryOptions } from "@tanstack/react-query";
import { defined } from "../lib/defined";
import { api, call } from "./client";
import { cursorQuery, page, pageSize } from "./cursor";
import type { Job, JobItem } from "./types";

export const jobStates = [
  "queued",
  "running",
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
}

export function jobsQuery({ state, kind }: JobFilter) {
  // The filters alone: an address may hold more than this page knows.
  const filter = { state, kind };
  return cursorQuery<Job>(["jobs", filter], async (cursor, signal) => {
    const query = { limit: pageSize, ...defined({ ...filter, cursor }) };
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
    const answer = await call(api.GET("/api/index/jobs/{id}/items", { params, signal }));
    return page(answer.items, answer.next_cursor);
  });
}

export function cancelJob(id: string): Promise<Job> {
  return call(api.POST("/api/index/jobs/{id}/cancel", { params: { path: { id } } }));
}

/** Where a job's progress is streamed from. */
export function jobEventsUrl(id: string): string {
  return `/api/index/jobs/${encodeURIComponent(id)}/events`;
}
