import { createRoute } from "@tanstack/react-router";
import { dashboardRoute } from "../dashboard";
import { OverviewPage } from "./overview-page";

export const overviewRoute = createRoute({
  getParentRoute: () => dashboardRoute,
  path: "/",
  component: Overview,
});

function Overview() {
  const { session } = overviewRoute.useRouteContext();
  return <OverviewPage session={session} />;
}
