import { expect, it } from "vitest";
import { parseExposition, quantile, sum } from "./exposition";

const before = parseExposition(`# HELP x
# TYPE x counter
x_total{code="200",path="/a b"} 3
x_total{code="500",path="say \\"hi\\"\\n"} 1
up 1
d_bucket{le="0.1"} 0
d_bucket{le="1"} 0
d_bucket{le="+Inf"} 0
broken line {
`);
const after = parseExposition(`d_bucket{le="0.1"} 50
d_bucket{le="1"} 90
d_bucket{le="+Inf"} 100
`);

it("reads samples with their labels", () => {
  expect(sum(before, "x_total")).toBe(4);
  expect(sum(before, "x_total", ({ code }) => code === "500")).toBe(1);
  expect(before.get("x_total")?.[1]?.labels["path"]).toBe('say "hi"\n');
  expect(sum(before, "absent")).toBe(0);
});

it("finds a quantile of what happened in between", () => {
  expect(quantile(0.5, before, after, "d")).toBeCloseTo(0.1);
  expect(quantile(0.7, before, after, "d")).toBeCloseTo(0.55);
  // All that is known of the last tenth is that it took longer than a second.
  expect(quantile(0.99, before, after, "d")).toBe(1);
  expect(quantile(0.5, after, after, "d")).toBeNull();
});
