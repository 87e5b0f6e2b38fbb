import { useHotkeys } from "@mantine/hooks";
import { useRef, type RefObject } from "react";

/** What a row is opened by; see RowLink. */
export const rowLinkAttribute = "data-row-link";

/** Lets j and k walk through the rows of a table, and x select the row that has the focus. */
export function useRowKeys(): RefObject<HTMLTableElement | null> {
  const table = useRef<HTMLTableElement>(null);
  const step = (by: number) => {
    const links = [...(table.current?.querySelectorAll<HTMLElement>(`[${rowLinkAttribute}]`) ?? [])];
    const here = links.findIndex((link) => link.closest("tr")?.contains(document.activeElement) === true);
    const next = here === -1 ? (by > 0 ? 0 : links.length - 1) : here + by;
    const link = links[Math.min(Math.max(next, 0), links.length - 1)];
    link?.focus();
    link?.scrollIntoView({ block: "nearest" });
  };
  const select = () => {
    const row = document.activeElement?.closest("tr");
    if (row == null || table.current?.contains(row) !== true) return;
    row.querySelector<HTMLElement>("[data-row-select]")?.click();
  };
  // A dialog above the table has the focus trapped: the keys are its own then.
  const unlessDialog = (act: () => void) => () => {
    if (document.querySelector('[role="dialog"]') === null) act();
  };
  useHotkeys([
    ["j", unlessDialog(() => step(1))],
    ["k", unlessDialog(() => step(-1))],
    ["x", unlessDialog(select)],
  ]);
  return table;
}
