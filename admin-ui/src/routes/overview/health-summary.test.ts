import { expect, it } from "vitest";
import { summary } from "./health-summary";

it("says that all is well, whatever is switched off", () =>
  expect(summary("ok", [{ name: "redis", status: "off" }])).toEqual({
    tone: "good",
    label: "All systems healthy",
  }));

it("names what needs attention", () =>
  expect(
    summary("degraded", [
      { name: "database", status: "ok" },
      { name: "redis", status: "down" },
      { name: "new_service", status: "degraded" },
    ]),
  ).toEqual({ tone: "warning", label: "Degraded: Redis, New service" }));

it("shows a state that it does not know by its own name", () =>
  expect(summary("read_only", null)).toEqual({ tone: "idle", label: "Read only" }));
