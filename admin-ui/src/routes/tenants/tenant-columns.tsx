import type { Tenant } from "../../api/types";
import { CopyButton } from "../../components/copy-button";
import { RelativeTime } from "../../components/relative-time";
import { Status, type Tone } from "../../components/status";
import type { Column } from "../../components/table/data-table";
import { humanize } from "../../lib/format";
import classes from "./tenants.module.css";

const tones: Record<string, Tone> = { active: "good", suspended: "warning" };

export const tenantColumns: Column<Tenant>[] = [
  {
    id: "slug",
    header: "Tenant",
    meta: { card: "" },
    cell: ({ row: { original: tenant } }) => (
      <>
        <strong className={classes["name"]}>{tenant.name === "" ? tenant.slug : tenant.name}</strong>
        <code className={classes["slug"]}>{tenant.slug}</code>
      </>
    ),
  },
  {
    id: "state",
    header: "State",
    meta: { card: "" },
    cell: ({ row: { original: tenant } }) => (
      <Status tone={tones[tenant.state] ?? "idle"} label={humanize(tenant.state)} />
    ),
  },
  {
    id: "id",
    header: "Id",
    meta: { card: "id" },
    cell: ({ row: { original: tenant } }) => (
      <span className={classes["id"]}>
        <code>{tenant.id}</code>
        <CopyButton value={tenant.id} what="tenant id" />
      </span>
    ),
  },
  {
    id: "created",
    header: "Provisioned",
    meta: { narrow: true, align: "end", card: "provisioned" },
    cell: ({ row: { original: tenant } }) => <RelativeTime at={tenant.created_at} />,
  },
];
