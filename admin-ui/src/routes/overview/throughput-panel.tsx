import { Skeleton } from "@mantine/core";
import { IconChartBar } from "@tabler/icons-react";
import { lazy, Suspense } from "react";
import type { ThroughputPoint } from "../../api/types";
import { Message } from "../../components/message";
import { Panel } from "../../components/panel";
import { useNow } from "../../lib/clock";
import { formatCount } from "../../lib/format";
import { lastDay } from "./throughput";
import classes from "./throughput-panel.module.css";

// Recharts is larger than the rest of the page, which must not wait for it.
const ThroughputChart = lazy(() => import("./throughput-chart"));

export function ThroughputPanel({ points }: { points: readonly ThroughputPoint[] }) {
  // Only the hour matters, so the chart is not drawn anew every second.
  const hour = Math.floor(useNow() / 3_600_000);
  const hours = lastDay(points, hour * 3_600_000);
  const total = hours.reduce((sum, each) => sum + each.documents, 0);
  return (
    <Panel
      title="Documents indexed by hour"
      aside={<span className={classes["aside"]}>{formatCount(total)} in the last 24 hours</span>}
    >
      <div className={classes["chart"]}>
        {total === 0 ? (
          <Message
            icon={<IconChartBar size={28} stroke={1.5} />}
            title="Nothing was indexed in the last 24 hours"
          />
        ) : (
          <Suspense fallback={<Skeleton height="100%" />}>
            <ThroughputChart hours={hours} />
          </Suspense>
        )}
      </div>
    </Panel>
  );
}
