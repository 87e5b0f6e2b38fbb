import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { searchTypes } from "../../api/search";
import { choiceParam, flagParam, numberParam, textParam } from "../../lib/params";
import { dashboardRoute } from "../dashboard";

/** A search of the playground, as its address holds it. */
export interface PlaygroundSearch {
  q?: string | undefined;
  type?: (typeof searchTypes)[number] | undefined;
  doc_type?: string | undefined;
  tags?: string | undefined;
  limit?: number | undefined;
  explain?: true | undefined;
  fresh?: true | undefined;
}

export const searchRoute = createRoute({
  getParentRoute: () => dashboardRoute,
  path: "/search",
  validateSearch: (raw): PlaygroundSearch => ({
    q: textParam(raw, "q"),
    type: choiceParam(raw, "type", searchTypes),
    doc_type: textParam(raw, "doc_type"),
    tags: textParam(raw, "tags"),
    limit: numberParam(raw, "limit", 1, 100),
    explain: flagParam(raw, "explain"),
    fresh: flagParam(raw, "fresh"),
  }),
  component: lazyRouteComponent(() => import("./search-page"), "SearchPage"),
});
