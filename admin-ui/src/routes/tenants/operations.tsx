import { IconHistory } from "@tabler/icons-react";
import { archiveUrl } from "../../api/tenants";
import type { components } from "../../api/schema";
import { ExternalLink } from "../../components/external-link";
import { Message } from "../../components/message";
import { Panel } from "../../components/panel";
import { RelativeTime } from "../../components/relative-time";
import { Status, type Tone } from "../../components/status";
import { DataTable, type Column } from "../../components/table/data-table";
import { formatBytes, formatCount, humanize } from "../../lib/format";
import { webLink } from "../../lib/url";

type Operation = components["schemas"]["TenantOperation"];

const tones: Record<Operation["state"], Tone> = {
  running: "active",
  completed: "good",
  failed: "bad",
  canceled: "idle",
};

function columns(slug: string): Column<Operation>[] {
  return [
    {
      id: "kind",
      header: "What",
      meta: { card: "" },
      cell: ({ row: { original: operation } }) => humanize(operation.kind),
    },
    {
      id: "state",
      header: "State",
      meta: { card: "" },
      cell: ({ row: { original: operation } }) => (
        <Status
          tone={tones[operation.state]}
          label={
            operation.state === "running" && operation.stage !== ""
              ? humanize(operation.stage)
              : humanize(operation.state)
          }
        />
      ),
    },
    {
      id: "done",
      header: "Done",
      meta: { narrow: true, align: "end", card: "done" },
      cell: ({ row: { original: operation } }) =>
        operation.bytes > 0
          ? `${formatCount(operation.done)} · ${formatBytes(operation.bytes)}`
          : formatCount(operation.done),
    },
    {
      id: "by",
      header: "By",
      meta: { card: "by" },
      cell: ({ row: { original: operation } }) => operation.requested_by_name,
    },
    {
      id: "started",
      header: "Started",
      meta: { narrow: true, align: "end", card: "started" },
      cell: ({ row: { original: operation } }) => <RelativeTime at={operation.started_at} />,
    },
    {
      id: "links",
      header: "",
      meta: { narrow: true, align: "end", card: "" },
      cell: ({ row: { original: operation } }) => <Links slug={slug} operation={operation} />,
    },
  ];
}

/** What was done with a tenant lately, newest first. */
export function Operations({ slug, operations }: { slug: string; operations: readonly Operation[] }) {
  return (
    <Panel title="Operations" flush>
      <DataTable
        label="Operations"
        rows={operations}
        columns={columns(slug)}
        rowId={({ id }) => id}
        empty={
          <Message icon={<IconHistory size={28} stroke={1.5} />} title="Nothing was done with it yet">
            Suspending, resuming, exporting and off-boarding appear here.
          </Message>
        }
      />
    </Panel>
  );
}

function Links({ slug, operation }: { slug: string; operation: Operation }) {
  const temporal = webLink(operation.temporal_url);
  if (operation.kind === "export" && operation.state === "completed") {
    return (
      <a href={archiveUrl(slug, operation.id)} download>
        Download
      </a>
    );
  }
  return temporal === undefined ? null : (
    <ExternalLink href={temporal} size="xs" c="dimmed">
      Temporal
    </ExternalLink>
  );
}
