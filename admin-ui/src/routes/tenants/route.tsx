import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { tenantStates, tiers, type TenantFilter } from "../../api/tenants";
import { choiceParam, textParam } from "../../lib/params";
import { dashboardRoute } from "../dashboard";

export const tenantsRoute = createRoute({
  getParentRoute: () => dashboardRoute,
  path: "/tenants",
  validateSearch: (raw): TenantFilter & { dialog?: "create" | undefined } => ({
    state: choiceParam(raw, "state", tenantStates),
    tier: choiceParam(raw, "tier", tiers),
    q: textParam(raw, "q"),
    dialog: choiceParam(raw, "dialog", ["create"] as const),
  }),
  component: lazyRouteComponent(() => import("./tenants-page"), "TenantsPage"),
});

export const tenantRoute = createRoute({
  getParentRoute: () => dashboardRoute,
  path: "/tenants/$slug",
  validateSearch: (raw): { dialog?: "offboard" | undefined } => ({
    dialog: choiceParam(raw, "dialog", ["offboard"] as const),
  }),
  component: lazyRouteComponent(() => import("./tenant-page"), "TenantPage"),
});
