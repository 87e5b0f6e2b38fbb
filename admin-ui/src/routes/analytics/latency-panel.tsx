import { useQuery } from "@tanstack/react-query";
import { latencyQuery, seriesQuery, type Range } from "../../api/analytics";
import { ChartPanel } from "../../components/chart-panel";
import { Panel } from "../../components/panel";
import { QueryState } from "../../components/query-state";
import { formatMilliseconds } from "../../lib/format";
import { useRefetchInterval } from "../../refresh/refresh";
import { latencyPoints, timeFormat } from "./series";
import { ChartSkeleton } from "./volume-panel";

export function LatencyPanel({ days }: { days: Range }) {
  const refetchInterval = useRefetchInterval();
  const query = useQuery({ ...seriesQuery(days), refetchInterval });
  const { data: latency } = useQuery({ ...latencyQuery(days), refetchInterval });
  return (
    <QueryState
      query={query}
      what="the latency over time"
      loading={<ChartSkeleton title="Latency" />}
      frame={(failure) => <Panel title="Latency">{failure}</Panel>}
    >
      {(series) => (
        <ChartPanel
          title="Latency"
          aside={
            latency === undefined || latency.overall.searches === 0
              ? ""
              : `p50 ${formatMilliseconds(latency.overall.p50_ms)} · p95 ${formatMilliseconds(latency.overall.p95_ms)} · p99 ${formatMilliseconds(latency.overall.p99_ms)}`
          }
          empty={series.enabled ? "Nothing was measured" : "Analytics are switched off"}
          label="Latency of searches over time, in milliseconds"
          kind="lines"
          points={latencyPoints(series)}
          series={[
            { name: "p95", color: "var(--ra-chart)" },
            { name: "average", color: "var(--ra-active)" },
          ]}
          format={formatMilliseconds}
          time={timeFormat(days)}
        />
      )}
    </QueryState>
  );
}
