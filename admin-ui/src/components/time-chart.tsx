import "@mantine/charts/styles.css";
import { AreaChart, BarChart } from "@mantine/charts";

export interface ChartPoint {
  at: Date;
  /** By the name of the series. */
  values: Readonly<Record<string, number | null>>;
}

export interface ChartProps {
  /** What is drawn, in words, for whoever does not see it. */
  label: string;
  kind: "bars" | "lines";
  points: readonly ChartPoint[];
  series: readonly { name: string; color: string }[];
  format: (value: number) => string;
  /** How the time of a point is written below it. */
  time: Intl.DateTimeFormat;
}

const sparsePoints = 12;

/** Values over time, in the viewer's own zone. */
export default function TimeChart({ label, kind, points, series, format, time }: ChartProps) {
  const shared = {
    h: "100%",
    data: points.map(({ at, values }) => ({ at: time.format(at), ...values })),
    dataKey: "at",
    series: [...series],
    valueFormatter: format,
    gridAxis: "x" as const,
    tickLine: "none" as const,
    strokeDasharray: "2 4",
    withLegend: series.length > 1,
    legendProps: { verticalAlign: "bottom" as const, height: 28 },
    xAxisProps: { interval: "equidistantPreserveStart" as const, minTickGap: 24 },
    yAxisProps: { width: 64, tickFormatter: format },
  };
  // A value between two gaps has no line to be seen by.
  const sparse = series.some(
    ({ name }) => points.filter(({ values }) => values[name] != null).length < sparsePoints,
  );
  const margin = { top: 8, right: 4, bottom: 0, left: 0 };
  return (
    <div role="img" aria-label={label} style={{ height: "100%" }}>
      {kind === "bars" ? (
        <BarChart
          {...shared}
          type="stacked"
          barProps={{ isAnimationActive: false }}
          barChartProps={{ accessibilityLayer: false, margin }}
        />
      ) : (
        <AreaChart
          {...shared}
          curveType="linear"
          withDots={sparse}
          connectNulls={false}
          areaProps={{ isAnimationActive: false }}
          areaChartProps={{ accessibilityLayer: false, margin }}
        />
      )}
    </div>
  );
}
