import { Button } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { IconHistory } from "@tabler/icons-react";
import type { Recovery } from "../../api/types";
import { cancelRecovery, recoveriesQuery } from "../../api/webhooks";
import { ExternalLink } from "../../components/external-link";
import { Message } from "../../components/message";
import { Panel } from "../../components/panel";
import { RelativeTime } from "../../components/relative-time";
import { Status, type Tone } from "../../components/status";
import { CursorTable } from "../../components/table/cursor-table";
import type { Column } from "../../components/table/data-table";
import { formatCount, humanize } from "../../lib/format";
import { webLink } from "../../lib/url";
import { useListInterval } from "../../refresh/list-interval";

const tones: Record<Recovery["state"], Tone> = {
  running: "active",
  completed: "good",
  failed: "bad",
  canceled: "idle",
};

const columns: Column<Recovery>[] = [
  {
    id: "state",
    header: "State",
    meta: { card: "" },
    cell: ({ row: { original: recovery } }) => (
      <Status
        tone={tones[recovery.state]}
        label={
          recovery.waits_for === undefined ? humanize(recovery.state) : `Waits for the ${recovery.waits_for}`
        }
      />
    ),
  },
  {
    id: "since",
    header: "Since",
    meta: { card: "since" },
    cell: ({ row: { original: recovery } }) => <RelativeTime at={recovery.since} />,
  },
  {
    id: "sent",
    header: "Made due",
    meta: { narrow: true, align: "end", card: "made due" },
    cell: ({ row: { original: recovery } }) => formatCount(recovery.resent + recovery.created),
  },
  {
    id: "action",
    header: "",
    meta: { narrow: true, align: "end", card: "" },
    cell: ({ row: { original: recovery } }) => <RecoveryActions recovery={recovery} />,
  },
];

/** What was sent again, newest first. */
export function Recoveries({ id }: { id: string }) {
  const query = useInfiniteQuery({ ...recoveriesQuery(id), refetchInterval: useListInterval() });
  return (
    <Panel title="Sent again" flush>
      <CursorTable
        query={query}
        what="the recoveries"
        label="Recoveries"
        columns={columns}
        rowId={(row) => row.id}
        empty={
          <Message icon={<IconHistory size={28} stroke={1.5} />} title="Nothing was sent again">
            After an outage, “Send again since …” in the menu above makes up for it.
          </Message>
        }
      />
    </Panel>
  );
}

function RecoveryActions({ recovery }: { recovery: Recovery }) {
  const queryClient = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => cancelRecovery(recovery.webhook_id, recovery.id),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["webhook", recovery.webhook_id] }),
  });
  const temporal = webLink(recovery.temporal_url);
  if (recovery.state === "running") {
    return (
      <Button size="compact-xs" variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()}>
        Cancel
      </Button>
    );
  }
  return temporal === undefined ? null : (
    <ExternalLink href={temporal} size="xs" c="dimmed">
      Temporal
    </ExternalLink>
  );
}
