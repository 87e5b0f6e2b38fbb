import type { Delivery, Webhook } from "../../api/types";
import type { Tone } from "../../components/status";

export function webhookState(webhook: Pick<Webhook, "state" | "disabled_reason" | "failing_since">): {
  tone: Tone;
  label: string;
} {
  if (webhook.state === "paused") return { tone: "warning", label: "Paused" };
  if (webhook.state === "disabled") {
    const why = webhook.disabled_reason === "gone" ? "it answered 410" : "it failed for too long";
    return { tone: "bad", label: `Disabled: ${why}` };
  }
  if (webhook.failing_since !== null) return { tone: "bad", label: "Failing" };
  return { tone: "good", label: "Active" };
}

export const deliveryTones: Record<Delivery["state"], Tone> = {
  pending: "idle",
  delivering: "active",
  delivered: "good",
  exhausted: "bad",
  canceled: "idle",
};

/** A delivery that waits after a failure is not the same as one that waits for its first attempt. */
export function deliveryState(delivery: Pick<Delivery, "state" | "last_error">): {
  tone: Tone;
  label: string;
} {
  if (delivery.state === "pending" && delivery.last_error !== undefined && delivery.last_error !== "") {
    return { tone: "warning", label: "Retrying" };
  }
  const label = delivery.state.charAt(0).toUpperCase() + delivery.state.slice(1);
  return { tone: deliveryTones[delivery.state], label };
}

/** How a success rate is to be seen. */
export function rateTone(rate: number | null): Tone {
  if (rate === null) return "idle";
  if (rate >= 0.99) return "good";
  return rate >= 0.9 ? "warning" : "bad";
}
