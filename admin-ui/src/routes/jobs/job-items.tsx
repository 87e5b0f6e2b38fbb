import { Code, SegmentedControl } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconFileText } from "@tabler/icons-react";
import { itemStates, jobItemsQuery } from "../../api/jobs";
import type { Job, JobItem } from "../../api/types";
import { Message } from "../../components/message";
import { Panel } from "../../components/panel";
import { RelativeTime } from "../../components/relative-time";
import { Status, type Tone } from "../../components/status";
import { CursorTable } from "../../components/table/cursor-table";
import type { Column } from "../../components/table/data-table";
import { formatCount, humanize } from "../../lib/format";
import { useListInterval } from "../../refresh/list-interval";
import { isOpen } from "./job-state";
import classes from "./jobs.module.css";

const tones: Record<JobItem["state"], Tone> = {
  queued: "idle",
  indexed: "good",
  superseded: "idle",
  deleted: "idle",
  failed: "bad",
  canceled: "idle",
};

const columns: Column<JobItem>[] = [
  {
    id: "seq",
    header: "#",
    meta: { narrow: true, align: "end" },
    cell: ({ row: { original: item } }) => formatCount(item.seq),
  },
  {
    id: "title",
    header: "Document",
    meta: { card: "" },
    cell: ({ row: { original: item } }) => (
      <>
        {item.title === "" ? "Untitled" : item.title}
        <code className={classes["id"]}>
          {item.external_id ?? item.document_id} · v{item.version}
        </code>
      </>
    ),
  },
  {
    id: "state",
    header: "Outcome",
    meta: { narrow: true, card: "" },
    cell: ({ row: { original: item } }) => <Status tone={tones[item.state]} label={humanize(item.state)} />,
  },
  {
    id: "error",
    header: "Error",
    meta: { card: "", wide: true },
    cell: ({ row: { original: item } }) =>
      item.error_code === undefined ? null : (
        <>
          <Code>{item.error_code}</Code> {item.error}
          {item.stage !== undefined && ` (while: ${item.stage})`}
        </>
      ),
  },
  {
    id: "attempts",
    header: "Attempts",
    meta: { narrow: true, align: "end", card: "attempts" },
    cell: ({ row: { original: item } }) => formatCount(item.attempts),
  },
  {
    id: "updated",
    header: "Changed",
    meta: { narrow: true, align: "end", card: "changed" },
    cell: ({ row: { original: item } }) => <RelativeTime at={item.updated_at} />,
  },
];

/** What became of each document of a job. */
export function JobItems({ job }: { job: Job }) {
  const { items: state } = useSearch({ from: "/dashboard/jobs/$id" });
  const navigate = useNavigate({ from: "/jobs/$id" });
  const interval = useListInterval();
  const query = useInfiniteQuery({
    ...jobItemsQuery(job.id, state),
    refetchInterval: (current) => (isOpen(job.state) ? interval(current) : false),
  });
  return (
    <Panel
      title="Documents"
      flush
      aside={
        <SegmentedControl
          size="xs"
          aria-label="Outcome"
          value={state ?? "all"}
          data={[
            { value: "all", label: "All" },
            { value: "failed", label: "Failed" },
            { value: "indexed", label: "Indexed" },
            { value: "queued", label: "Queued" },
          ]}
          onChange={(next) =>
            void navigate({ search: { items: itemStates.find((known) => known === next) }, replace: true })
          }
        />
      }
    >
      <CursorTable
        query={query}
        what="this job's documents"
        label="Documents"
        columns={columns}
        rowId={(item) => `${item.document_id}-${item.seq}`}
        empty={
          <Message icon={<IconFileText size={28} stroke={1.5} />} title="No such documents in this job" />
        }
      />
    </Panel>
  );
}
