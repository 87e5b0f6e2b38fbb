import { useQuery } from "@tanstack/react-query";
import type { Webhook } from "../../api/types";
import { webhookStatsQuery } from "../../api/webhooks";
import { Status } from "../../components/status";
import type { Column } from "../../components/table/data-table";
import { RowLink } from "../../components/table/row-link";
import { formatCount, formatMilliseconds, formatShare, unknown } from "../../lib/format";
import { list } from "../../lib/list";
import { useRefetchInterval } from "../../refresh/refresh";
import { rateTone, webhookState } from "./webhook-state";
import classes from "./webhooks.module.css";

export const webhookColumns: Column<Webhook>[] = [
  {
    id: "url",
    header: "Endpoint",
    meta: { card: "" },
    cell: ({ row: { original: webhook } }) => (
      <>
        <RowLink to="/webhooks/$id" params={{ id: webhook.id }}>
          {webhook.url}
        </RowLink>
        {webhook.description !== "" && <div className={classes["note"]}>{webhook.description}</div>}
      </>
    ),
  },
  {
    id: "state",
    header: "State",
    meta: { card: "" },
    cell: ({ row: { original: webhook } }) => <Status {...webhookState(webhook)} />,
  },
  {
    id: "events",
    header: "Events",
    meta: { card: "" },
    cell: ({ row: { original: webhook } }) => (
      <code className={classes["events"]}>{list(webhook.events).join(", ")}</code>
    ),
  },
  {
    id: "success",
    header: "Success",
    meta: { narrow: true, card: "success" },
    cell: ({ row: { original: webhook } }) => <Success id={webhook.id} />,
  },
  {
    id: "latency",
    header: "Latency, p95",
    meta: { narrow: true, align: "end", card: "p95" },
    cell: ({ row: { original: webhook } }) => <Latency id={webhook.id} />,
  },
  {
    id: "pending",
    header: "Pending",
    meta: { narrow: true, align: "end", card: "pending" },
    cell: ({ row: { original: webhook } }) => <Pending id={webhook.id} />,
  },
];

// Each cell reads the same query, which is asked once for its webhook.
function useStats(id: string) {
  return useQuery({ ...webhookStatsQuery(id), refetchInterval: useRefetchInterval() }).data;
}

function Success({ id }: { id: string }) {
  const stats = useStats(id);
  if (stats === undefined || stats.success_rate === null) return unknown;
  return <Status tone={rateTone(stats.success_rate)} label={formatShare(stats.succeeded, stats.attempts)} />;
}

function Latency({ id }: { id: string }) {
  return formatMilliseconds(useStats(id)?.p95_ms);
}

function Pending({ id }: { id: string }) {
  const stats = useStats(id);
  return stats === undefined ? unknown : formatCount(stats.pending);
}
