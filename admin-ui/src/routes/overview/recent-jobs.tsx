import { IconListCheck } from "@tabler/icons-react";
import type { RecentJob } from "../../api/types";
import { ButtonLink } from "../../components/button-link";
import { Message } from "../../components/message";
import { Panel } from "../../components/panel";
import { JobRow } from "./job-row";
import classes from "./recent-jobs.module.css";

interface Props {
  jobs: readonly RecentJob[];
  /** When jobs was received, in milliseconds. */
  at: number;
}

export function RecentJobs({ jobs, at }: Props) {
  return (
    <Panel
      title="Recent jobs"
      flush
      aside={
        <ButtonLink to="/jobs" variant="subtle" color="gray" size="compact-xs">
          All jobs
        </ButtonLink>
      }
    >
      {jobs.length === 0 ? (
        <Message icon={<IconListCheck size={28} stroke={1.5} />} title="No jobs yet">
          Adding, changing or removing documents starts one.
        </Message>
      ) : (
        <ul className={classes["list"]}>
          {jobs.map((job) => (
            <JobRow key={job.id} job={job} at={at} />
          ))}
        </ul>
      )}
    </Panel>
  );
}
