import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import { fakeApi, goodKey, json, problem, requestId, session, stats, type FakeApi } from "./fake-api";
import { openDashboard } from "./open-dashboard";

let api: FakeApi;

beforeEach(() => {
  api = fakeApi();
  api.session = session;
});

const job = (n: number) => ({
  ...stats.recent_jobs?.[0],
  id: `0199f2b6-5c1e-7d2a-9b1c-${String(n).padStart(12, "0")}`,
});

const key = {
  id: "k1",
  name: "Storefront",
  description: "",
  prefix: "ra_live_ab",
  last_four: "wxyz",
  scopes: ["search"],
  state: "active",
  allowed_networks: null,
  rate_limit: 0,
  request_count: 12,
  created_at: "2026-11-22T22:00:00Z",
  expires_at: null,
  last_used_at: null,
  replaced_by: null,
  revoked_at: null,
};

describe("a list", () => {
  it("loads more by its cursor, and keys walk through its rows", async () => {
    const cursors: (string | null)[] = [];
    api.routes["GET /api/admin/jobs"] = (request) => {
      const cursor = new URL(request.url).searchParams.get("cursor");
      cursors.push(cursor);
      return json(cursor === null ? { jobs: [job(1), job(2)], next_cursor: "c2" } : { jobs: [job(3)] });
    };
    const { path } = openDashboard("/admin/jobs");
    await userEvent.click(await screen.findByRole("button", { name: "Load more" }));
    await waitFor(() => expect(screen.getAllByRole("row")).toHaveLength(4));
    expect(cursors).toEqual([null, "c2"]);
    expect(screen.queryByRole("button", { name: "Load more" })).not.toBeInTheDocument();
    fireEvent.keyDown(document.documentElement, { key: "j" });
    fireEvent.keyDown(document.documentElement, { key: "j" });
    fireEvent.keyDown(document.documentElement, { key: "k" });
    api.routes[`GET /api/admin/jobs/${job(1).id}`] = () => json(job(1));
    await userEvent.click(document.activeElement as HTMLElement);
    expect(path()).toBe(`/admin/jobs/${job(1).id}`);
  });

  it("asks for what its address filters, and drops what is no filter", async () => {
    let asked = "";
    api.routes["GET /api/admin/jobs"] = (request) => {
      asked = new URL(request.url).search;
      return json({ jobs: null });
    };
    openDashboard("/admin/jobs?state=failed&kind=index_documents&bogus=1");
    expect(await screen.findByText("No job fits these filters")).toBeInTheDocument();
    expect(asked).toBe("?limit=50&state=failed&kind=index_documents");
  });

  it("says who may not see it, and what failed", async () => {
    api.routes["GET /api/admin/jobs"] = () => problem(403, "The key needs the scope admin.");
    const { queryClient } = openDashboard("/admin/jobs");
    expect(await screen.findByText("Your key may not see the jobs")).toBeInTheDocument();
    api.routes["GET /api/admin/jobs"] = () => problem(500, "The list broke.");
    await queryClient.refetchQueries({ queryKey: ["jobs"] });
    expect(await screen.findByText("The list broke.")).toBeInTheDocument();
    expect(screen.getByText(requestId)).toBeInTheDocument();
  });
});

