import { describe, expect, it } from "vitest";
import { asProblem, problemFromResponse, problemFromThrown } from "./problem";

describe("problemFromResponse", () => {
  it("reads problem+json", () => {
    const response = new Response(null, { status: 429, headers: { "Retry-After": "30" } });
    const problem = problemFromResponse(response, {
      title: "Too many requests",
      detail: "Slow down.",
      code: "rate_limited",
      request_id: "r1",
      errors: [{ field: "api_key", message: "is too long" }, "nonsense"],
    });
    expect(problem).toMatchObject({
      status: 429,
      title: "Too many requests",
      message: "Slow down.",
      code: "rate_limited",
      requestId: "r1",
      retryAfter: 30,
      fields: [{ field: "api_key", message: "is too long" }],
    });
  });

  it("makes sense of a proxy's HTML", () => {
    const response = new Response(null, { status: 502, headers: { "X-Request-Id": "r2" } });
    const problem = problemFromResponse(response, "<html>Bad gateway</html>");
    expect(problem).toMatchObject({
      message: "The server is not available.",
      requestId: "r2",
      transient: true,
    });
  });

  it.each([null, undefined, 7, []])("survives a body of %s", (body) =>
    expect(problemFromResponse(new Response(null, { status: 418 }), body).message).toContain("418"),
  );
});

it("tells a server out of reach from a slow one and from a foreign answer", () => {
  expect(problemFromThrown(new TypeError("Failed to fetch")).message).toBe("The server cannot be reached.");
  expect(problemFromThrown(new DOMException("x", "TimeoutError")).message).toContain("in time");
  expect(problemFromThrown(new SyntaxError("Unexpected token <")).message).toContain("proxy");
});

it("does not blame the server for a fault of the page", () => {
  const problem = asProblem(new Error("x is undefined"));
  expect(problem).toMatchObject({
    transient: false,
    message: "The dashboard made a mistake: x is undefined",
  });
});
