import { createRoute, redirect } from "@tanstack/react-router";
import { sessionQuery } from "../../api/queries";
import { basePath, returnPath } from "../../lib/url";
import { rootRoute } from "../root";
import { SignInPage } from "./sign-in-page";

interface SignInSearch {
  /** The page to come back to. */
  redirect?: string | undefined;
  /** Set when a session ended while somebody was at work. */
  expired?: true | undefined;
}

export const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/sign-in",
  // The router keeps what is not named here as it came, so both are always named.
  validateSearch: (search): SignInSearch => ({
    redirect: returnPath(search["redirect"]),
    expired: search["expired"] === true ? true : undefined,
  }),
  beforeLoad: async ({ context, search }) => {
    // Asked anew: another browser tab may have signed in meanwhile. In development
    // everybody has a session, so only there the form is shown in spite of one.
    const session = await context.queryClient.query({ ...sessionQuery, staleTime: 1000 });
    if (session === null || session.development) return;
    throw redirect({ href: search.redirect ?? `${basePath}/` });
  },
  component: SignIn,
});

function SignIn() {
  const { redirect: target, expired } = signInRoute.useSearch();
  return <SignInPage target={target ?? `${basePath}/`} expired={expired === true} />;
}
