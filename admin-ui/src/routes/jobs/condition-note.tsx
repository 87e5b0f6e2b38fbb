import type { Job } from "../../api/types";
import { conditionNote } from "./job-state";
import classes from "./jobs.module.css";

/** Why a job stands as it does: behind others, waiting for a provider, stuck. */
export function ConditionNote({ job }: { job: Pick<Job, "condition"> }) {
  const note = conditionNote(job);
  if (note === null) return null;
  return (
    <div className={classes["condition"]} data-tone={note.tone}>
      {note.text}
    </div>
  );
}
