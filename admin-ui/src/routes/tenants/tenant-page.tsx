import { Code } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { IconArrowLeft } from "@tabler/icons-react";
import { tenantQuery } from "../../api/tenants";
import { ButtonLink } from "../../components/button-link";
import { CopyButton } from "../../components/copy-button";
import { Fact, Facts } from "../../components/facts";
import { JsonView } from "../../components/json-view";
import { Page } from "../../components/page";
import { Panel } from "../../components/panel";
import { QueryState } from "../../components/query-state";
import { RelativeTime } from "../../components/relative-time";
import { Status } from "../../components/status";
import { TableSkeleton } from "../../components/table/table-skeleton";
import { humanize } from "../../lib/format";
import { list } from "../../lib/list";
import { useRefetchInterval } from "../../refresh/refresh";
import { OffboardTenant } from "./offboard-tenant";
import { Operations } from "./operations";
import { TenantActions } from "./tenant-actions";
import { tenantTones } from "./tenant-state";

export function TenantPage() {
  const { slug } = useParams({ from: "/dashboard/tenants/$slug" });
  const { dialog } = useSearch({ from: "/dashboard/tenants/$slug" });
  const navigate = useNavigate({ from: "/tenants/$slug" });
  const query = useQuery({ ...tenantQuery(slug), refetchInterval: useRefetchInterval() });
  const tenant = query.data;
  return (
    <Page
      title={tenant === undefined || tenant.name === "" ? slug : tenant.name}
      back={
        <ButtonLink
          to="/tenants"
          variant="subtle"
          color="gray"
          size="compact-sm"
          ml={-8}
          leftSection={<IconArrowLeft size={14} aria-hidden />}
        >
          Tenants
        </ButtonLink>
      }
      beside={
        tenant !== undefined && <Status tone={tenantTones[tenant.state]} label={humanize(tenant.state)} />
      }
      actions={tenant !== undefined && <TenantActions tenant={tenant} />}
    >
      <QueryState
        query={query}
        what="this tenant"
        loading={
          <Panel title="Tenant">
            <TableSkeleton rows={4} />
          </Panel>
        }
        frame={(failure) => <Panel title="Tenant">{failure}</Panel>}
      >
        {(data) => (
          <>
            <Panel title="Tenant">
              <Facts>
                <Fact name="Slug">{data.slug}</Fact>
                <Fact name="Tier">{humanize(data.tier)}</Fact>
                <Fact name="Provisioned">
                  <RelativeTime at={data.created_at} />
                </Fact>
                <Fact name="Id">
                  <Code>{data.id}</Code> <CopyButton value={data.id} what="tenant id" />
                </Fact>
              </Facts>
              {data.quota !== undefined && <JsonView value={data.quota} label="exceptions from the tier" />}
            </Panel>
            <Operations slug={slug} operations={list(data.operations)} />
          </>
        )}
      </QueryState>
      {dialog === "offboard" && (
        <OffboardTenant slug={slug} onClose={() => void navigate({ search: {}, replace: true })} />
      )}
    </Page>
  );
}
