import { expect, it } from "vitest";
import { choiceParam, flagParam, numberParam, splitList, textParam } from "./params";

it("reads text, also what the router took for a number", () => {
  expect(textParam({ q: "a" }, "q")).toBe("a");
  expect(textParam({ q: 42 }, "q")).toBe("42");
  expect(textParam({ q: true }, "q")).toBe("true");
});

it("drops what is not a value of a filter", () => {
  expect(textParam({ q: { a: 1 } }, "q")).toBeUndefined();
  expect(textParam({ q: "" }, "q")).toBeUndefined();
  expect(textParam({ q: "x".repeat(900) }, "q")).toHaveLength(500);
  expect(choiceParam({ state: "bogus" }, "state", ["failed"])).toBeUndefined();
  expect(choiceParam({ state: "failed" }, "state", ["failed"])).toBe("failed");
  expect(numberParam({ days: 1e9 }, "days", 1, 90)).toBeUndefined();
  expect(numberParam({ days: 7 }, "days", 1, 90)).toBe(7);
  expect(flagParam({ explain: "yes" }, "explain")).toBeUndefined();
});

it("splits a list typed by a person", () => {
  expect(splitList(" a, b,,a\nc ")).toEqual(["a", "b", "c"]);
});
