import { Button, Checkbox } from "@mantine/core";
import {
  flexRender,
  getCoreRowModel,
  useReactTable,
  type ColumnDef,
  type Row,
  type RowData,
  type RowSelectionState,
} from "@tanstack/react-table";
import type { ReactNode } from "react";
import { useRowKeys } from "./row-keys";
import classes from "./data-table.module.css";

declare module "@tanstack/react-table" {
  // The parameters are the library's.
  // eslint-disable-next-line @typescript-eslint/no-unused-vars
  interface ColumnMeta<TData extends RowData, TValue> {
    /** Figures stand at the end of their column. */
    align?: "end";
    /** The column shrinks to its content. */
    narrow?: boolean;
    /** On a phone the cell has a line of its own. */
    wide?: boolean;
    /** On a phone the row is a card: what it is called there; empty for what needs no name. */
    card?: string;
  }
}

export type Column<T> = ColumnDef<T> & { id: string };

export interface Selection {
  rows: RowSelectionState;
  change: (rows: RowSelectionState) => void;
}

interface Props<T> {
  /** What the rows are, for screen readers. */
  label: string;
  rows: readonly T[];
  columns: Column<T>[];
  rowId: (row: T) => string;
  selection?: Selection;
  /** The row that is open beside the table. */
  current?: string | undefined;
  empty: ReactNode;
  more?: { available: boolean; loading: boolean; load: () => void };
}

/**
 * Rows in columns; on a phone, a card each. A row opens by the link in its first cell,
 * which RowLink spreads over the row: j and k go through them, Enter opens, x selects.
 */
export function DataTable<T>({ label, rows, columns, rowId, selection, current, empty, more }: Props<T>) {
  const tableRef = useRowKeys();
  // eslint-disable-next-line react-hooks/incompatible-library -- no component below is compiled or memoized
  const table = useReactTable<T>({
    data: rows as T[],
    columns: selection === undefined ? columns : [selectColumn<T>(label), ...columns],
    getRowId: rowId,
    getCoreRowModel: getCoreRowModel(),
    enableRowSelection: selection !== undefined,
    state: { rowSelection: selection?.rows ?? {} },
    onRowSelectionChange: (next) =>
      selection?.change(typeof next === "function" ? next(selection.rows) : next),
  });
  if (rows.length === 0) return <div className={classes["empty"]}>{empty}</div>;
  return (
    <>
      <table ref={tableRef} className={classes["table"]} aria-label={label}>
        <thead>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id}>
              {group.headers.map(({ id, column, getContext }) => (
                <th
                  key={id}
                  scope="col"
                  data-align={column.columnDef.meta?.align}
                  data-narrow={column.columnDef.meta?.narrow}
                >
                  {flexRender(column.columnDef.header, getContext())}
                </th>
              ))}
            </tr>
          ))}
        </thead>
        <tbody>
          {table.getRowModel().rows.map((row) => (
            <BodyRow key={row.id} row={row} current={row.id === current} />
          ))}
        </tbody>
      </table>
      {more?.available === true && (
        <div className={classes["more"]}>
          <Button variant="default" size="xs" loading={more.loading} onClick={more.load}>
            Load more
          </Button>
        </div>
      )}
    </>
  );
}

function BodyRow<T>({ row, current }: { row: Row<T>; current: boolean }) {
  return (
    <tr data-selected={row.getIsSelected() || undefined} data-current={current || undefined}>
      {row.getVisibleCells().map(({ id, column, getContext }) => {
        const { meta, header } = column.columnDef;
        const name = meta?.card ?? (typeof header === "string" ? header : "");
        return (
          <td
            key={id}
            data-align={meta?.align}
            data-narrow={meta?.narrow}
            data-wide={meta?.wide}
            data-label={name === "" ? undefined : name}
            data-select={column.id === "select" || undefined}
          >
            {flexRender(column.columnDef.cell, getContext())}
          </td>
        );
      })}
    </tr>
  );
}

function selectColumn<T>(label: string): Column<T> {
  return {
    id: "select",
    meta: { narrow: true, card: "" },
    header: ({ table }) => (
      <Checkbox
        size="xs"
        aria-label={`Select all shown ${label.toLowerCase()}`}
        checked={table.getIsAllRowsSelected()}
        indeterminate={table.getIsSomeRowsSelected()}
        onChange={table.getToggleAllRowsSelectedHandler()}
      />
    ),
    cell: ({ row }) => (
      <Checkbox
        size="xs"
        data-row-select
        aria-label={`Select row ${row.index + 1}`}
        checked={row.getIsSelected()}
        onChange={row.getToggleSelectedHandler()}
      />
    ),
  };
}
