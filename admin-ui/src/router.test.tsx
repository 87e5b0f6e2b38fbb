import { screen, waitFor } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { fakeApi, goodKey, json, problem, requestId, session, stats } from "./test/fake-api";
import { openDashboard } from "./test/open-dashboard";

const overview = () => screen.findByRole("heading", { name: "Overview", level: 1 });
const keyField = () => screen.findByLabelText("API key", { selector: "input" });

async function signIn(key: string): Promise<void> {
  const user = userEvent.setup();
  await user.clear(await keyField());
  await user.type(await keyField(), key);
  await user.click(screen.getByRole("button", { name: "Sign in" }));
}

describe("signing in", () => {
  it("is asked of whoever has no session, and leads back to where they were", async () => {
    const api = fakeApi();
    const { path } = openDashboard("/admin/?range=24h");
    await keyField();
    expect(path()).toBe("/admin/sign-in?redirect=%2Fadmin%2F%3Frange%3D24h");
    await signIn(`  ${goodKey} `);
    await overview();
    expect(path()).toBe("/admin/?range=24h");
    expect(api.calls).toContain("POST /api/session");
  });

  it("explains a wrong key and keeps nothing of a right one", async () => {
    fakeApi();
    const { queryClient } = openDashboard("/admin/sign-in");
    await signIn("ra_wrong");
    expect(await screen.findByRole("alert")).toHaveTextContent("This key is not valid.");
    await signIn(goodKey);
    await overview();
    const kept = JSON.stringify([
      Object.entries(window.localStorage),
      Object.entries(window.sessionStorage),
      queryClient
        .getQueryCache()
        .getAll()
        .map((query) => query.state),
      queryClient
        .getMutationCache()
        .getAll()
        .map((mutation) => mutation.state),
    ]);
    expect(kept).not.toContain(goodKey);
  });

  it("says how long to wait after too many attempts", async () => {
    const api = fakeApi();
    api.signIn = () => problem(429, "Too many.", { "Retry-After": "90" });
    openDashboard("/admin/sign-in");
    await signIn("ra_wrong");
    expect(await screen.findByRole("alert")).toHaveTextContent("Try again in 1 min 30 s.");
  });

  it("quotes the request when the server fails", async () => {
    const api = fakeApi();
    api.signIn = () => problem(500, "Something broke.");
    openDashboard("/admin/sign-in");
    await signIn("ra_wrong");
    expect(await screen.findByRole("alert")).toHaveTextContent(`Something broke. (request ${requestId})`);
  });

  it("says so when the browser does not keep the cookie", async () => {
    const api = fakeApi();
    api.signIn = () => new Response(null, { status: 204 });
    openDashboard("/admin/sign-in");
    await signIn(goodKey);
    expect(await screen.findByRole("alert")).toHaveTextContent("did not keep the session's cookie");
  });

  it("hides the key until it is to be shown", async () => {
    fakeApi();
    openDashboard("/admin/sign-in");
    expect(await keyField()).toHaveAttribute("type", "password");
    await userEvent.click(screen.getByRole("button", { name: "Show or hide the key" }));
    expect(await keyField()).toHaveAttribute("type", "text");
  });

  it("is skipped with a session, and never leads out of the dashboard", async () => {
    const api = fakeApi();
    api.session = session;
    const { path } = openDashboard("/admin/sign-in?redirect=https%3A%2F%2Fevil.example");
    await overview();
    expect(path()).toBe("/admin/");
  });
});

describe("a session", () => {
  it("that ends leads to the sign-in page and back", async () => {
    const api = fakeApi();
    api.session = session;
    const { path, queryClient } = openDashboard("/admin/?range=24h");
    await overview();
    await screen.findByText("1,204");
    api.session = null;
    api.stats = () => problem(401, "expired");
    await queryClient.refetchQueries({ queryKey: ["stats"] });
    expect(await screen.findByText(/Your session has ended/)).toBeInTheDocument();
    api.stats = () => json(stats);
    await signIn(goodKey);
    await overview();
    expect(path()).toBe("/admin/?range=24h");
  });

  it("is ended by signing out, with everything that was loaded", async () => {
    const api = fakeApi();
    api.session = session;
    const { queryClient } = openDashboard("/admin/");
    await screen.findByText("1,204");
    await userEvent.click(screen.getByRole("button", { name: "Session" }));
    await userEvent.click(await screen.findByRole("button", { name: "Sign out", hidden: true }));
    await keyField();
    expect(api.calls).toContain("DELETE /api/session");
    await waitFor(() => expect(queryClient.getQueryData(["stats"])).toBeUndefined());
  });

  it("that could not be ended says so", async () => {
    const api = fakeApi();
    api.session = session;
    openDashboard("/admin/");
    await overview();
    api.signOut = () => problem(500, "The session could not be removed.");
    await userEvent.click(screen.getByRole("button", { name: "Session" }));
    await userEvent.click(await screen.findByRole("button", { name: "Sign out", hidden: true }));
    expect(await screen.findByText(/You are still signed in./)).toBeInTheDocument();
  });

  it("of development needs no key and says what it is", async () => {
    const api = fakeApi();
    api.session = { ...session, development: true };
    openDashboard("/admin/");
    await overview();
    expect(screen.getByTitle("Development mode")).toBeInTheDocument();
  });

  it("of development can still be replaced by a real one", async () => {
    const api = fakeApi();
    api.session = { ...session, development: true };
    openDashboard("/admin/sign-in");
    await signIn(goodKey);
    await overview();
    expect(screen.queryByTitle("Development mode")).not.toBeInTheDocument();
  });
});

it("shows a server out of reach, and comes back when asked again", async () => {
  const api = fakeApi();
  api.session = session;
  const answering = globalThis.fetch;
  globalThis.fetch = () => Promise.reject(new TypeError("Failed to fetch"));
  openDashboard("/admin/");
  expect(await screen.findByText("The server cannot be reached.", {}, { timeout: 3000 })).toBeInTheDocument();
  globalThis.fetch = answering;
  await userEvent.click(screen.getByRole("button", { name: "Retry" }));
  await overview();
});

it("says that a page does not exist", async () => {
  fakeApi();
  openDashboard("/admin/nothing-here");
  expect(await screen.findByText("There is no such page")).toBeInTheDocument();
});