describe("a form", () => {
  it("shows a new key once, until somebody says that it is kept", async () => {
    api.routes["GET /api/admin/api-keys"] = () => json({ api_keys: [key] });
    api.routes["POST /api/admin/api-keys"] = () => json({ ...key, key: "ra_live_secret" });
    const { queryClient } = openDashboard("/admin/keys?dialog=create");
    await userEvent.type(await screen.findByLabelText(/^Name/), "Storefront");
    const form = screen.getByRole("dialog", { name: "Create an API key" });
    await userEvent.click(within(form).getByRole("button", { name: "Create key" }));
    const reveal = await screen.findByRole("dialog", { name: "Key “Storefront”" });
    expect(within(reveal).getByText("ra_live_secret")).toBeInTheDocument();
    expect(within(reveal).getByRole("button", { name: "Done" })).toBeDisabled();
    await userEvent.click(within(reveal).getByLabelText("I have stored the API key"));
    await userEvent.click(within(reveal).getByRole("button", { name: "Done" }));
    await waitFor(() => expect(screen.queryByText("ra_live_secret")).not.toBeInTheDocument());
    const kept = JSON.stringify(
      queryClient
        .getQueryCache()
        .getAll()
        .map(({ state }) => state.data),
    );
    expect(kept).not.toContain("ra_live_secret");
  });

  it("marks the fields that the API refuses", async () => {
    api.routes["GET /api/admin/api-keys"] = () => json({ api_keys: [] });
    api.routes["POST /api/admin/api-keys"] = () =>
      new Response(
        JSON.stringify({
          title: "Invalid",
          detail: "not valid",
          errors: [{ field: "name", message: "is required" }],
        }),
        { status: 422, headers: { "Content-Type": "application/problem+json" } },
      );
    openDashboard("/admin/keys?dialog=create");
    const form = await screen.findByRole("dialog", { name: "Create an API key" });
    await userEvent.click(within(form).getByRole("button", { name: "Create key" }));
    expect(await within(form).findByText("is required")).toBeInTheDocument();
  });

  it("keeps what was typed when the session ends under it", async () => {
    api.routes["GET /api/admin/api-keys"] = () => json({ api_keys: [] });
    api.routes["POST /api/admin/api-keys"] = () => {
      api.session = null;
      return problem(401, "expired");
    };
    openDashboard("/admin/keys?dialog=create");
    await userEvent.type(await screen.findByLabelText(/^Name/), "Typed with care");
    const form = screen.getByRole("dialog", { name: "Create an API key" });
    await userEvent.click(within(form).getByRole("button", { name: "Create key" }));
    const again = await screen.findByRole("dialog", { name: "Your session has ended" });
    await userEvent.type(within(again).getByLabelText("API key", { selector: "input" }), goodKey);
    api.routes["POST /api/admin/api-keys"] = () => json({ ...key, key: "ra_live_secret" });
    await userEvent.click(within(again).getByRole("button", { name: "Sign in and go on" }));
    await waitFor(() => expect(again).not.toBeInTheDocument());
    expect(screen.getByLabelText(/^Name/)).toHaveValue("Typed with care");
    await userEvent.click(within(form).getByRole("button", { name: "Create key" }));
    expect(await screen.findByText("ra_live_secret")).toBeInTheDocument();
  });

  it("does what cannot be undone only when its name was typed", async () => {
    api.routes["GET /api/admin/api-keys"] = () => json({ api_keys: [key] });
    api.routes["DELETE /api/admin/api-keys/k1"] = () => new Response(null, { status: 204 });
    openDashboard("/admin/keys?key=k1&dialog=revoke");
    const dialog = await screen.findByRole("dialog", { name: "Revoke “Storefront”?" });
    expect(within(dialog).getByRole("button", { name: "Revoke key" })).toBeDisabled();
    await userEvent.type(within(dialog).getByRole("textbox"), "Storefront");
    await userEvent.click(within(dialog).getByRole("button", { name: "Revoke key" }));
    await waitFor(() => expect(api.calls).toContain("DELETE /api/admin/api-keys/k1"));
  });
});

it("shows what is found as text, whatever it holds", async () => {
  api.routes["POST /api/search"] = () =>
    json({
      query: "x",
      query_id: "q",
      type: "hybrid",
      cached: false,
      execution_time_ms: 1,
      generation: 1,
      next_cursor: null,
      total_relation: "eq",
      total_results: 1,
      results: [
        {
          chunk_id: "c",
          document_id: "d",
          score: 1,
          title: "<img src=x onerror=alert(1)>",
          highlights: [{ text: "<b>bold</b> x", start: 0, matches: [[12, 13]] }],
        },
      ],
    });
  openDashboard("/admin/search?q=x");
  const results = await screen.findByRole("list", { name: "Results" });
  expect(results).toHaveTextContent("<b>bold</b> x");
  expect(results.querySelector("img, b")).toBeNull();
  expect(results.querySelector("mark")).toHaveTextContent("x");
});
