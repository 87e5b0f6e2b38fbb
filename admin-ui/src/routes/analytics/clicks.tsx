import { useQuery } from "@tanstack/react-query";
import { IconPointer } from "@tabler/icons-react";
import { clicksQuery, type Range } from "../../api/analytics";
import type { components } from "../../api/schema";
import { Message } from "../../components/message";
import { Panel } from "../../components/panel";
import { QueryState } from "../../components/query-state";
import { DataTable, type Column } from "../../components/table/data-table";
import { TableSkeleton } from "../../components/table/table-skeleton";
import { formatCount, formatShare } from "../../lib/format";
import { useRefetchInterval } from "../../refresh/refresh";
import classes from "./analytics.module.css";

type Clicked = components["schemas"]["ClickedDocument"];

const columns: Column<Clicked>[] = [
  {
    id: "title",
    header: "Document",
    meta: { card: "" },
    cell: ({ row: { original } }) => original.title || <code>{original.document_id}</code>,
  },
  {
    id: "clicks",
    header: "Clicks",
    meta: { narrow: true, align: "end", card: "clicks" },
    cell: ({ row: { original } }) => formatCount(original.clicks),
  },
  {
    id: "place",
    header: "Average place",
    meta: { narrow: true, align: "end", card: "place" },
    cell: ({ row: { original } }) => original.average_position.toFixed(1),
  },
];

/** What was chosen among the results. */
export function Clicks({ days }: { days: Range }) {
  const query = useQuery({ ...clicksQuery(days), refetchInterval: useRefetchInterval() });
  const report = query.data;
  return (
    <Panel
      title="Clicked documents"
      flush
      aside={
        report !== undefined && (
          <span className={classes["aside"]}>
            {formatShare(report.clicked_searches, report.searches)} of searches led to a click
          </span>
        )
      }
    >
      <QueryState query={query} what="the clicks" loading={<TableSkeleton />}>
        {({ documents, enabled }) => (
          <div>
            <DataTable
              label="Clicked documents"
              rows={documents}
              columns={columns}
              rowId={(row) => row.document_id}
              empty={
                <Message
                  icon={<IconPointer size={28} stroke={1.5} />}
                  title={enabled ? "No clicks were told" : "Analytics are switched off"}
                >
                  Programs tell them by <code>POST /api/search/click</code>.
                </Message>
              }
            />
          </div>
        )}
      </QueryState>
    </Panel>
  );
}
