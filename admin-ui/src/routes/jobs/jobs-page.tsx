import { Select } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconListCheck } from "@tabler/icons-react";
import { jobsQuery, jobStates, type JobFilter } from "../../api/jobs";
import { Message } from "../../components/message";
import { Page } from "../../components/page";
import { Panel } from "../../components/panel";
import { CursorTable } from "../../components/table/cursor-table";
import { DebouncedInput } from "../../components/table/debounced-input";
import { FilterBar } from "../../components/table/filter-bar";
import { humanize } from "../../lib/format";
import { useListInterval } from "../../refresh/list-interval";
import { jobColumns } from "./job-columns";

export function JobsPage() {
  const filter = useSearch({ from: "/dashboard/jobs" });
  const query = useInfiniteQuery({ ...jobsQuery(filter), refetchInterval: useListInterval() });
  return (
    <Page
      title="Jobs"
      about="Durable work: every document that is accepted belongs to a job that ends with an outcome for it."
    >
      <JobFilters filter={filter} />
      <Panel title="Newest first" flush>
        <CursorTable
          query={query}
          what="the jobs"
          label="Jobs"
          columns={jobColumns}
          rowId={(job) => job.id}
          empty={<NoJobs filtered={Object.values(filter).some((value) => value !== undefined)} />}
        />
      </Panel>
    </Page>
  );
}

function JobFilters({ filter }: { filter: JobFilter }) {
  const navigate = useNavigate({ from: "/jobs" });
  const change = (part: JobFilter) =>
    void navigate({ search: (old) => ({ ...old, ...part }), replace: true });
  return (
    <FilterBar
      active={filter.state !== undefined || filter.kind !== undefined}
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
