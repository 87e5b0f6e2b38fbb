import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { choiceParam, textParam } from "../../lib/params";
import { dashboardRoute } from "../dashboard";

export const keyDialogs = ["create", "edit", "rotate", "revoke"] as const;

export interface KeysSearch {
  /** The key that is open beside the list. */
  key?: string | undefined;
  dialog?: (typeof keyDialogs)[number] | undefined;
}

export const keysRoute = createRoute({
  getParentRoute: () => dashboardRoute,
  path: "/keys",
  validateSearch: (raw): KeysSearch => ({
    key: textParam(raw, "key"),
    dialog: choiceParam(raw, "dialog", keyDialogs),
  }),
  component: lazyRouteComponent(() => import("./keys-page"), "KeysPage"),
});
