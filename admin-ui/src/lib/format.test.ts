import { describe, expect, it } from "vitest";
import {
  formatBytes,
  formatDuration,
  formatMilliseconds,
  formatNoun,
  formatRate,
  formatRelative,
  formatShare,
  formatUtc,
  humanize,
} from "./format";

describe("formatShare", () => {
  it.each([
    [1, 3, "33.3%"],
    [0, 5, "0%"],
    [5, 5, "100%"],
    [0, 0, "–"],
  ])("%d of %d is %s", (part, whole, text) => expect(formatShare(part, whole)).toBe(text));

  it("does not round up to all of it", () => expect(formatShare(205_630, 205_631)).toBe("99.9%"));
});

it.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1 KB"],
  [148_123_456, "148 MB"],
  [1_500_000_000, "1.5 GB"],
])("formatBytes(%d) is %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

it.each([
  [null, "–"],
  [undefined, "–"],
  [0, "0 ms"],
  [0.004, "<0.01 ms"],
  [0.42, "0.42 ms"],
  [12.34, "12.3 ms"],
  [1500, "1.5 s"],
])("formatMilliseconds(%s) is %s", (ms, text) => expect(formatMilliseconds(ms)).toBe(text));

it.each([
  [212, "212 ms"],
  [12_000, "12 s"],
  [91_000, "1 min 31 s"],
  [3_600_000, "1 h"],
  [3_605_000, "1 h"],
  [93_784_000, "1 d 2 h"],
  [-5, "0 ms"],
])("formatDuration(%d) is %s", (ms, text) => expect(formatDuration(ms)).toBe(text));

it.each([
  [0, "0/s"],
  [0.25, "15/min"],
  [3120.4, "3,120/s"],
])("formatRate(%d) is %s", (rate, text) => expect(formatRate(rate)).toBe(text));

it("formats relative times with tolerance for a clock that differs a little", () => {
  const now = Date.parse("2026-11-22T22:24:13Z");
  const at = (seconds: number) => formatRelative(new Date(now + seconds * 1000), now);
  expect(at(-2)).toBe("just now");
  expect(at(3)).toBe("just now");
  expect(at(-59)).toBe("59s ago");
  expect(at(-3 * 3600 - 1)).toBe("3h ago");
  expect(at(11 * 3600)).toBe("in 11h");
});

it("formats exact times in UTC", () => {
  expect(formatUtc(new Date("2026-11-22T23:24:13.5+01:00"))).toBe("2026-11-22 22:24:13 UTC");
});

it("counts nouns", () => {
  expect(formatNoun(1, "miss", "misses")).toBe("1 miss");
  expect(formatNoun(1200, "miss", "misses")).toBe("1,200 misses");
});

it.each([
  ["index_documents", "Index documents"],
  ["IndexDocuments", "Index documents"],
  ["", ""],
])("humanizes %s", (name, text) => expect(humanize(name)).toBe(text));
