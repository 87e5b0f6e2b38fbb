import { screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import {
  emptyStats,
  fakeApi,
  health,
  json,
  problem,
  requestId,
  session,
  stats,
  type FakeApi,
} from "../../test/fake-api";
import { openDashboard } from "../../test/open-dashboard";

let api: FakeApi;

beforeEach(() => {
  api = fakeApi();
  api.session = session;
});

const panel = (name: string) => screen.findByRole("region", { name });

it("shows health, counts and jobs with their links into Temporal", async () => {
  openDashboard("/admin/");
  const healthPanel = await panel("System health");
  expect(await within(healthPanel).findByText("All systems healthy")).toBeInTheDocument();
  expect(within(healthPanel).getByText("up 1 d 2 h")).toBeInTheDocument();
  expect(within(healthPanel).getByText("Healthy · 0.42 ms")).toBeInTheDocument();
  expect(within(healthPanel).getByText("memory cache only")).toBeInTheDocument();

  const counts = await panel("Counts");
  expect(within(counts).getByText("1,204")).toBeInTheDocument();
  expect(within(counts).getByText("12 indexed in the last 24 hours")).toBeInTheDocument();
  expect(within(counts).getByText("90%")).toBeInTheDocument();

  const jobs = await panel("Recent jobs");
  expect(within(jobs).getByText("Index documents")).toBeInTheDocument();
  expect(within(jobs).getByText("40 of 100 documents")).toBeInTheDocument();
  expect(within(jobs).getByRole("link", { name: /in the Temporal UI/ })).toHaveAttribute(
    "href",
    "http://127.0.0.1:8233/namespaces/default/workflows/x",
  );
  expect(screen.getAllByRole("link", { name: "Temporal UI" })).not.toHaveLength(0);
});

it("explains the first steps while there are no documents, and stops when there is one", async () => {
  api.stats = () => json(emptyStats);
  openDashboard("/admin/");
  const steps = await panel("First steps");
  expect(within(steps).getByText(/\/api\/documents/)).toHaveTextContent(
    '"X-API-Key: $RUSTASSISTANT_API_KEY"',
  );
  expect(within(steps).getAllByRole("button", { name: "Copy command" })).toHaveLength(3);
  api.stats = () => json(stats);
  await userEvent.click(screen.getByRole("button", { name: "Refresh now" }));
  await waitFor(() => expect(screen.queryByRole("region", { name: "First steps" })).not.toBeInTheDocument());
});

it("shows placeholders while it loads", async () => {
  api.stats = () => new Promise(() => undefined);
  api.health = () => new Promise(() => undefined);
  openDashboard("/admin/");
  await panel("System health");
  expect(screen.getAllByRole("status", { name: "Loading" })).toHaveLength(2);
});

describe("a failure", () => {
  it("is told with the request id, and one panel's does not touch the others", async () => {
    api.stats = () => problem(500, "The statistics broke.");
    openDashboard("/admin/");
    const figures = await panel("Figures");
    expect(within(figures).getByText("The statistics broke.")).toBeInTheDocument();
    expect(within(figures).getByText(requestId)).toBeInTheDocument();
    expect(await screen.findByText("All systems healthy")).toBeInTheDocument();
    api.stats = () => json(stats);
    await userEvent.click(within(figures).getByRole("button", { name: "Retry" }));
    await panel("Counts");
  });

  it("to refresh keeps the old figures and marks them", async () => {
    const { queryClient } = openDashboard("/admin/");
    await panel("Counts");
    api.stats = () => problem(500, "The statistics broke.");
    await queryClient.refetchQueries({ queryKey: ["stats"] });
    expect(await screen.findByText(/Last refreshed/)).toHaveTextContent(requestId);
    expect(screen.getByText("1,204")).toBeInTheDocument();
  });

  it("of permission hides what was seen before and offers no retry", async () => {
    const { queryClient } = openDashboard("/admin/");
    await panel("Counts");
    api.stats = () => problem(403, "The key needs the scope admin.");
    await queryClient.refetchQueries({ queryKey: ["stats"] });
    const figures = await panel("Figures");
    expect(within(figures).getByText("The key needs the scope admin.")).toBeInTheDocument();
    expect(within(figures).queryByRole("button", { name: "Retry" })).not.toBeInTheDocument();
    expect(screen.queryByText("1,204")).not.toBeInTheDocument();
  });
});

it("names the service that is down", async () => {
  api.health = () =>
    json({
      ...health,
      status: "down",
      services: [{ name: "temporal", status: "down", detail: "no connection" }],
    });
  openDashboard("/admin/");
  expect(await screen.findByText("Down: Temporal")).toBeInTheDocument();
});

it("does not link to what is no web address", async () => {
  api.health = () => json({ ...health, links: { temporal_ui: "javascript:alert(1)" } });
  openDashboard("/admin/");
  await screen.findByText("All systems healthy");
  expect(screen.queryByRole("link", { name: "Temporal UI" })).not.toBeInTheDocument();
});
