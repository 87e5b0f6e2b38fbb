import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import type { Delivery } from "../../api/types";
import { deliveryStates } from "../../api/webhooks";
import { choiceParam, textParam } from "../../lib/params";
import { dashboardRoute } from "../dashboard";

const listDialogs = ["create"] as const;
export const webhookDialogs = ["edit", "rotate", "recover", "delete"] as const;

export interface WebhookSearch {
  state?: Delivery["state"] | undefined;
  /** The delivery that is open beside the list. */
  delivery?: string | undefined;
  dialog?: (typeof webhookDialogs)[number] | undefined;
}

export const webhooksRoute = createRoute({
  getParentRoute: () => dashboardRoute,
  path: "/webhooks",
  validateSearch: (raw): { dialog?: "create" | undefined } => ({
    dialog: choiceParam(raw, "dialog", listDialogs),
  }),
  component: lazyRouteComponent(() => import("./webhooks-page"), "WebhooksPage"),
});

export const eventTypesRoute = createRoute({
  getParentRoute: () => dashboardRoute,
  path: "/webhooks/events",
  validateSearch: (raw): { type?: string | undefined } => ({ type: textParam(raw, "type") }),
  component: lazyRouteComponent(() => import("./event-types-page"), "EventTypesPage"),
});

export const webhookRoute = createRoute({
  getParentRoute: () => dashboardRoute,
  path: "/webhooks/$id",
  validateSearch: (raw): WebhookSearch => ({
    state: choiceParam(raw, "state", deliveryStates),
    delivery: textParam(raw, "delivery"),
    dialog: choiceParam(raw, "dialog", webhookDialogs),
  }),
  component: lazyRouteComponent(() => import("./webhook-page"), "WebhookPage"),
});
