import { useQuery } from "@tanstack/react-query";
import { webhookStatsQuery } from "../../api/webhooks";
import { Figure, Figures } from "../../components/figure";
import { Loading } from "../../components/loading";
import { Panel } from "../../components/panel";
import { QueryState } from "../../components/query-state";
import { Skeleton } from "@mantine/core";
import { formatCount, formatDuration, formatMilliseconds, formatNoun, formatShare } from "../../lib/format";
import { useRefetchInterval } from "../../refresh/refresh";

export function WebhookFigures({ id }: { id: string }) {
  const query = useQuery({ ...webhookStatsQuery(id), refetchInterval: useRefetchInterval() });
  return (
    <QueryState
      query={query}
      what="the figures"
      loading={
        <Loading>
          <Skeleton height={92} radius="lg" />
        </Loading>
      }
      frame={(failure) => <Panel title="Last 24 hours">{failure}</Panel>}
    >
      {(stats) => (
        <Figures label="Last 24 hours">
          <Figure label="Success, 24 hours" value={formatShare(stats.succeeded, stats.attempts)}>
            of {formatNoun(stats.attempts, "attempt")}
          </Figure>
          <Figure label="Failed, 24 hours" value={formatCount(stats.failed)}>
            {codes(stats.failed_by_code)}
          </Figure>
          <Figure label="Latency, median" value={formatMilliseconds(stats.p50_ms)}>
            p95 {formatMilliseconds(stats.p95_ms)}
          </Figure>
          <Figure label="Pending" value={formatCount(stats.pending)}>
            {stats.oldest_pending_seconds === null
              ? "nothing waits"
              : `the oldest for ${formatDuration(stats.oldest_pending_seconds * 1000)}`}
          </Figure>
        </Figures>
      )}
    </QueryState>
  );
}

/** "12 http_error, 3 timeout". */
function codes(failed: Record<string, number>): string {
  const parts = Object.entries(failed).sort(([, a], [, b]) => b - a);
  return parts.map(([code, count]) => `${formatCount(count)} ${code}`).join(", ") || "nothing failed";
}
