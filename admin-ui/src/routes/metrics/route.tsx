import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { dashboardRoute } from "../dashboard";

export const metricsRoute = createRoute({
  getParentRoute: () => dashboardRoute,
  path: "/metrics",
  component: lazyRouteComponent(() => import("./metrics-page"), "MetricsPage"),
});
