import { Code } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { RecentJob } from "../../api/types";
import { CopyButton } from "../../components/copy-button";
import { ExternalLink } from "../../components/external-link";
import { RelativeTime } from "../../components/relative-time";
import { Status } from "../../components/status";
import { formatDuration, formatRate, humanize } from "../../lib/format";
import { useRate } from "../../lib/rate";
import { webLink } from "../../lib/url";
import { JobProgress } from "../jobs/job-progress";
import { jobState, shortId } from "../jobs/job-state";
import classes from "./recent-jobs.module.css";

interface Props {
  job: RecentJob;
  /** When job was received, in milliseconds. */
  at: number;
}

export function JobRow({ job, at }: Props) {
  const { tone, label } = jobState(job.state);
  const temporal = webLink(job.temporal_url);
  return (
    <li className={classes["row"]}>
      <div className={classes["what"]}>
        <Link to="/jobs/$id" params={{ id: job.id }} className={classes["kind"]}>
          {humanize(job.kind)}
        </Link>
        <span className={classes["id"]}>
          <code title={job.id}>{shortId(job.id)}</code>
          <CopyButton value={job.id} what="job id" />
        </span>
      </div>
      <div className={classes["state"]}>
        <Status tone={tone} label={label} />
        {job.error_code !== undefined && job.error_code !== "" && <Code>{job.error_code}</Code>}
      </div>
      <RecentProgress job={job} at={at} />
      <div className={classes["when"]}>
        <RelativeTime at={job.created_at} />
        <span className={classes["took"]}>{took(job)}</span>
      </div>
      <div className={classes["link"]}>
        {temporal !== undefined && (
          <ExternalLink href={temporal} c="dimmed" aria-label={`Job ${shortId(job.id)} in the Temporal UI`}>
            Temporal
          </ExternalLink>
        )}
      </div>
    </li>
  );
}

function RecentProgress({ job, at }: Props) {
  const ended = job.done + job.failed;
  const rate = useRate(ended, at);
  return (
    <div className={classes["progress"]}>
      <JobProgress job={job}>
        {jobState(job.state).running && <span>{pace(job, ended, rate)}</span>}
      </JobProgress>
      {job.error !== undefined && job.error !== "" && <div className={classes["error"]}>{job.error}</div>}
    </div>
  );
}

/** "Building, 3,120/s, about 1 min left": what is known of a running job. */
function pace(job: RecentJob, ended: number, rate: number | null): string {
  const stage = humanize(job.stage);
  if (rate === null || rate <= 0) return stage;
  const left = ((job.total - ended) / rate) * 1000;
  const parts = [stage, formatRate(rate), left >= 1000 ? `about ${formatDuration(left)} left` : ""];
  return parts.filter((part) => part !== "").join(" · ");
}

/** The whole time from being accepted to being done, which is what whoever waits for it sees. */
function took(job: RecentJob): string {
  const milliseconds = Date.parse(job.finished_at ?? "") - Date.parse(job.created_at);
  return Number.isNaN(milliseconds) ? "" : `took ${formatDuration(milliseconds)}`;
}
