export interface Sample {
  labels: Readonly<Record<string, string>>;
  value: number;
}

/** A reading of all metrics, by name. */
export type Reading = ReadonlyMap<string, readonly Sample[]>;

const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/;
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** Reads the text format of Prometheus; lines that it does not know are left out. */
export function parseExposition(text: string): Reading {
  const reading = new Map<string, Sample[]>();
  for (const each of text.split("\n")) {
    if (each.startsWith("#")) continue;
    const match = line.exec(each);
    if (match === null) continue;
    const [, name = "", labels = "", value = ""] = match;
    const samples = reading.get(name) ?? [];
    samples.push({ labels: readLabels(labels), value: readNumber(value) });
    reading.set(name, samples);
  }
  return reading;
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, name = "", value = ""] of text.matchAll(label)) {
    labels[name] = value.replace(/\\(.)/g, (_, char: string) => (char === "n" ? "\n" : char));
  }
  return labels;
}

function readNumber(text: string): number {
  if (text === "+Inf") return Infinity;
  return text === "-Inf" ? -Infinity : Number(text);
}

type Where = (labels: Sample["labels"]) => boolean;

const everywhere: Where = () => true;

/** The sum over all series of a metric; 0 when there is none. */
export function sum(reading: Reading, name: string, where: Where = everywhere): number {
  return (reading.get(name) ?? [])
    .filter(({ labels }) => where(labels))
    .reduce((total, { value }) => total + value, 0);
}

/**
 * The quantile of what a histogram counted between two readings, as Prometheus computes it:
 * linear within the bucket. Null when nothing was counted.
 */
export function quantile(
  q: number,
  before: Reading,
  after: Reading,
  name: string,
  where: Where = everywhere,
): number | null {
  const buckets = new Map<number, number>();
  const add = (reading: Reading, sign: number) => {
    for (const { labels, value } of reading.get(`${name}_bucket`) ?? []) {
      if (!where(labels)) continue;
      const bound = readNumber(labels["le"] ?? "");
      buckets.set(bound, (buckets.get(bound) ?? 0) + sign * value);
    }
  };
  add(after, 1);
  add(before, -1);
  const sorted = [...buckets].sort(([a], [b]) => a - b);
  const total = sorted.at(-1)?.[1] ?? 0;
  if (total <= 0) return null;
  let [lower, below] = [0, 0];
  for (const [bound, count] of sorted) {
    if (count >= q * total) {
      // Beyond the last finite bound nothing is known but that it was exceeded.
      if (bound === Infinity) return lower;
      const within = count - below;
      return within <= 0 ? bound : lower + (bound - lower) * ((q * total - below) / within);
    }
    [lower, below] = [bound, count];
  }
  return lower;
}
