import { Code } from "@mantine/core";
import { IconRefreshAlert } from "@tabler/icons-react";
import type { JobAttempt, JobDetail } from "../../api/types";
import { Message } from "../../components/message";
import { Panel } from "../../components/panel";
import { RelativeTime } from "../../components/relative-time";
import { Status, type Tone } from "../../components/status";
import { DataTable, type Column } from "../../components/table/data-table";
import { formatDuration, humanize } from "../../lib/format";
import { list } from "../../lib/list";
import classes from "./jobs.module.css";

const tones: Record<JobAttempt["state"], Tone> = {
  running: "active",
  succeeded: "good",
  failed: "bad",
  lost: "warning",
};

const columns: Column<JobAttempt>[] = [
  {
    id: "step",
    header: "Step",
    meta: { card: "" },
    cell: ({ row: { original: attempt } }) => (
      <>
        {humanize(attempt.step)}
        <code className={classes["id"]}>{attempt.worker}</code>
      </>
    ),
  },
  {
    id: "attempt",
    header: "Attempt",
    meta: { narrow: true, align: "end", card: "attempt" },
    cell: ({ row: { original: attempt } }) => attempt.attempt,
  },
  {
    id: "state",
    header: "Outcome",
    meta: { narrow: true, card: "" },
    cell: ({ row: { original: attempt } }) => (
      <Status tone={tones[attempt.state]} label={humanize(attempt.state)} />
    ),
  },
  {
    id: "error",
    header: "Error",
    meta: { card: "", wide: true },
    cell: ({ row: { original: attempt } }) =>
      attempt.error_code === undefined ? null : (
        <>
          <Code>{attempt.error_code}</Code> {attempt.error}
          {attempt.stage !== undefined && ` (while: ${attempt.stage})`}
          {attempt.hint !== undefined && <div className={classes["hint"]}>{attempt.hint}</div>}
        </>
      ),
  },
  {
    id: "took",
    header: "Took",
    meta: { narrow: true, align: "end", card: "took" },
    cell: ({ row: { original: attempt } }) => formatDuration(attempt.duration_ms),
  },
  {
    id: "started",
    header: "Started",
    meta: { narrow: true, align: "end", card: "started" },
    cell: ({ row: { original: attempt } }) => <RelativeTime at={attempt.started_at} />,
  },
];

/** Every attempt at a step of the job, newest first. */
export function JobAttempts({ job }: { job: JobDetail }) {
  return (
    <Panel title="Newest attempts" flush>
      <DataTable
        label="Attempts"
        rows={list(job.attempts)}
        columns={columns}
        rowId={({ id }) => id}
        empty={<Message icon={<IconRefreshAlert size={28} stroke={1.5} />} title="No attempt was made yet" />}
      />
    </Panel>
  );
}
