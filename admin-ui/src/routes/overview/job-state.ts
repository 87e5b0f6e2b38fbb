import type { Tone } from "../../components/status";
import { humanize } from "../../lib/format";

interface JobState {
  tone: Tone;
  label: string;
  running: boolean;
}

const tones: Record<string, Tone> = {
  queued: "idle",
  running: "active",
  completed: "good",
  completed_with_errors: "warning",
  failed: "bad",
  canceled: "idle",
};

/** How a job's state is shown; a state that this page does not know yet keeps its own name. */
export function jobState(state: string): JobState {
  return { tone: tones[state] ?? "idle", label: humanize(state), running: state === "running" };
}
