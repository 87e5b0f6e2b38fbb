import { Code, Progress } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { RecentJob } from "../../api/types";
import { CopyButton } from "../../components/copy-button";
import { ExternalLink } from "../../components/external-link";
import { RelativeTime } from "../../components/relative-time";
import { Status } from "../../components/status";
import { formatCount, formatDuration, formatNoun, formatRate, humanize } from "../../lib/format";
import { useRate } from "../../lib/rate";
import { webLink } from "../../lib/url";
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
      <JobProgress job={job} at={at} />
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

function JobProgress({ job, at }: Props) {
  const ended = job.done + job.failed;
  const rate = useRate(ended, at);
  const { running, bar } = jobState(job.state);
  const whole = Math.max(job.total, 1);
  return (
    <div className={classes["progress"]}>
      <Progress.Root size={6} aria-label={`Progress of job ${shortId(job.id)}`}>
        <Progress.Section
          value={(job.done / whole) * 100}
          color={`var(--ra-${bar})`}
          aria-label={`Done: ${formatCount(job.done)} of ${formatCount(job.total)}`}
        />
        <Progress.Section
          value={(job.failed / whole) * 100}
          color="var(--ra-bad)"
          aria-label={`Failed: ${formatCount(job.failed)} of ${formatCount(job.total)}`}
        />
      </Progress.Root>
      <div className={classes["numbers"]}>
        <span>
          {formatCount(job.done)} of {formatNoun(job.total, "document")}
        </span>
        {job.failed > 0 && <span className={classes["failed"]}>{formatCount(job.failed)} failed</span>}
        {running && <span>{pace(job, ended, rate)}</span>}
      </div>
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
