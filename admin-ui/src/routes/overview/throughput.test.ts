import { expect, it } from "vitest";
import { lastDay } from "./throughput";

const now = Date.parse("2026-11-22T22:24:13Z");

it("has all 24 hours up to now, with zero for those without documents", () => {
  const hours = lastDay(
    [
      { at: "2026-11-22T22:00:00Z", documents: 5 },
      { at: "2026-11-22T00:00:00+01:00", documents: 7 },
    ],
    now,
  );
  expect(hours).toHaveLength(24);
  expect(hours[23]).toEqual({ at: new Date("2026-11-22T22:00:00Z"), documents: 5 });
  expect(hours[0]).toEqual({ at: new Date("2026-11-21T23:00:00Z"), documents: 7 });
  expect(hours.reduce((sum, hour) => sum + hour.documents, 0)).toBe(12);
});

it("leaves out what is older, and adds up what falls into one hour", () => {
  const hours = lastDay(
    [
      { at: "2026-11-20T22:00:00Z", documents: 100 },
      { at: "2026-11-22T21:10:00Z", documents: 1 },
      { at: "2026-11-22T21:50:00Z", documents: 2 },
    ],
    now,
  );
  expect(hours.map((hour) => hour.documents).filter((documents) => documents > 0)).toEqual([3]);
});
