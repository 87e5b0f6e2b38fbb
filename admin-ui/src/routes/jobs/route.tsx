import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { itemStates, jobStates, type JobFilter } from "../../api/jobs";
import type { JobItem } from "../../api/types";
import { choiceParam, textParam } from "../../lib/params";
import { dashboardRoute } from "../dashboard";

export const jobsRoute = createRoute({
  getParentRoute: () => dashboardRoute,
  path: "/jobs",
  validateSearch: (raw): JobFilter & { dialog?: "redrive" | undefined } => ({
    state: choiceParam(raw, "state", jobStates),
    kind: textParam(raw, "kind"),
    error_code: textParam(raw, "error_code"),
    q: textParam(raw, "q"),
    dialog: choiceParam(raw, "dialog", ["redrive"] as const),
  }),
  component: lazyRouteComponent(() => import("./jobs-page"), "JobsPage"),
});

export const jobRoute = createRoute({
  getParentRoute: () => dashboardRoute,
  path: "/jobs/$id",
  validateSearch: (raw): { items?: JobItem["state"] | undefined } => ({
    items: choiceParam(raw, "items", itemStates),
  }),
  component: lazyRouteComponent(() => import("./job-page"), "JobPage"),
});
