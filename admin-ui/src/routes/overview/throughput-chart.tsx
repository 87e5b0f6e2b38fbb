import "@mantine/charts/styles.css";
import { BarChart } from "@mantine/charts";
import { formatCount } from "../../lib/format";
import type { HourCount } from "./throughput";

const hourFormat = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** Bars by hour, in the viewer's own time. */
export default function ThroughputChart({ hours }: { hours: readonly HourCount[] }) {
  return (
    <div role="img" aria-label={describe(hours)} style={{ height: "100%" }}>
      <BarChart
        h="100%"
        mih="15rem"
        data={hours.map((hour) => ({ hour: hourFormat.format(hour.at), Documents: hour.documents }))}
        dataKey="hour"
        series={[{ name: "Documents", color: "var(--ra-chart)" }]}
        valueFormatter={formatCount}
        gridAxis="x"
        tickLine="none"
        strokeDasharray="2 4"
        barProps={{ isAnimationActive: false, radius: [3, 3, 0, 0] }}
        barChartProps={{ accessibilityLayer: false, margin: { top: 8, right: 4, bottom: 0, left: 0 } }}
        xAxisProps={{ interval: "equidistantPreserveStart", minTickGap: 20 }}
        yAxisProps={{
          width: 52,
          allowDecimals: false,
          tickFormatter: (documents: number) => compact.format(documents),
        }}
      />
    </div>
  );
}

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** The picture in words: how many in all, and when most. */
function describe(hours: readonly HourCount[]): string {
  const total = hours.reduce((sum, hour) => sum + hour.documents, 0);
  const peak = hours.reduce((best, hour) => (hour.documents > best.documents ? hour : best));
  return `Documents indexed by hour: ${formatCount(total)} in 24 hours, most at ${hourFormat.format(peak.at)} with ${formatCount(peak.documents)}.`;
}
