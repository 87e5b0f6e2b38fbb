import { Code } from "@mantine/core";
import type { Job } from "../../api/types";
import { CopyButton } from "../../components/copy-button";
import { Fact, Facts } from "../../components/facts";
import { Panel } from "../../components/panel";
import { RelativeTime } from "../../components/relative-time";
import { StatusDot } from "../../components/status";
import { formatBytes, formatRate, humanize } from "../../lib/format";
import { useRate } from "../../lib/rate";
import { JobProgress } from "./job-progress";
import { isOpen, took } from "./job-state";
import classes from "./jobs.module.css";

/** Where a job stands: its progress, times and, when it failed, why. */
export function JobSummary({ job, live }: { job: Job; live: boolean }) {
  return (
    <Panel title="Progress" aside={live && <Live />}>
      <JobProgress job={job} size={10} />
      {job.error !== undefined && job.error !== "" && (
        <p className={classes["error"]}>
          {job.error_code !== undefined && job.error_code !== "" && <Code mr={6}>{job.error_code}</Code>}
          {job.error}
        </p>
      )}
      <div className={classes["facts"]}>
        <Facts>
          <Fact name="Stage">{humanize(job.stage)}</Fact>
          <Fact name="Accepted">
            <RelativeTime at={job.created_at} />
          </Fact>
          <Fact name="Started">
            <RelativeTime at={job.started_at} />
          </Fact>
          <Fact name="Finished">
            <RelativeTime at={job.finished_at} />
          </Fact>
        </Facts>
        <Facts>
          <Fact name={isOpen(job.state) ? "Pace" : "Took"}>
            {isOpen(job.state) ? <Pace job={job} /> : took(job)}
          </Fact>
          <Fact name="Last sign of life">
            <RelativeTime at={job.heartbeat_at} />
          </Fact>
          <Fact name="Content">{formatBytes(job.bytes)}</Fact>
          <Fact name="Id">
            <Code>{job.id}</Code> <CopyButton value={job.id} what="job id" />
          </Fact>
        </Facts>
      </div>
    </Panel>
  );
}

function Live() {
  return (
    <span className={classes["live"]}>
      <StatusDot tone="active" /> Live
    </span>
  );
}

function Pace({ job }: { job: Job }) {
  const ended = job.done + job.failed;
  // Counted by when it was seen, so that the events of a stream count as refreshes do.
  const rate = useRate(ended, Date.parse(job.heartbeat_at ?? job.created_at));
  return <>{rate === null || rate <= 0 ? "–" : formatRate(rate)}</>;
}
