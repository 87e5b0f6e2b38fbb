import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { fakeApi, session, type FakeApi } from "../test/fake-api";
import { menuChoice } from "../test/menu";
import { openDashboard } from "../test/open-dashboard";

let api: FakeApi;
const statsCalls = () => api.calls.filter((call) => call === "GET /api/admin/stats").length;

beforeEach(async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  api = fakeApi();
  api.session = session;
  openDashboard("/admin/");
  await screen.findByText("1,204");
});

afterEach(() => {
  setVisibility("visible");
  vi.useRealTimers();
});

function setVisibility(state: DocumentVisibilityState): void {
  Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
  document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
}

const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));
const user = () => userEvent.setup({ advanceTimers: (ms) => vi.advanceTimersByTime(ms) });

it("refreshes every five seconds", async () => {
  expect(statsCalls()).toBe(1);
  await pass(11_000);
  expect(statsCalls()).toBe(3);
});

it("pauses while the page is hidden", async () => {
  setVisibility("hidden");
  await pass(30_000);
  expect(statsCalls()).toBe(1);
});

it("pauses under an open dialog and says so", async () => {
  fireEvent.keyDown(document.documentElement, { key: "?", shiftKey: true });
  expect(await screen.findByRole("dialog", { name: "Keyboard shortcuts" })).toBeInTheDocument();
  expect(screen.getByText("Paused")).toBeInTheDocument();
  const before = statsCalls();
  await pass(30_000);
  expect(statsCalls()).toBe(before);
});

it("is switched off, remembers that, and then refreshes when asked", async () => {
  await user().click(screen.getByRole("button", { name: "Refresh: 5 s" }));
  await user().click(await menuChoice("Only when asked"));
  const before = statsCalls();
  await pass(60_000);
  expect(statsCalls()).toBe(before);
  expect(window.localStorage.getItem("rustassistant-refresh-seconds")).toBe("0");
  fireEvent.keyDown(document.documentElement, { key: "r" });
  await waitFor(() => expect(statsCalls()).toBe(before + 1));
});
