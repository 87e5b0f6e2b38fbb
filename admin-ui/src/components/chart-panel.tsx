import { Skeleton } from "@mantine/core";
import { IconChartBar } from "@tabler/icons-react";
import { lazy, Suspense, type ReactNode } from "react";
import { Message } from "./message";
import { Panel } from "./panel";
import type { ChartProps } from "./time-chart";
import classes from "./chart-panel.module.css";

// Recharts is larger than the rest of a page, which must not wait for it.
const TimeChart = lazy(() => import("./time-chart"));

interface Props extends ChartProps {
  title: string;
  aside?: ReactNode;
  empty: string;
}

/** A chart over time in a panel; words instead of an empty grid. */
export function ChartPanel({ title, aside, empty, ...chart }: Props) {
  const nothing = chart.points.every((point) =>
    chart.series.every(({ name }) => (point.values[name] ?? 0) === 0),
  );
  return (
    <Panel title={title} aside={<span className={classes["aside"]}>{aside}</span>}>
      <div className={classes["chart"]}>
        {nothing ? (
          <Message icon={<IconChartBar size={28} stroke={1.5} />} title={empty} />
        ) : (
          <Suspense fallback={<Skeleton height="100%" />}>
            <TimeChart {...chart} />
          </Suspense>
        )}
      </div>
    </Panel>
  );
}
