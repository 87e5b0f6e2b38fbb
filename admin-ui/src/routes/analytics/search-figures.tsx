import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { figuresQuery, type Range } from "../../api/analytics";
import type { SearchFigures } from "../../api/types";
import { Figure, Figures } from "../../components/figure";
import { Loading } from "../../components/loading";
import { Panel } from "../../components/panel";
import { QueryState } from "../../components/query-state";
import { formatCount, formatMilliseconds, formatShare, unknown } from "../../lib/format";
import { useRefetchInterval } from "../../refresh/refresh";

export function SearchFiguresRow({ days }: { days: Range }) {
  const query = useQuery({ ...figuresQuery(days), refetchInterval: useRefetchInterval() });
  return (
    <QueryState
      query={query}
      what="the figures"
      loading={
        <Loading>
          <Skeleton height={92} radius="lg" />
        </Loading>
      }
      frame={(failure) => <Panel title="Figures">{failure}</Panel>}
    >
      {(figures) => (
        <Figures label="Figures">
          <Figure label="Searches" value={formatCount(figures.total_searches)}>
            {types(figures)}
          </Figure>
          <Figure label="Users" value={formatCount(figures.unique_users)}>
            {formatCount(figures.unique_queries)} different queries
          </Figure>
          <Figure label="Latency, median" value={ofSearches(figures, figures.latency.p50_ms)}>
            p95 {ofSearches(figures, figures.latency.p95_ms)}
          </Figure>
          <Figure label="From the cache" value={formatShare(figures.cached, figures.total_searches)}>
            {formatCount(figures.cached)} searches
          </Figure>
          <Figure label="Without results" value={formatShare(figures.zero_results, figures.total_searches)}>
            {formatCount(figures.zero_results)} searches
          </Figure>
          <Figure label="With a click" value={formatShare(figures.clicked_searches, figures.total_searches)}>
            {figures.clicks === 0
              ? "no clicks"
              : `on place ${figures.average_position.toFixed(1)} on average`}
          </Figure>
        </Figures>
      )}
    </QueryState>
  );
}

function ofSearches(figures: SearchFigures, ms: number): string {
  return figures.total_searches === 0 ? unknown : formatMilliseconds(ms);
}

function types(figures: SearchFigures): string {
  const parts = Object.entries(figures.searches_by_type).sort(([, a], [, b]) => b - a);
  return parts.map(([type, count]) => `${formatCount(count)} ${type}`).join(", ");
}
