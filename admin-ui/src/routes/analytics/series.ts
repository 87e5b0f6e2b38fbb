import type { Range } from "../../api/analytics";
import type { Series } from "../../api/types";
import type { ChartPoint } from "../../components/time-chart";

const hours = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const daysAndHours = new Intl.DateTimeFormat("en", {
  month: "short",
  day: "numeric",
  hour: "2-digit",
  hourCycle: "h23",
});
const dates = new Intl.DateTimeFormat("en", { month: "short", day: "numeric" });

export function timeFormat(days: Range): Intl.DateTimeFormat {
  return days === 1 ? hours : days === 7 ? daysAndHours : dates;
}

/** Searches by whether they found anything. */
export function volumePoints(series: Series): ChartPoint[] {
  return series.points.map((point) => ({
    at: new Date(point.at),
    values: {
      "With results": point.searches - point.zero_results,
      "Without results": point.zero_results,
    },
  }));
}

/** Latencies; a step without searches is a gap, not a zero. */
export function latencyPoints(series: Series): ChartPoint[] {
  return series.points.map((point) => ({
    at: new Date(point.at),
    values: {
      p95: point.searches === 0 ? null : point.p95_ms,
      average: point.searches === 0 ? null : point.average_ms,
    },
  }));
}
