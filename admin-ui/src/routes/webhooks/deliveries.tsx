import { Select } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconSend } from "@tabler/icons-react";
import type { Delivery } from "../../api/types";
import { deliveriesQuery, deliveryStates } from "../../api/webhooks";
import { Message } from "../../components/message";
import { Panel } from "../../components/panel";
import { RelativeTime } from "../../components/relative-time";
import { Status } from "../../components/status";
import { CursorTable } from "../../components/table/cursor-table";
import type { Column } from "../../components/table/data-table";
import { RowLink } from "../../components/table/row-link";
import { formatCount, humanize } from "../../lib/format";
import { list } from "../../lib/list";
import { useListInterval } from "../../refresh/list-interval";
import { deliveryState } from "./webhook-state";
import classes from "./webhooks.module.css";

const columns: Column<Delivery>[] = [
  {
    id: "event",
    header: "Event",
    meta: { card: "" },
    cell: ({ row: { original: delivery } }) => (
      <>
        <RowLink
          from="/webhooks/$id"
          to="/webhooks/$id"
          params={{ id: delivery.webhook_id }}
          search={(old) => ({ ...old, delivery: delivery.id })}
        >
          {delivery.event_type}
        </RowLink>
        <div className={classes["note"]}>
          <code>{delivery.event_id}</code>
        </div>
      </>
    ),
  },
  {
    id: "state",
    header: "State",
    meta: { card: "" },
    cell: ({ row: { original: delivery } }) => <Status {...deliveryState(delivery)} />,
  },
  {
    id: "answer",
    header: "Last answer",
    meta: { card: "answer" },
    cell: ({ row: { original: delivery } }) => lastAnswer(delivery),
  },
  {
    id: "attempts",
    header: "Attempts",
    meta: { narrow: true, align: "end", card: "attempts" },
    cell: ({ row: { original: delivery } }) => formatCount(list(delivery.attempts).length),
  },
  {
    id: "next",
    header: "Next attempt",
    meta: { narrow: true, align: "end", card: "next" },
    cell: ({ row: { original: delivery } }) =>
      delivery.next_attempt_at === null ? null : <RelativeTime at={delivery.next_attempt_at} />,
  },
  {
    id: "occurred",
    header: "Occurred",
    meta: { narrow: true, align: "end", card: "occurred" },
    cell: ({ row: { original: delivery } }) => <RelativeTime at={delivery.occurred_at} />,
  },
];

function lastAnswer({ last_status, last_error }: Delivery): string {
  return [last_status, last_error].filter((part) => part !== undefined && part !== "").join(" · ");
}

/** The events on their way to a webhook, newest first. */
export function Deliveries({ id }: { id: string }) {
  const { state, delivery } = useSearch({ from: "/dashboard/webhooks/$id" });
  const navigate = useNavigate({ from: "/webhooks/$id" });
  const query = useInfiniteQuery({ ...deliveriesQuery(id, state), refetchInterval: useListInterval() });
  return (
    <Panel
      title="Deliveries"
      flush
      aside={
        <Select
          size="xs"
          w={150}
          aria-label="State of deliveries"
          placeholder="Any state"
          clearable
          data={deliveryStates.map((value) => ({ value, label: humanize(value) }))}
          value={state ?? null}
          onChange={(next) =>
            void navigate({
              search: (old) => ({ ...old, state: deliveryStates.find((known) => known === next) }),
              replace: true,
            })
          }
        />
      }
    >
      <CursorTable
        query={query}
        what="the deliveries"
        label="Deliveries"
        columns={columns}
        rowId={(row) => row.id}
        current={delivery}
        empty={
          <Message
            icon={<IconSend size={28} stroke={1.5} />}
            title={state === undefined ? "Nothing was sent yet" : "No delivery is in this state"}
          >
            {state === undefined && "Send a test to see whether your endpoint takes it."}
          </Message>
        }
      />
    </Panel>
  );
}
