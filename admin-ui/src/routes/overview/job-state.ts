import type { Tone } from "../../components/status";
import { humanize } from "../../lib/format";

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
