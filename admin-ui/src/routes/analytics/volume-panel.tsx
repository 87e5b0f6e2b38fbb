import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { seriesQuery, type Range } from "../../api/analytics";
import { ChartPanel } from "../../components/chart-panel";
import { Loading } from "../../components/loading";
import { Panel } from "../../components/panel";
import { QueryState } from "../../components/query-state";
import { formatCount, formatNoun } from "../../lib/format";
import { useRefetchInterval } from "../../refresh/refresh";
import { timeFormat, volumePoints } from "./series";

export function VolumePanel({ days }: { days: Range }) {
  const query = useQuery({ ...seriesQuery(days), refetchInterval: useRefetchInterval() });
  return (
    <QueryState
      query={query}
      what="the searches over time"
      loading={<ChartSkeleton title="Searches" />}
      frame={(failure) => <Panel title="Searches">{failure}</Panel>}
    >
      {(series) => {
        const total = series.points.reduce((sum, { searches }) => sum + searches, 0);
        return (
          <ChartPanel
            title="Searches"
            aside={formatCount(total)}
            empty={series.enabled ? "Nothing was searched for" : "Analytics are switched off"}
            label={`Searches over ${formatNoun(days, "day")}: ${formatCount(total)}`}
            kind="bars"
            points={volumePoints(series)}
            series={[
              { name: "With results", color: "var(--ra-chart)" },
              { name: "Without results", color: "var(--ra-idle)" },
            ]}
            format={formatCount}
            time={timeFormat(days)}
          />
        );
      }}
    </QueryState>
  );
}

export function ChartSkeleton({ title }: { title: string }) {
  return (
    <Panel title={title}>
      <Loading>
        <Skeleton height={224} />
      </Loading>
    </Panel>
  );
}
