import { queryOptions } from "@tanstack/react-query";
import { defined } from "../lib/defined";
import { api, call, callExact } from "./client";
import { cursorQuery, page, pageSize } from "./cursor";
import type { components } from "./schema";
import type { Delivery, Recovery, Webhook, WebhookInput } from "./types";

export const deliveryStates = [
  "pending",
  "delivering",
  "delivered",
  "exhausted",
  "canceled",
] as const satisfies readonly Delivery["state"][];

type WebhookPatch = components["schemas"]["WebhookPatch"];
type RecoverBody = components["schemas"]["RecoverBody"];

export const webhooksQuery = cursorQuery<Webhook>(["webhooks"], async (cursor, signal) => {
  const query = { limit: pageSize, ...defined({ cursor }) };
  const answer = await call(api.GET("/api/admin/webhooks", { params: { query }, signal }));
  return page(answer.webhooks, answer.next_cursor);
});

export function webhookQuery(id: string) {
  return queryOptions({
    queryKey: ["webhook", id],
    queryFn: ({ signal }) => call(api.GET("/api/admin/webhooks/{id}", { params: { path: { id } }, signal })),
  });
}

/** A webhook's attempts of the last hours in numbers. */
export function webhookStatsQuery(id: string, hours = 24) {
  return queryOptions({
    queryKey: ["webhook", id, "stats", hours],
    queryFn: ({ signal }) =>
      call(api.GET("/api/admin/webhooks/{id}/stats", { params: { path: { id }, query: { hours } }, signal })),
  });
}

export function deliveriesQuery(id: string, state: Delivery["state"] | undefined) {
  return cursorQuery<Delivery>(["webhook", id, "deliveries", state ?? ""], async (cursor, signal) => {
    const params = { path: { id }, query: { limit: 25, ...defined({ cursor, state }) } };
    const pending = api.GET("/api/admin/webhooks/{id}/deliveries", { params, signal, parseAs: "text" });
    const answer = await callExact<components["schemas"]["DeliveryList"]>(pending);
    return page(answer.deliveries, answer.next_cursor);
  });
}

export function deliveryQuery(id: string) {
  return queryOptions({
    queryKey: ["delivery", id],
    queryFn: ({ signal }) =>
      callExact<Delivery>(
        api.GET("/api/admin/deliveries/{id}", { params: { path: { id } }, signal, parseAs: "text" }),
      ),
  });
}

export function recoveriesQuery(id: string) {
  return cursorQuery<Recovery>(["webhook", id, "recoveries"], async (cursor, signal) => {
    const params = { path: { id }, query: { limit: 10, ...defined({ cursor }) } };
    const answer = await call(api.GET("/api/admin/webhooks/{id}/recoveries", { params, signal }));
    return page(answer.recoveries, answer.next_cursor);
  });
}

export const eventTypesQuery = queryOptions({
  queryKey: ["event-types"],
  queryFn: async ({ signal }) =>
    (await call(api.GET("/api/admin/event-types", { signal }))).event_types ?? [],
  staleTime: 600_000,
});

export function createWebhook(body: WebhookInput) {
  return call(api.POST("/api/admin/webhooks", { body }));
}

export function changeWebhook(id: string, body: WebhookPatch) {
  return call(api.PATCH("/api/admin/webhooks/{id}", { params: { path: { id } }, body }));
}

export function deleteWebhook(id: string): Promise<unknown> {
  return call(api.DELETE("/api/admin/webhooks/{id}", { params: { path: { id } } }));
}

export function testWebhook(id: string) {
  return call(api.POST("/api/admin/webhooks/{id}/test", { params: { path: { id } } }));
}

export function rotateSecret(id: string, overlapHours: number) {
  return call(
    api.POST("/api/admin/webhooks/{id}/rotate-secret", {
      params: { path: { id } },
      body: { overlap_hours: overlapHours },
    }),
  );
}

export function resendDelivery(id: string) {
  return call(api.POST("/api/admin/deliveries/{id}/resend", { params: { path: { id } } }));
}

/** Counts, with dry_run, or starts. The key makes a start that is sent twice count once. */
export function recoverWebhook(id: string, body: RecoverBody, idempotencyKey?: string) {
  return call(
    api.POST("/api/admin/webhooks/{id}/recover", {
      params: {
        path: { id },
        ...(idempotencyKey === undefined ? {} : { header: { "Idempotency-Key": idempotencyKey } }),
      },
      body,
    }),
  );
}

export function cancelRecovery(id: string, recoveryId: string) {
  return call(
    api.POST("/api/admin/webhooks/{id}/recoveries/{recovery_id}/cancel", {
      params: { path: { id, recovery_id: recoveryId } },
    }),
  );
}
