import type { Job } from "../../api/types";
import { RelativeTime } from "../../components/relative-time";
import { Status } from "../../components/status";
import type { Column } from "../../components/table/data-table";
import { RowLink } from "../../components/table/row-link";
import { humanize } from "../../lib/format";
import { ConditionNote } from "./condition-note";
import { JobProgress } from "./job-progress";
import { jobState, shortId, took } from "./job-state";
import classes from "./jobs.module.css";

export const jobColumns: Column<Job>[] = [
  {
    id: "kind",
    header: "Job",
    meta: { card: "" },
    cell: ({ row: { original: job } }) => (
      <>
        <RowLink to="/jobs/$id" params={{ id: job.id }}>
          {job.title ?? humanize(job.kind)}
        </RowLink>
        <code className={classes["id"]} title={job.id}>
          {shortId(job.id)}
        </code>
      </>
    ),
  },
  {
    id: "state",
    header: "State",
    meta: { narrow: true, card: "" },
    cell: ({ row: { original: job } }) => {
      const { tone, label } = jobState(job.state);
      return (
        <>
          <Status tone={tone} label={label} />
          <ConditionNote job={job} />
          {job.error_code !== undefined && job.error_code !== "" && (
            <code className={classes["id"]}>{job.error_code}</code>
          )}
        </>
      );
    },
  },
  {
    id: "progress",
    header: "Progress",
    meta: { card: "", wide: true },
    cell: ({ row: { original: job } }) => <JobProgress job={job} />,
  },
  {
    id: "took",
    header: "Took",
    meta: { align: "end", narrow: true, card: "took" },
    cell: ({ row: { original: job } }) => took(job),
  },
  {
    id: "created",
    header: "Accepted",
    meta: { align: "end", narrow: true, card: "accepted" },
    cell: ({ row: { original: job } }) => <RelativeTime at={job.created_at} />,
  },
];
