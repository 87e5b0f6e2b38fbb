import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { createRouter, type RouterHistory } from "@tanstack/react-router";
import { ApiError } from "./api/problem";
import { sessionQuery } from "./api/queries";
import { basePath } from "./lib/url";
import { ReSignIn } from "./session/re-sign-in";
import { analyticsRoute } from "./routes/analytics/route";
import { auditRoute } from "./routes/audit/route";
import { dashboardRoute } from "./routes/dashboard";
import { jobRoute, jobsRoute } from "./routes/jobs/route";
import { keysRoute } from "./routes/keys/route";
import { metricsRoute } from "./routes/metrics/route";
import { overviewRoute } from "./routes/overview/route";
import { rootRoute } from "./routes/root";
import { searchRoute } from "./routes/search/route";
import { settingsRoute } from "./routes/settings/route";
import { signInRoute } from "./routes/sign-in/route";
import { tenantRoute, tenantsRoute } from "./routes/tenants/route";
import { eventTypesRoute, webhookRoute, webhooksRoute } from "./routes/webhooks/route";

const routeTree = rootRoute.addChildren([
  signInRoute,
  dashboardRoute.addChildren([
    overviewRoute,
    searchRoute,
    analyticsRoute,
    jobsRoute,
    jobRoute,
    webhooksRoute,
    eventTypesRoute,
    webhookRoute,
    metricsRoute,
    keysRoute,
    auditRoute,
    tenantsRoute,
    tenantRoute,
    settingsRoute,
  ]),
]);

/** Makes the dashboard's router and the store of its data, which need each other. */
export function createDashboard(history?: RouterHistory) {
  const queryClient = new QueryClient({
    queryCache: new QueryCache({ onError: (error) => endSession(error) }),
    mutationCache: new MutationCache({ onError: (error) => endSession(error) }),
    defaultOptions: {
      queries: {
        // The server may be on this machine, which "offline" browsers reach as well.
        networkMode: "always",
        retry: (failures, error) => failures < 1 && error instanceof ApiError && error.transient,
        retryDelay: 500,
        staleTime: 1000,
      },
      mutations: { networkMode: "always" },
    },
  });
  const reSignIn = new ReSignIn();
  const router = createRouter({
    routeTree,
    basepath: basePath,
    context: { queryClient },
    defaultPreload: "intent",
    defaultPreloadStaleTime: 0,
    scrollRestoration: true,
    ...(history === undefined ? {} : { history }),
  });

  // Any call may be the one that learns that the session is over. Whoever is not
  // signed in, such as somebody who mistyped a key, has no session to end.
  function endSession(error: unknown): void {
    const signedIn = queryClient.getQueryData(sessionQuery.queryKey) != null;
    if (!(error instanceof ApiError) || !error.unauthenticated || !signedIn) return;
    const { pathname, publicHref } = router.state.location;
    if (pathname === "/sign-in" || reSignIn.ask()) return;
    queryClient.setQueryData(sessionQuery.queryKey, null);
    void router.navigate({ to: "/sign-in", search: { redirect: publicHref, expired: true } });
  }

  return { router, queryClient, reSignIn };
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createDashboard>["router"];
  }
}
