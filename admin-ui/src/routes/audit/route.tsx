import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import type { AuditFilter } from "../../api/audit";
import { textParam } from "../../lib/params";
import { dashboardRoute } from "../dashboard";

export interface AuditSearch extends AuditFilter {
  /** The entry that is open beside the list. */
  entry?: string | undefined;
}

export const auditRoute = createRoute({
  getParentRoute: () => dashboardRoute,
  path: "/audit-log",
  validateSearch: (raw): AuditSearch => ({
    action: textParam(raw, "action"),
    actor_id: textParam(raw, "actor_id"),
    target_id: textParam(raw, "target_id"),
    from: textParam(raw, "from"),
    to: textParam(raw, "to"),
    entry: textParam(raw, "entry"),
  }),
  component: lazyRouteComponent(() => import("./audit-page"), "AuditPage"),
});
