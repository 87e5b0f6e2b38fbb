import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { IconTrendingUp, IconZoomQuestion } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { popularQuery, trendingQuery, zeroResultsQuery, type Range } from "../../api/analytics";
import type { QueryFigures } from "../../api/types";
import { Message } from "../../components/message";
import { Panel } from "../../components/panel";
import { QueryState } from "../../components/query-state";
import { RelativeTime } from "../../components/relative-time";
import { DataTable, type Column } from "../../components/table/data-table";
import { RowLink } from "../../components/table/row-link";
import { TableSkeleton } from "../../components/table/table-skeleton";
import { formatCount, formatMilliseconds, formatShare } from "../../lib/format";
import { useRefetchInterval } from "../../refresh/refresh";

interface HasQuery {
  query: string;
}

function queryColumn<T extends HasQuery>(): Column<T> {
  return {
    id: "query",
    header: "Query",
    meta: { card: "" },
    cell: ({ row: { original } }) => (
      <RowLink to="/search" search={{ q: original.query, explain: true }}>
        {original.query}
      </RowLink>
    ),
  };
}

function countColumn<T extends { searches: number }>(): Column<T> {
  return {
    id: "searches",
    header: "Searches",
    meta: { narrow: true, align: "end", card: "searches" },
    cell: ({ row: { original } }) => formatCount(original.searches),
  };
}

const popularColumns: Column<QueryFigures>[] = [
  queryColumn(),
  countColumn(),
  {
    id: "clicks",
    header: "Clicked",
    meta: { narrow: true, align: "end", card: "clicked" },
    cell: ({ row: { original } }) =>
      formatShare(original.click_through_rate * original.searches, original.searches),
  },
  {
    id: "latency",
    header: "Average",
    meta: { narrow: true, align: "end", card: "average" },
    cell: ({ row: { original } }) => formatMilliseconds(original.average_ms),
  },
];

const zeroColumns: Column<QueryFigures>[] = [
  queryColumn(),
  {
    id: "zero",
    header: "Without results",
    meta: { narrow: true, align: "end", card: "without results" },
    cell: ({ row: { original } }) => formatCount(original.zero_results),
  },
  {
    id: "last",
    header: "Last",
    meta: { narrow: true, align: "end", card: "last" },
    cell: ({ row: { original } }) => <RelativeTime at={original.last_searched_at} />,
  },
];

interface Trend extends HasQuery {
  searches: number;
  previous_searches: number;
  growth: number;
}

const trendColumns: Column<Trend>[] = [
  queryColumn(),
  countColumn(),
  {
    id: "before",
    header: "Before",
    meta: { narrow: true, align: "end", card: "before" },
    cell: ({ row: { original } }) => formatCount(original.previous_searches),
  },
  {
    id: "growth",
    header: "Growth",
    meta: { narrow: true, align: "end", card: "growth" },
    cell: ({ row: { original } }) => `× ${original.growth.toFixed(1)}`,
  },
];

export function Popular({ days }: { days: Range }) {
  const query = useQuery({ ...popularQuery(days), refetchInterval: useRefetchInterval() });
  return (
    <QueryPanel title="Popular" query={query} columns={popularColumns} empty="Nothing was searched for" />
  );
}

export function ZeroResults({ days }: { days: Range }) {
  const query = useQuery({ ...zeroResultsQuery(days), refetchInterval: useRefetchInterval() });
  return (
    <QueryPanel
      title="Without results"
      query={query}
      columns={zeroColumns}
      empty="Every search found something"
      icon={<IconZoomQuestion size={28} stroke={1.5} />}
    />
  );
}

export function Trending({ days }: { days: Range }) {
  const query = useQuery({ ...trendingQuery(days), refetchInterval: useRefetchInterval() });
  return (
    <QueryPanel
      title={days === 1 ? "Trending, against the day before" : "Trending, against the week before"}
      query={query}
      columns={trendColumns}
      empty="Nothing is searched for more than before"
    />
  );
}

interface PanelProps<T> {
  title: string;
  query: UseQueryResult<{ enabled: boolean; queries: readonly T[] }>;
  columns: Column<T>[];
  empty: string;
  icon?: ReactNode;
}

function QueryPanel<T extends HasQuery>({ title, query, columns, empty, icon }: PanelProps<T>) {
  return (
    <Panel title={title} flush>
      <QueryState query={query} what={`the queries (${title.toLowerCase()})`} loading={<TableSkeleton />}>
        {({ enabled, queries }) => (
          <div>
            <DataTable
              label={title}
              rows={queries}
              columns={columns}
              rowId={(row) => row.query}
              empty={
                <Message
                  icon={icon ?? <IconTrendingUp size={28} stroke={1.5} />}
                  title={enabled ? empty : "Analytics are switched off"}
                />
              }
            />
          </div>
        )}
      </QueryState>
    </Panel>
  );
}
