import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Page } from "../../api/cursor";
import { QueryState } from "../query-state";
import { DataTable, type Column, type Selection } from "./data-table";
import { TableSkeleton } from "./table-skeleton";

interface Props<T> {
  query: UseInfiniteQueryResult<InfiniteData<Page<T>>>;
  /** What is loaded, for error texts: "the jobs". */
  what: string;
  label: string;
  columns: Column<T>[];
  rowId: (row: T) => string;
  selection?: Selection;
  current?: string | undefined;
  empty: ReactNode;
}

/** A list of the API in each of its states, with more of it when asked. */
export function CursorTable<T>({ query, what, ...table }: Props<T>) {
  return (
    <QueryState query={query} what={what} loading={<TableSkeleton />}>
      {(data) => (
        <div>
          <DataTable
            {...table}
            rows={data.pages.flatMap((page) => page.items)}
            more={{
              available: query.hasNextPage,
              loading: query.isFetchingNextPage,
              load: () => void query.fetchNextPage(),
            }}
          />
        </div>
      )}
    </QueryState>
  );
}
