import { Code } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { Job, JobDetail } from "../../api/types";
import { CopyButton } from "../../components/copy-button";
import { Fact, Facts } from "../../components/facts";
import { Panel } from "../../components/panel";
import { RelativeTime } from "../../components/relative-time";
import { Status, StatusDot, type Tone } from "../../components/status";
import { formatBytes, formatRate, humanize } from "../../lib/format";
import { list } from "../../lib/list";
import { useRate } from "../../lib/rate";
import { ConditionNote } from "./condition-note";
import { JobProgress } from "./job-progress";
import { isOpen, shortId, took } from "./job-state";
import classes from "./jobs.module.css";

/** Where a job stands: its progress, times and, when it failed, why. */
export function JobSummary({ job, live }: { job: JobDetail; live: boolean }) {
  return (
    <Panel title="Progress" aside={live && <Live />}>
      <JobProgress job={job} size={10} />
      <ConditionNote job={job} />
      <Stages stages={list(job.stages)} />
      {job.error !== undefined && job.error !== "" && (
        <p className={classes["error"]}>
          {job.error_code !== undefined && job.error_code !== "" && <Code mr={6}>{job.error_code}</Code>}
          {job.error}
          {job.hint !== undefined && job.hint !== "" && <span className={classes["hint"]}> {job.hint}</span>}
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
          {job.worker !== undefined && job.worker !== "" && <Fact name="Worker">{job.worker}</Fact>}
          <Retries job={job} />
          <Fact name="Content">{formatBytes(job.bytes)}</Fact>
          <Fact name="Id">
            <Code>{job.id}</Code> <CopyButton value={job.id} what="job id" />
          </Fact>
        </Facts>
      </div>
    </Panel>
  );
}

type Stage = NonNullable<JobDetail["stages"]>[number];

const stageTones: Record<Stage["state"], Tone> = {
  done: "good",
  current: "active",
  pending: "idle",
  failed: "bad",
};

function Stages({ stages }: { stages: readonly Stage[] }) {
  if (stages.length === 0) return null;
  return (
    <ol className={classes["stages"]} aria-label="Stages">
      {stages.map(({ name, state }) => (
        <li key={name}>
          <Status tone={stageTones[state]} label={humanize(name)} />
        </li>
      ))}
    </ol>
  );
}

/** The jobs before and after this one. */
function Retries({ job }: { job: JobDetail }) {
  return (
    <>
      {job.retry_of !== undefined && (
        <Fact name="Repeats">
          <JobLink id={job.retry_of} />
        </Fact>
      )}
      {job.retried_by !== undefined && (
        <Fact name="Repeated by">
          <JobLink id={job.retried_by} />
        </Fact>
      )}
    </>
  );
}

function JobLink({ id }: { id: string }) {
  return (
    <Link to="/jobs/$id" params={{ id }}>
      {shortId(id)}
    </Link>
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
