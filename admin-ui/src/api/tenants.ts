import { queryOptions } from "@tanstack/react-query";
import { defined } from "../lib/defined";
import { api, call } from "./client";
import { cursorQuery, page, pageSize } from "./cursor";
import type { components } from "./schema";
import type { Tenant } from "./types";

export const tenantStates = [
  "provisioning",
  "active",
  "suspended",
  "offboarding",
] as const satisfies readonly Tenant["state"][];

export const tiers = [
  "free",
  "standard",
  "enterprise",
  "unlimited",
] as const satisfies readonly Tenant["tier"][];

export interface TenantFilter {
  state?: Tenant["state"] | undefined;
  tier?: Tenant["tier"] | undefined;
  q?: string | undefined;
}

export function tenantsQuery({ state, tier, q }: TenantFilter) {
  return cursorQuery<Tenant>(["tenants", state ?? "", tier ?? "", q ?? ""], async (cursor, signal) => {
    const query = { limit: pageSize, ...defined({ cursor, state, tier, q }) };
    const answer = await call(api.GET("/api/admin/tenants", { params: { query }, signal }));
    return page(answer.tenants, answer.next_cursor);
  });
}

export function tenantQuery(slug: string) {
  return queryOptions({
    queryKey: ["tenant", slug],
    queryFn: ({ signal }) =>
      call(api.GET("/api/admin/tenants/{slug}", { params: { path: { slug } }, signal })),
  });
}

export function createTenant(body: components["schemas"]["TenantInput"]) {
  return call(api.POST("/api/admin/tenants", { body }));
}

/** What can be done with a tenant; each is a workflow, and answered with its start. */
export const tenantVerbs = {
  suspend: (slug: string) =>
    call(api.POST("/api/admin/tenants/{slug}/suspend", { params: { path: { slug } } })),
  resume: (slug: string) =>
    call(api.POST("/api/admin/tenants/{slug}/resume", { params: { path: { slug } } })),
  export: (slug: string) =>
    call(api.POST("/api/admin/tenants/{slug}/export", { params: { path: { slug } } })),
};

export function offboardTenant(slug: string, withExport: boolean) {
  return call(
    api.DELETE("/api/admin/tenants/{slug}", {
      params: { path: { slug } },
      body: { confirm: slug, export: withExport },
    }),
  );
}

/** Where a finished export is downloaded from, in parts if the connection breaks. */
export function archiveUrl(slug: string, id: string): string {
  return `/api/admin/tenants/${encodeURIComponent(slug)}/exports/${encodeURIComponent(id)}/archive`;
}
