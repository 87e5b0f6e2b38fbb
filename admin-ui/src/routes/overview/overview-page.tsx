import { useQuery } from "@tanstack/react-query";
import { healthQuery, statsQuery } from "../../api/queries";
import type { Session, Stats } from "../../api/types";
import { Panel } from "../../components/panel";
import { QueryState } from "../../components/query-state";
import { list } from "../../lib/list";
import { useRefetchInterval } from "../../refresh/refresh";
import { Counts } from "./counts";
import { FirstSteps } from "./first-steps";
import { HealthPanel } from "./health-panel";
import { IndexPanel } from "./index-panel";
import { JobsPanel } from "./jobs-panel";
import { FiguresSkeleton } from "./figures-skeleton";
import { RecentJobs } from "./recent-jobs";
import { ThroughputPanel } from "./throughput-panel";
import classes from "./overview-page.module.css";

export function OverviewPage({ session }: { session: Session }) {
  const refetchInterval = useRefetchInterval();
  const health = useQuery({ ...healthQuery, refetchInterval });
  const stats = useQuery({ ...statsQuery, refetchInterval });
  return (
    <div className={classes["page"]}>
      <title>Overview · RustAssistant</title>
      <h1 className={classes["heading"]}>Overview</h1>
      <HealthPanel query={health} />
      <QueryState
        query={stats}
        what="the figures"
        loading={<FiguresSkeleton />}
        frame={(failure) => <Panel title="Figures">{failure}</Panel>}
      >
        {(data) => <Figures stats={data} at={stats.dataUpdatedAt} session={session} />}
      </QueryState>
    </div>
  );
}

interface FiguresProps {
  stats: Stats;
  /** When stats was received, in milliseconds. */
  at: number;
  session: Session;
}

function Figures({ stats, at, session }: FiguresProps) {
  const empty = stats.documents.total === 0;
  const jobs = list(stats.recent_jobs);
  return (
    <div className={classes["page"]}>
      {empty && <FirstSteps development={session.development} />}
      <Counts stats={stats} at={at} />
      {!empty && (
        <div className={classes["columns"]}>
          <ThroughputPanel points={list(stats.throughput)} />
          <div className={classes["side"]}>
            <JobsPanel jobs={stats.jobs} />
            <IndexPanel index={stats.index} chunks={stats.chunks.total} />
          </div>
        </div>
      )}
      {(!empty || jobs.length > 0) && <RecentJobs jobs={jobs} at={at} />}
    </div>
  );
}
