import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { IconArrowLeft, IconPlayerStop } from "@tabler/icons-react";
import { useState } from "react";
import { cancelJob, jobQuery } from "../../api/jobs";
import type { Job } from "../../api/types";
import { ButtonLink } from "../../components/button-link";
import { ConfirmDialog } from "../../components/dialog/confirm-dialog";
import { ExternalLink } from "../../components/external-link";
import { Page } from "../../components/page";
import { Panel } from "../../components/panel";
import { QueryState } from "../../components/query-state";
import { Status } from "../../components/status";
import { TableSkeleton } from "../../components/table/table-skeleton";
import { useToast } from "../../components/toast";
import { formatNoun, humanize } from "../../lib/format";
import { webLink } from "../../lib/url";
import { useRefetchInterval } from "../../refresh/refresh";
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
      title={job === undefined ? `Job ${shortId(id)}` : humanize(job.kind)}
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

function JobActions({ job }: { job: Job }) {
  const temporal = webLink(job.temporal_url);
  return (
    <>
      {temporal !== undefined && (
        <ExternalLink href={temporal} aria-label="This job in the Temporal UI">
          Temporal UI
        </ExternalLink>
      )}
      {isOpen(job.state) && <CancelJob job={job} />}
    </>
  );
}

function CancelJob({ job }: { job: Job }) {
  const [asking, setAsking] = useState(false);
  const queryClient = useQueryClient();
  const toast = useToast();
  const cancel = useMutation({
    mutationFn: () => cancelJob(job.id),
    onSuccess: async (canceled) => {
      queryClient.setQueryData(jobQuery(job.id).queryKey, canceled);
      setAsking(false);
      toast("The job was canceled.");
      await queryClient.invalidateQueries({ queryKey: ["job", job.id] });
    },
  });
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconPlayerStop size={16} aria-hidden />}
        onClick={() => {
          cancel.reset();
          setAsking(true);
        }}
      >
        Cancel
      </Button>
      <ConfirmDialog
        opened={asking}
        onClose={() => setAsking(false)}
        title="Cancel this job?"
        confirmLabel={`Cancel ${formatNoun(job.total - job.done - job.failed, "document")}`}
        danger
        pending={cancel.isPending}
        error={cancel.error}
        onConfirm={() => cancel.mutate()}
      >
        What is indexed already stays searchable; the documents that wait are marked as canceled.
      </ConfirmDialog>
    </>
  );
}
