import { defined } from "../lib/defined";
import { api, call } from "./client";
import { cursorQuery, page, pageSize } from "./cursor";
import type { components } from "./schema";
import type { Tenant } from "./types";

export const tenantsQuery = cursorQuery<Tenant>(["tenants"], async (cursor, signal) => {
  const query = { limit: pageSize, ...defined({ cursor }) };
  const answer = await call(api.GET("/api/admin/tenants", { params: { query }, signal }));
  return page(answer.tenants, answer.next_cursor);
});

export function createTenant(body: components["schemas"]["TenantInput"]) {
  return call(api.POST("/api/admin/tenants", { body }));
}
