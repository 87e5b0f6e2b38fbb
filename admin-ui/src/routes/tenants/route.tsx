import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { choiceParam } from "../../lib/params";
import { dashboardRoute } from "../dashboard";

export const tenantsRoute = createRoute({
  getParentRoute: () => dashboardRoute,
  path: "/tenants",
  validateSearch: (raw): { dialog?: "create" | undefined } => ({
    dialog: choiceParam(raw, "dialog", ["create"] as const),
  }),
  component: lazyRouteComponent(() => import("./tenants-page"), "TenantsPage"),
});
