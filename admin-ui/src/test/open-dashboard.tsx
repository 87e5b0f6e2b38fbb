import { createMemoryHistory } from "@tanstack/react-router";
import { render } from "@testing-library/react";
import { App } from "../app";
import { createDashboard } from "../router";

/** Opens the whole dashboard at a path as a browser would. */
export function openDashboard(path: string) {
  const history = createMemoryHistory({ initialEntries: [path] });
  const dashboard = createDashboard(history);
  render(<App dashboard={dashboard} nonce="" />);
  return { ...dashboard, path: () => history.location.href };
}
