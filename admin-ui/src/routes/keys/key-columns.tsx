import { Badge, Group } from "@mantine/core";
import type { APIKey } from "../../api/types";
import { RelativeTime } from "../../components/relative-time";
import { Status } from "../../components/status";
import type { Column } from "../../components/table/data-table";
import { RowLink } from "../../components/table/row-link";
import { formatCount, humanize } from "../../lib/format";
import { list } from "../../lib/list";
import { keyTone } from "./key-state";
import classes from "./keys.module.css";

export const keyColumns: Column<APIKey>[] = [
  {
    id: "name",
    header: "Name",
    meta: { card: "" },
    cell: ({ row: { original: key } }) => (
      <>
        <RowLink to="/keys" search={{ key: key.id }}>
          {key.name}
        </RowLink>
        <code className={classes["prefix"]}>
          {key.prefix}…{key.last_four}
        </code>
      </>
    ),
  },
  {
    id: "state",
    header: "State",
    meta: { narrow: true, card: "" },
    cell: ({ row: { original: key } }) => <Status tone={keyTone(key)} label={humanize(key.state)} />,
  },
  {
    id: "scopes",
    header: "Scopes",
    meta: { card: "", wide: true },
    cell: ({ row: { original: key } }) => <Scopes scopes={list(key.scopes)} />,
  },
  {
    id: "requests",
    header: "Requests",
    meta: { align: "end", narrow: true, card: "requests" },
    cell: ({ row: { original: key } }) => formatCount(key.request_count),
  },
  {
    id: "used",
    header: "Last used",
    meta: { align: "end", narrow: true, card: "used" },
    cell: ({ row: { original: key } }) =>
      key.last_used_at === null ? "never" : <RelativeTime at={key.last_used_at} />,
  },
  {
    id: "expires",
    header: "Expires",
    meta: { align: "end", narrow: true, card: "expires" },
    cell: ({ row: { original: key } }) =>
      key.expires_at === null ? "never" : <RelativeTime at={key.expires_at} />,
  },
];

export function Scopes({ scopes }: { scopes: readonly string[] }) {
  return (
    <Group gap={4}>
      {scopes.map((scope) => (
        <Badge key={scope} variant="default" size="sm" tt="none" fw={500}>
          {scope}
        </Badge>
      ))}
    </Group>
  );
}
