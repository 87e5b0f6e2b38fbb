import { useHotkeys } from "@mantine/hooks";
import { useRef, type RefObject } from "react";

/** What a row is opened by; see RowLink. */
export const rowLinkAttribute = "data-row-link";

/** Lets j and k walk through the rows of a table, and x select the row that has the focus. */
export function useRowKeys(): RefObject<HTMLTableElement | null> {
  const table = useRef<HTMLTableElement>(null);
  useHotkeys([
    ["j", () => step(table.current, 1)],
    ["k", () => step(table.current, -1)],
    ["x", () => select(table.current)],
  ]);
  return table;
}

function step(table: HTMLTableElement | null, by: number): void {
  if (table === null || dialogOpen()) return;
  const links = [...table.querySelectorAll<HTMLElement>(`[${rowLinkAttribute}]`)];
  const here = links.findIndex((link) => link.closest("tr")?.contains(document.activeElement) === true);
  const next = here === -1 ? (by > 0 ? 0 : links.length - 1) : here + by;
  const link = links[Math.min(Math.max(next, 0), links.length - 1)];
  link?.focus();
  link?.scrollIntoView({ block: "nearest" });
}

function select(table: HTMLTableElement | null): void {
  const row = document.activeElement?.closest("tr");
  if (table === null || row == null || !table.contains(row) || dialogOpen()) return;
  row.querySelector<HTMLElement>("[data-row-select]")?.click();
}

/** A dialog above the table has the focus: the keys are its own then. */
function dialogOpen(): boolean {
  return document.querySelector('[role="dialog"]') !== null;
}
