import { createRoute, Outlet, redirect } from "@tanstack/react-router";
import { sessionQuery } from "../api/queries";
import { Shell } from "../components/shell/shell";
import { ToastProvider } from "../components/toast";
import { RefreshProvider } from "../refresh/refresh";
import { ReSignInDialog } from "../session/re-sign-in-dialog";
import { rootRoute } from "./root";

/** The parent of every tab: it lets in whoever is signed in, and draws the frame. */
export const dashboardRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "dashboard",
  beforeLoad: async ({ context, location }) => {
    const session = await context.queryClient.query({ ...sessionQuery, staleTime: "static" });
    if (session !== null) return { session };
    throw redirect({ to: "/sign-in", search: { redirect: location.publicHref } });
  },
  component: Dashboard,
});

function Dashboard() {
  const { session } = dashboardRoute.useRouteContext();
  return (
    <RefreshProvider>
      <ToastProvider>
        <Shell session={session}>
          <Outlet />
        </Shell>
        <ReSignInDialog session={session} />
      </ToastProvider>
    </RefreshProvider>
  );
}
