import { defined } from "../lib/defined";
import { api, callExact } from "./client";
import { cursorQuery, page, pageSize } from "./cursor";
import type { components } from "./schema";
import type { AuditEntry } from "./types";

export interface AuditFilter {
  action?: string | undefined;
  actor_id?: string | undefined;
  target_id?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
}

export function auditQuery(address: AuditFilter) {
  const filter = known(address);
  return cursorQuery<AuditEntry>(["audit-log", filter], async (cursor, signal) => {
    const query = { limit: pageSize, ...defined({ ...filter, cursor }) };
    const pending = api.GET("/api/admin/audit-log", { params: { query }, signal, parseAs: "text" });
    const answer = await callExact<components["schemas"]["AuditList"]>(pending);
    return page(answer.entries, answer.next_cursor);
  });
}

/** The filters alone: an address may hold more than this page knows. */
function known({ action, actor_id, target_id, from, to }: AuditFilter): AuditFilter {
  return { action, actor_id, target_id, from, to };
}

/** Where all that the filters leave is downloaded from, as NDJSON. */
export function auditExportUrl(filter: AuditFilter): string {
  const query = new URLSearchParams(defined(known(filter))).toString();
  return `/api/admin/audit-log/export${query === "" ? "" : `?${query}`}`;
}
