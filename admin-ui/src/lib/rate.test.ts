import { expect, it } from "vitest";
import { addSample, rate } from "./rate";

const samples = (...pairs: [value: number, at: number][]) =>
  pairs.reduce<ReturnType<typeof addSample>>((all, [value, at]) => addSample(all, { value, at }), []);

it("knows no rate from a single reading", () => expect(rate(samples([5, 1000]))).toBeNull());

it("is the growth by second over the readings", () =>
  expect(rate(samples([0, 0], [100, 1000], [600, 2000]))).toBe(300));

it("forgets what is older than half a minute", () =>
  expect(rate(samples([0, 0], [1000, 20_000], [1030, 40_000], [1060, 50_000]))).toBe(2));

it("still has a rate when readings are a minute apart", () =>
  expect(rate(samples([0, 0], [60, 60_000], [180, 120_000]))).toBe(2));

it("starts anew when the counter went back", () => expect(rate(samples([500, 0], [3, 1000]))).toBeNull());
