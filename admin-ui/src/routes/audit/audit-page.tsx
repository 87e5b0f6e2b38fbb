import { Button, Select } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconDownload, IconHistory } from "@tabler/icons-react";
import { auditExportUrl, auditQuery, type AuditFilter } from "../../api/audit";
import type { AuditEntry } from "../../api/types";
import { Message } from "../../components/message";
import { Page } from "../../components/page";
import { Panel } from "../../components/panel";
import { RelativeTime } from "../../components/relative-time";
import { CursorTable } from "../../components/table/cursor-table";
import type { Column } from "../../components/table/data-table";
import { DebouncedInput } from "../../components/table/debounced-input";
import { FilterBar } from "../../components/table/filter-bar";
import { RowLink } from "../../components/table/row-link";
import { useListInterval } from "../../refresh/list-interval";
import { actorName } from "./actor";
import { EntryDrawer } from "./entry-drawer";
import classes from "./audit.module.css";

const groups = [
  "api_key.*",
  "webhook.*",
  "delivery.*",
  "search_settings.*",
  "embeddings.*",
  "index.*",
  "tenant.*",
  "job.*",
];

const columns: Column<AuditEntry>[] = [
  {
    id: "action",
    header: "Action",
    meta: { card: "" },
    cell: ({ row: { original: entry } }) => (
      <RowLink from="/audit-log" to="/audit-log" search={(old) => ({ ...old, entry: entry.id })}>
        {entry.action}
      </RowLink>
    ),
  },
  {
    id: "target",
    header: "Of",
    meta: { card: "" },
    cell: ({ row: { original: entry } }) => (
      <code className={classes["id"]}>
        {entry.target_type} {entry.target_id}
      </code>
    ),
  },
  {
    id: "actor",
    header: "By",
    meta: { card: "by" },
    cell: ({ row: { original: entry } }) => actorName(entry.actor),
  },
  {
    id: "address",
    header: "From",
    meta: { card: "from" },
    cell: ({ row: { original: entry } }) => entry.actor.address,
  },
  {
    id: "at",
    header: "When",
    meta: { narrow: true, align: "end", card: "" },
    cell: ({ row: { original: entry } }) => <RelativeTime at={entry.at} />,
  },
];

export function AuditPage() {
  const { entry: open, ...filter } = useSearch({ from: "/dashboard/audit-log" });
  const navigate = useNavigate({ from: "/audit-log" });
  const query = useInfiniteQuery({ ...auditQuery(filter), refetchInterval: useListInterval() });
  const entry = query.data?.pages.flatMap((page) => page.items).find(({ id }) => id === open);
  return (
    <Page
      title="Audit log"
      about="What administrators changed, by whom, from where. Nobody can edit it."
      actions={
        <Button
          component="a"
          href={auditExportUrl(filter)}
          download="audit-log.ndjson"
          variant="default"
          leftSection={<IconDownload size={16} aria-hidden />}
        >
          Export
        </Button>
      }
    >
      <AuditFilters filter={filter} />
      <Panel title="Newest first" flush>
        <CursorTable
          query={query}
          what="the audit log"
          label="Audit log"
          columns={columns}
          rowId={({ id }) => id}
          current={open}
          empty={
            <Message icon={<IconHistory size={28} stroke={1.5} />} title="Nothing fits">
              Changes of keys, webhooks, settings and tenants appear here.
            </Message>
          }
        />
      </Panel>
      <EntryDrawer
        entry={entry}
        onClose={() => void navigate({ search: (old) => ({ ...old, entry: undefined }), replace: true })}
      />
    </Page>
  );
}

function AuditFilters({ filter }: { filter: AuditFilter }) {
  const navigate = useNavigate({ from: "/audit-log" });
  const change = (part: AuditFilter) =>
    void navigate({ search: (old) => ({ ...old, ...part, entry: undefined }), replace: true });
  const known =
    filter.action === undefined || groups.includes(filter.action) ? groups : [...groups, filter.action];
  return (
    <FilterBar
      active={Object.values(filter).some((value) => value !== undefined)}
      clear={() => void navigate({ search: {}, replace: true })}
    >
      <Select
        aria-label="Action"
        placeholder="Any action"
        clearable
        searchable
        data={known}
        value={filter.action ?? null}
        onChange={(action) => change({ action: action ?? undefined })}
      />
      <DebouncedInput
        aria-label="Id of what was changed"
        placeholder="Id of what was changed"
        value={filter.target_id ?? ""}
        onChange={(id) => change({ target_id: id === "" ? undefined : id })}
      />
      <DebouncedInput
        aria-label="Id of the key that did it"
        placeholder="Id of the key that did it"
        value={filter.actor_id ?? ""}
        onChange={(id) => change({ actor_id: id === "" ? undefined : id })}
      />
      <DayInput label="From" value={filter.from} onChange={(from) => change({ from })} />
      <DayInput label="To" value={filter.to} onChange={(to) => change({ to })} />
    </FilterBar>
  );
}

interface DayProps {
  label: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}

/** A day in UTC, as the log's own times are. */
function DayInput({ label, value, onChange }: DayProps) {
  return (
    <DebouncedInput
      type="date"
      aria-label={label}
      value={value?.slice(0, 10) ?? ""}
      onChange={(day) => onChange(day === "" ? undefined : `${day}T00:00:00Z`)}
    />
  );
}
