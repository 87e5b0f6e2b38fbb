import { createRoute, redirect } from "@tanstack/react-router";
import { sessionQuery } from "../../api/queries";
import { basePath, returnPath } from "../../lib/url";
import { rootRoute } from "../root";
import { SignInPage } from "./sign-in-page";

interface SignInSearch {
  /** The page to come back to. */
  redirect?: string;
  /** Set when a session ended while somebody was at work. */
  expired?: true;
}

export const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/sign-in",
  validateSearch: (search): SignInSearch => {
    const path = returnPath(search["redirect"]);
    return {
      ...(path === undefined ? {} : { redirect: path }),
      ...(search["expired"] === true ? { expired: true } : {}),
    };
  },
  beforeLoad: async ({ context, search }) => {
    // Asked anew: another browser tab may have signed in meanwhile. In development
    // everybody has a session, so only there the form is shown in spite of one.
    const session = await context.queryClient.query({ ...sessionQuery, staleTime: 1000 });
    if (session === null || session.development === true) return;
    throw redirect({ href: search.redirect ?? `${basePath}/` });
  },
  component: SignIn,
});

function SignIn() {
  const { redirect: target, expired } = signInRoute.useSearch();
  return <SignInPage target={target ?? `${basePath}/`} expired={expired === true} />;
}
