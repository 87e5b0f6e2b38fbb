import { Button, Select } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconListCheck, IconReload } from "@tabler/icons-react";
import type { RowSelectionState } from "@tanstack/react-table";
import { useState } from "react";
import { jobsQuery, jobStates, type JobFilter } from "../../api/jobs";
import { Message } from "../../components/message";
import { Page } from "../../components/page";
import { Panel } from "../../components/panel";
import { CursorTable } from "../../components/table/cursor-table";
import { DebouncedInput } from "../../components/table/debounced-input";
import { FilterBar } from "../../components/table/filter-bar";
import { humanize } from "../../lib/format";
import { useToast } from "../../components/toast";
import { useListInterval } from "../../refresh/list-interval";
import { usePauseRefresh } from "../../refresh/refresh";
import { jobColumns } from "./job-columns";
import { RedriveDialog } from "./redrive-dialog";
import { SelectedJobs } from "./selected-jobs";

export function JobsPage() {
  const { dialog, ...filter } = useSearch({ from: "/dashboard/jobs" });
  const navigate = useNavigate({ from: "/jobs" });
  const toast = useToast();
  const [selected, setSelected] = useState<RowSelectionState>({});
  usePauseRefresh(Object.keys(selected).length > 0);
  const query = useInfiniteQuery({ ...jobsQuery(filter), refetchInterval: useListInterval() });
  return (
    <Page
      title="Jobs"
      about="Durable work: every document that is accepted belongs to a job that ends with an outcome for it."
      actions={
        <Button
          variant="default"
          leftSection={<IconReload size={16} aria-hidden />}
          onClick={() => void navigate({ search: (old) => ({ ...old, dialog: "redrive" }) })}
        >
          Retry many
        </Button>
      }
    >
      <JobFilters filter={filter} />
      <SelectedJobs ids={Object.keys(selected)} clear={() => setSelected({})} />
      <Panel title="Newest first" flush>
        <CursorTable
          query={query}
          what="the jobs"
          label="Jobs"
          columns={jobColumns}
          rowId={(job) => job.id}
          selection={{ rows: selected, change: setSelected }}
          empty={<NoJobs filtered={Object.values(filter).some((value) => value !== undefined)} />}
        />
      </Panel>
      {dialog === "redrive" && (
        <RedriveDialog
          filter={filter}
          onClose={() => void navigate({ search: (old) => ({ ...old, dialog: undefined }), replace: true })}
          onStarted={(job) => {
            toast("They are retried, one after the other.");
            if (job === undefined) void navigate({ search: filter, replace: true });
            else void navigate({ to: "/jobs/$id", params: { id: job.id } });
          }}
        />
      )}
    </Page>
  );
}

function JobFilters({ filter }: { filter: JobFilter }) {
  const navigate = useNavigate({ from: "/jobs" });
  const change = (part: JobFilter) =>
    void navigate({ search: (old) => ({ ...old, ...part }), replace: true });
  return (
    <FilterBar
      active={Object.values(filter).some((value) => value !== undefined)}
      clear={() => void navigate({ search: {}, replace: true })}
    >
      <Select
        aria-label="State"
        placeholder="Any state"
        clearable
        data={jobStates.map((state) => ({ value: state, label: humanize(state) }))}
        value={filter.state ?? null}
        onChange={(state) => change({ state: jobStates.find((known) => known === state) })}
      />
      <DebouncedInput
        aria-label="Id or error code"
        placeholder="Id of a job or document"
        value={filter.q ?? ""}
        onChange={(q) => change({ q: q === "" ? undefined : q })}
      />
      <DebouncedInput
        aria-label="Error code"
        placeholder="Any error code"
        value={filter.error_code ?? ""}
        onChange={(code) => change({ error_code: code === "" ? undefined : code })}
      />
      <DebouncedInput
        aria-label="Kind"
        placeholder="Any kind, e.g. index_documents"
        value={filter.kind ?? ""}
        onChange={(kind) => change({ kind: kind === "" ? undefined : kind })}
      />
    </FilterBar>
  );
}

function NoJobs({ filtered }: { filtered: boolean }) {
  return (
    <Message
      icon={<IconListCheck size={28} stroke={1.5} />}
      title={filtered ? "No job fits these filters" : "No jobs yet"}
    >
      {filtered ? "Clear the filters to see all jobs." : "Adding, changing or removing documents starts one."}
    </Message>
  );
}
