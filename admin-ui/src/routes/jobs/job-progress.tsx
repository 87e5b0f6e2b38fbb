import { Progress } from "@mantine/core";
import type { ReactNode } from "react";
import type { Job } from "../../api/types";
import { formatCount, formatNoun } from "../../lib/format";
import { jobState, shortId } from "./job-state";
import classes from "./jobs.module.css";

interface Props {
  job: Pick<Job, "id" | "state" | "total" | "done" | "failed">;
  size?: number;
  /** What else is known of it, behind the numbers. */
  children?: ReactNode;
}

/** How much of a job is done, and how much of it failed. */
export function JobProgress({ job, size = 6, children }: Props) {
  const whole = Math.max(job.total, 1);
  return (
    <div className={classes["progress"]}>
      <Progress.Root size={size} aria-label={`Progress of job ${shortId(job.id)}`}>
        <Progress.Section
          value={(job.done / whole) * 100}
          color={`var(--ra-${jobState(job.state).bar})`}
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
        {children}
      </div>
    </div>
  );
}
