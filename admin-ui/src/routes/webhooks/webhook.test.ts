import { expect, it } from "vitest";
import { ApiError } from "../../api/problem";
import { eventChoices, readFilter } from "./webhook-input";
import { deliveryState, rateTone, webhookState } from "./webhook-state";

it("offers everything, groups and types", () => {
  expect(eventChoices(["document.indexed", "document.failed", "job.failed"])).toEqual([
    "*",
    "document.*",
    "job.*",
    "document.indexed",
    "document.failed",
    "job.failed",
  ]);
});

it("reads a filter, and says which field is wrong", () => {
  expect(readFilter("  ")).toBeNull();
  expect(readFilter('{"state": ["failed"]}')).toEqual({ state: ["failed"] });
  for (const wrong of ["[1]", "{", "null"]) {
    expect(() => readFilter(wrong)).toThrow(ApiError);
  }
});

it("tells failing from paused and disabled", () => {
  const since = "2026-11-22T22:00:00Z";
  expect(webhookState({ state: "active", failing_since: null }).label).toBe("Active");
  expect(webhookState({ state: "active", failing_since: since }).tone).toBe("bad");
  expect(webhookState({ state: "paused", failing_since: since }).label).toBe("Paused");
  expect(webhookState({ state: "disabled", disabled_reason: "gone", failing_since: since }).label).toBe(
    "Disabled: it answered 410",
  );
});

it("tells a retry from a first attempt that waits", () => {
  expect(deliveryState({ state: "pending" }).label).toBe("Pending");
  expect(deliveryState({ state: "pending", last_error: "timeout" }).label).toBe("Retrying");
  expect(rateTone(null)).toBe("idle");
  expect(rateTone(0.95)).toBe("warning");
});
