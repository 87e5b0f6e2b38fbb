import { useState } from "react";

interface Sample {
  value: number;
  /** Milliseconds. */
  at: number;
}

const windowMs = 30_000;

/**
 * How fast a counter grows, per second, over the refreshes of the last half
 * minute, or since the last one where they are rarer. Null until there are two of them, and after the counter went back
 * because the server started again.
 */
export function useRate(value: number, at: number): number | null {
  const [samples, setSamples] = useState<Sample[]>([{ value, at }]);
  const newest = samples[samples.length - 1];
  if (newest?.at !== at) {
    // Set while rendering, as React advises for what follows from props: no second paint.
    setSamples(addSample(samples, { value, at }));
  }
  return rate(samples);
}

export function addSample(samples: readonly Sample[], sample: Sample): Sample[] {
  const newest = samples[samples.length - 1];
  if (newest !== undefined && sample.value < newest.value) return [sample];
  const kept = samples.filter(
    (old) => old.at < sample.at && (old === newest || sample.at - old.at <= windowMs),
  );
  return [...kept, sample];
}

export function rate(samples: readonly Sample[]): number | null {
  const oldest = samples[0];
  const newest = samples[samples.length - 1];
  if (oldest === undefined || newest === undefined || newest.at <= oldest.at) return null;
  return ((newest.value - oldest.value) * 1000) / (newest.at - oldest.at);
}
