import { describe, expect, it } from "vitest";
import { returnPath, webLink } from "./url";

describe("returnPath", () => {
  it.each(["/admin", "/admin/", "/admin/jobs?state=failed#top"])("keeps %s", (path) =>
    expect(returnPath(path)).toBe(path),
  );

  it.each([
    undefined,
    42,
    "",
    "admin",
    "//evil.example/admin",
    "/\\evil.example/admin",
    "https://evil.example/admin",
    "javascript:alert(1)",
    "/api/documents",
    "/administrator",
    "/admin/../api/session",
  ])("drops %s, which is not a page of the dashboard", (path) => expect(returnPath(path)).toBeUndefined());
});

describe("webLink", () => {
  it("keeps web addresses", () => expect(webLink("http://127.0.0.1:8233")).toBe("http://127.0.0.1:8233"));

  it.each([undefined, "", "javascript:alert(1)", "not an address"])("drops %s", (url) =>
    expect(webLink(url)).toBeUndefined(),
  );
});
