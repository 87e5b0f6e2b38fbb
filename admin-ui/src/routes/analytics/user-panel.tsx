import { Code } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { IconUserSearch } from "@tabler/icons-react";
import { userQuery, type Range } from "../../api/analytics";
import type { components } from "../../api/schema";
import { Message } from "../../components/message";
import { Panel } from "../../components/panel";
import { QueryState } from "../../components/query-state";
import { RelativeTime } from "../../components/relative-time";
import { DataTable, type Column } from "../../components/table/data-table";
import { DebouncedInput } from "../../components/table/debounced-input";
import { TableSkeleton } from "../../components/table/table-skeleton";
import { formatCount, formatMilliseconds, formatNoun } from "../../lib/format";
import { list } from "../../lib/list";

type SearchRow = components["schemas"]["SearchRow"];

const columns: Column<SearchRow>[] = [
  { id: "query", header: "Query", meta: { card: "" }, cell: ({ row: { original } }) => original.query },
  {
    id: "type",
    header: "Type",
    meta: { narrow: true, card: "" },
    cell: ({ row: { original } }) => original.type,
  },
  {
    id: "results",
    header: "Results",
    meta: { narrow: true, align: "end", card: "results" },
    cell: ({ row: { original } }) => formatCount(original.results),
  },
  {
    id: "took",
    header: "Took",
    meta: { narrow: true, align: "end", card: "took" },
    cell: ({ row: { original } }) => formatMilliseconds(original.took_ms),
  },
  {
    id: "at",
    header: "When",
    meta: { narrow: true, align: "end", card: "" },
    cell: ({ row: { original } }) => <RelativeTime at={original.at} />,
  },
];

/** What one user searched for. */
export function UserPanel({ user, days }: { user: string | undefined; days: Range }) {
  const navigate = useNavigate({ from: "/analytics" });
  return (
    <Panel
      title="One user"
      flush
      aside={
        <DebouncedInput
          size="xs"
          aria-label="User id"
          placeholder="User id"
          value={user ?? ""}
          onChange={(id) =>
            void navigate({ search: (old) => ({ ...old, user: id === "" ? undefined : id }), replace: true })
          }
        />
      }
    >
      {user === undefined ? (
        <Message icon={<IconUserSearch size={28} stroke={1.5} />} title="Whose searches?">
          Type the <Code>user_id</Code> that searches were sent with.
        </Message>
      ) : (
        <UserSearches user={user} days={days} />
      )}
    </Panel>
  );
}

function UserSearches({ user, days }: { user: string; days: Range }) {
  const query = useQuery(userQuery(user, days));
  return (
    <QueryState query={query} what="this user's searches" loading={<TableSkeleton />}>
      {(searches) => (
        <div>
          <DataTable
            label={`Searches of ${user}`}
            rows={list(searches.recent)}
            columns={columns}
            rowId={(row) => row.query_id}
            empty={
              <Message
                icon={<IconUserSearch size={28} stroke={1.5} />}
                title={`${user} did not search in the last ${formatNoun(days, "day")}`}
              />
            }
          />
        </div>
      )}
    </QueryState>
  );
}
