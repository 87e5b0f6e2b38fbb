import { expect, it } from "vitest";
import { parseServerTiming } from "../../api/search";
import { pieces } from "./highlight";
import { curlCommand, searchRequest } from "./search-request";

it("cuts a text at matches given in bytes", () => {
  expect(pieces("naïve Rust", [[7, 11]])).toEqual([
    { text: "naïve ", match: false },
    { text: "Rust", match: true },
  ]);
});

it("shows the whole text whatever the matches say", () => {
  const wrong = [null, [5, 2], [0, 99], [-1, 2], [1, 2], [0, 2]] as (number[] | null)[];
  expect(
    pieces("abc", wrong)
      .map(({ text }) => text)
      .join(""),
  ).toBe("abc");
});

it("turns an address into a request", () => {
  expect(searchRequest({ q: "  " })).toBeNull();
  expect(searchRequest({ q: "a", tags: "x, y" })).toEqual({
    query: "a",
    type: "hybrid",
    limit: 10,
    explain: false,
    filters: { tags: ["x", "y"] },
  });
});

it("quotes a command for the shell", () => {
  const request = searchRequest({ q: "it's" });
  if (request === null) throw new Error("there is a query");
  expect(curlCommand(request, "http://x")).toContain(String.raw`"it'\''s"`);
});

it("reads where the time went", () => {
  expect(parseServerTiming("cache;dur=2.4, index;dur=0.5, total;dur=3")).toEqual([
    { step: "cache", ms: 2.4 },
    { step: "index", ms: 0.5 },
    { step: "total", ms: 3 },
  ]);
  expect(parseServerTiming("")).toEqual([]);
});
