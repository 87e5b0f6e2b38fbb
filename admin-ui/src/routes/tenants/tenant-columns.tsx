import type { Tenant } from "../../api/types";
import { CopyButton } from "../../components/copy-button";
import { RelativeTime } from "../../components/relative-time";
import { Status } from "../../components/status";
import type { Column } from "../../components/table/data-table";
import { RowLink } from "../../components/table/row-link";
import { humanize } from "../../lib/format";
import { tenantTones } from "./tenant-state";
import classes from "./tenants.module.css";

export const tenantColumns: Column<Tenant>[] = [
  {
    id: "slug",
    header: "Tenant",
    meta: { card: "" },
    cell: ({ row: { original: tenant } }) => (
      <>
        <RowLink to="/tenants/$slug" params={{ slug: tenant.slug }}>
          {tenant.name === "" ? tenant.slug : tenant.name}
        </RowLink>
        <code className={classes["slug"]}>{tenant.slug}</code>
      </>
    ),
  },
  {
    id: "state",
    header: "State",
    meta: { card: "" },
    cell: ({ row: { original: tenant } }) => (
      <Status tone={tenantTones[tenant.state]} label={humanize(tenant.state)} />
    ),
  },
  {
    id: "tier",
    header: "Tier",
    meta: { card: "tier" },
    cell: ({ row: { original: tenant } }) => humanize(tenant.tier),
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
