import { expect, it } from "vitest";
import { formatExact, parseExact } from "./exact-json";

it("keeps every digit of a big integer", () => {
  const text = '{"id": 9007199254740993, "list": [-12345678901234567890, 7], "half": 0.5}';
  expect(parseExact(text)).toEqual({
    id: 9007199254740993n,
    list: [-12345678901234567890n, 7],
    half: 0.5,
  });
  expect(formatExact(parseExact(text))).toContain('"id": 9007199254740993');
});

it("leaves digits within text alone", () => {
  const value = { text: 'say "12345678901234567890" \\ 12345678901234567890', key: "12345678901234567890" };
  expect(parseExact(JSON.stringify(value))).toEqual(value);
});

it("is JSON again", () => {
  const value = { a: [], b: {}, c: [1, { d: null }], "e\n": "x" };
  expect(JSON.parse(formatExact(value))).toEqual(value);
});

it("refuses what is no JSON", () => {
  expect(() => parseExact("<html>")).toThrow(SyntaxError);
});
