import { expect, it } from "vitest";
import type { Service } from "../../api/types";
import { summary } from "./health-summary";

function service(name: string, status: Service["status"]): Service {
  return { name, status, latency_ms: null, detail: "" };
}

it("says that all is well, whatever is switched off", () =>
  expect(summary("ok", [service("redis", "off")])).toEqual({
    tone: "good",
    label: "All systems healthy",
  }));

it("names what needs attention", () =>
  expect(
    summary("degraded", [
      service("database", "ok"),
      service("redis", "down"),
      service("new_service", "degraded"),
    ]),
  ).toEqual({ tone: "warning", label: "Degraded: Redis, New service" }));

it("shows a state that it does not know by its own name", () =>
  expect(summary("read_only", null)).toEqual({ tone: "idle", label: "Read only" }));
