import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { ranges, type Range } from "../../api/analytics";
import { textParam } from "../../lib/params";
import { dashboardRoute } from "../dashboard";

export interface AnalyticsSearch {
  days?: Range | undefined;
  /** The user whose searches are shown. */
  user?: string | undefined;
}

export const analyticsRoute = createRoute({
  getParentRoute: () => dashboardRoute,
  path: "/analytics",
  validateSearch: (raw): AnalyticsSearch => ({
    days: ranges.find((days) => days === raw["days"]),
    user: textParam(raw, "user"),
  }),
  component: lazyRouteComponent(() => import("./analytics-page"), "AnalyticsPage"),
});
