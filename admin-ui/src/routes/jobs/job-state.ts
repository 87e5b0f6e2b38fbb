import type { Job } from "../../api/types";
import type { Tone } from "../../components/status";
import { formatDuration, humanize } from "../../lib/format";

interface JobState {
  tone: Tone;
  label: string;
  running: boolean;
  /** The tone of what is done: documents that were indexed stay good whatever came after. */
  bar: Tone;
}

const tones: Record<string, Tone> = {
  queued: "idle",
  running: "active",
  paused: "warning",
  completed: "good",
  completed_with_errors: "warning",
  failed: "bad",
  canceled: "idle",
};

/** How a job's state is shown; a state that this page does not know yet keeps its own name. */
export function jobState(state: string): JobState {
  const tone = tones[state] ?? "idle";
  const bar = tone === "warning" || tone === "bad" ? "good" : tone;
  return { tone, label: humanize(state), running: state === "running", bar };
}

/** What tells jobs of the same state apart, where it is worth saying. */
export function conditionNote(job: Pick<Job, "condition">): { tone: Tone; text: string } | null {
  const { name, reason } = job.condition;
  if (name === "working" || name === "ended") return null;
  const tone = ["stuck", "no_worker", "temporal_away"].includes(name) ? "bad" : "warning";
  const label = humanize(name);
  return { tone, text: reason === undefined || reason === "" ? label : `${label}: ${reason}` };
}

/** Jobs in these states go on by themselves. */
export function isOpen(state: string): boolean {
  return !["completed", "completed_with_errors", "failed", "canceled"].includes(state);
}

/** The end of a UUIDv7 tells jobs apart; its beginning is the time they share. */
export function shortId(id: string): string {
  return id.slice(-12);
}

/** The whole time from being accepted to being done, which is what whoever waits for it sees. */
export function took(job: { created_at: string; finished_at: string | null }): string {
  const milliseconds = Date.parse(job.finished_at ?? "") - Date.parse(job.created_at);
  return Number.isNaN(milliseconds) ? "" : formatDuration(milliseconds);
}
