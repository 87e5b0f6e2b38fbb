import { expect, it } from "vitest";
import { expiryDate } from "./key-expiry";
import { keyTone } from "./key-state";

const now = Date.parse("2026-11-22T12:00:00Z");

it("turns a choice into a time", () => {
  expect(expiryDate("7", now)).toBe("2026-11-29T12:00:00.000Z");
  expect(expiryDate("never", now)).toBeNull();
  expect(expiryDate("keep", now)).toBeUndefined();
});

it("warns of a key that ends within a week", () => {
  expect(keyTone({ state: "active", expires_at: "2026-11-25T00:00:00Z" }, now)).toBe("warning");
  expect(keyTone({ state: "active", expires_at: null }, now)).toBe("good");
  expect(keyTone({ state: "revoked", expires_at: null }, now)).toBe("idle");
});
