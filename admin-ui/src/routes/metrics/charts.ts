import type { ChartPoint } from "../../components/time-chart";
import { formatBytes, formatCount, formatMilliseconds, formatRate, formatShare } from "../../lib/format";
import { quantile, sum, type Reading } from "./exposition";
import type { Scrape } from "./history";

interface Line {
  name: string;
  color: string;
  /** The value between two scrapes; null where there is none. */
  value: (before: Reading, after: Reading, seconds: number) => number | null;
}

export interface MetricChart {
  title: string;
  /** The metric that is drawn, as Prometheus knows it. */
  metric: string;
  format: (value: number) => string;
  lines: readonly Line[];
}

const colors = ["var(--ra-chart)", "var(--ra-active)", "var(--ra-good)", "var(--ra-warning)"] as const;

type Labels = Readonly<Record<string, string>>;

function rate(metric: string, where?: (labels: Labels) => boolean): Line["value"] {
  return (before, after, seconds) => (sum(after, metric, where) - sum(before, metric, where)) / seconds;
}

function gauge(metric: string, where?: (labels: Labels) => boolean): Line["value"] {
  return (_before, after) => sum(after, metric, where);
}

function milliseconds(metric: string, q: number): Line["value"] {
  return (before, after) => {
    const seconds = quantile(q, before, after, metric);
    return seconds === null ? null : seconds * 1000;
  };
}

function share(metric: string, where: (labels: Labels) => boolean): Line["value"] {
  return (before, after) => {
    const all = sum(after, metric) - sum(before, metric);
    return all <= 0 ? null : ((sum(after, metric, where) - sum(before, metric, where)) / all) * 100;
  };
}

const percent = (value: number) => formatShare(value, 100);
const isError = ({ status, code }: Labels) => (status ?? code ?? "").startsWith("5");
const isHit = (labels: Labels) => Object.values(labels).some((value) => /^hit$/i.test(value));

/** What is worth a look on every server, in the order of questions when something is slow. */
export const metricCharts: readonly MetricChart[] = [
  {
    title: "Requests",
    metric: "http_requests_total",
    format: formatRate,
    lines: [
      { name: "all", color: colors[0], value: rate("http_requests_total") },
      { name: "5xx", color: colors[3], value: rate("http_requests_total", isError) },
    ],
  },
  {
    title: "Latency of requests",
    metric: "http_request_duration_seconds",
    format: formatMilliseconds,
    lines: [
      { name: "p95", color: colors[0], value: milliseconds("http_request_duration_seconds", 0.95) },
      { name: "p50", color: colors[1], value: milliseconds("http_request_duration_seconds", 0.5) },
    ],
  },
  {
    title: "Latency of searches",
    metric: "search_duration_seconds",
    format: formatMilliseconds,
    lines: [
      { name: "p95", color: colors[0], value: milliseconds("search_duration_seconds", 0.95) },
      { name: "p50", color: colors[1], value: milliseconds("search_duration_seconds", 0.5) },
    ],
  },
  {
    title: "Cache hits",
    metric: "cache_requests_total",
    format: percent,
    lines: [{ name: "hit rate", color: colors[2], value: share("cache_requests_total", isHit) }],
  },
  {
    title: "Documents indexed",
    metric: "index_documents_total",
    format: formatRate,
    lines: [{ name: "documents", color: colors[0], value: rate("index_documents_total") }],
  },
  {
    title: "Webhook attempts",
    metric: "webhook_attempts_total",
    format: formatRate,
    lines: [{ name: "attempts", color: colors[0], value: rate("webhook_attempts_total") }],
  },
  {
    title: "Memory",
    metric: "process_resident_memory_bytes",
    format: formatBytes,
    lines: [
      { name: "resident", color: colors[0], value: gauge("process_resident_memory_bytes") },
      { name: "heap", color: colors[1], value: gauge("go_memstats_heap_inuse_bytes") },
    ],
  },
  {
    title: "Processor, in cores",
    metric: "process_cpu_seconds_total",
    format: (value) => value.toFixed(2),
    lines: [{ name: "cores", color: colors[0], value: rate("process_cpu_seconds_total") }],
  },
  {
    title: "Database connections",
    metric: "database_pool_connections",
    format: (value) => formatCount(Math.round(value)),
    lines: [{ name: "open", color: colors[1], value: gauge("database_pool_connections") }],
  },
  {
    title: "Goroutines",
    metric: "go_goroutines",
    format: (value) => formatCount(Math.round(value)),
    lines: [{ name: "goroutines", color: colors[1], value: gauge("go_goroutines") }],
  },
];

/** The points of a chart: one for each scrape after the first. */
export function chartPoints(chart: MetricChart, scrapes: readonly Scrape[]): ChartPoint[] {
  return scrapes.slice(1).map((scrape, position) => {
    const before = scrapes[position] ?? scrape;
    const seconds = Math.max((scrape.at - before.at) / 1000, 0.001);
    const values = chart.lines.map(({ name, value }) => [
      name,
      value(before.reading, scrape.reading, seconds),
    ]);
    return { at: new Date(scrape.at), values: Object.fromEntries(values) as ChartPoint["values"] };
  });
}
