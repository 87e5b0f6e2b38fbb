import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { IconArrowLeft } from "@tabler/icons-react";
import { jobQuery } from "../../api/jobs";
import { ButtonLink } from "../../components/button-link";
import { Page } from "../../components/page";
import { Panel } from "../../components/panel";
import { QueryState } from "../../components/query-state";
import { Status } from "../../components/status";
import { TableSkeleton } from "../../components/table/table-skeleton";
import { humanize } from "../../lib/format";
import { useRefetchInterval } from "../../refresh/refresh";
import { JobActions } from "./job-actions";
import { JobAttempts } from "./job-attempts";
import { JobItems } from "./job-items";
import { JobSummary } from "./job-summary";
import { isOpen, jobState, shortId } from "./job-state";
import { useJobEvents } from "./use-job-events";

export function JobPage() {
  const { id } = useParams({ from: "/dashboard/jobs/$id" });
  const interval = useRefetchInterval();
  const query = useQuery({
    ...jobQuery(id),
    refetchInterval: ({ state }) =>
      state.data !== undefined && !isOpen(state.data.state) ? false : interval,
  });
  const job = query.data;
  const live = useJobEvents(id, job !== undefined && isOpen(job.state));
  const state = job === undefined ? null : jobState(job.state);
  return (
    <Page
      title={job === undefined ? `Job ${shortId(id)}` : (job.title ?? humanize(job.kind))}
      back={<BackToJobs />}
      beside={state !== null && <Status tone={state.tone} label={state.label} />}
      actions={job !== undefined && <JobActions job={job} />}
    >
      <QueryState
        query={query}
        what="this job"
        loading={<Panel title="Progress">{<TableSkeleton rows={4} />}</Panel>}
        frame={(failure) => <Panel title="Progress">{failure}</Panel>}
      >
        {(data) => (
          <>
            <JobSummary job={data} live={live} />
            <JobItems job={data} />
            <JobAttempts job={data} />
          </>
        )}
      </QueryState>
    </Page>
  );
}

function BackToJobs() {
  return (
    <ButtonLink
      to="/jobs"
      variant="subtle"
      color="gray"
      size="compact-sm"
      ml={-8}
      leftSection={<IconArrowLeft size={14} aria-hidden />}
    >
      Jobs
    </ButtonLink>
  );
}
