import { Button, Checkbox, Select, TextInput } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconBuilding, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { createTenant, tenantsQuery, tenantStates, tiers, type TenantFilter } from "../../api/tenants";
import type { Tenant } from "../../api/types";
import { SecretDialog } from "../../components/dialog/secret-dialog";
import { fieldErrors } from "../../components/form/field-errors";
import { FormDialog } from "../../components/form/form-dialog";
import { Message } from "../../components/message";
import { Page } from "../../components/page";
import { Panel } from "../../components/panel";
import { CursorTable } from "../../components/table/cursor-table";
import { DebouncedInput } from "../../components/table/debounced-input";
import { FilterBar } from "../../components/table/filter-bar";
import { useToast } from "../../components/toast";
import { humanize } from "../../lib/format";
import { useListInterval } from "../../refresh/list-interval";
import { tenantColumns } from "./tenant-columns";

export function TenantsPage() {
  const { dialog, ...filter } = useSearch({ from: "/dashboard/tenants" });
  const navigate = useNavigate({ from: "/tenants" });
  const query = useInfiniteQuery({ ...tenantsQuery(filter), refetchInterval: useListInterval() });
  return (
    <Page
      title="Tenants"
      about="Each tenant has documents, keys, webhooks and settings of its own, which no other can see."
      actions={
        <Button
          leftSection={<IconPlus size={16} aria-hidden />}
          onClick={() => void navigate({ search: (old) => ({ ...old, dialog: "create" }) })}
        >
          Provision tenant
        </Button>
      }
    >
      <TenantFilters filter={filter} />
      <Panel title="By slug" flush>
        <CursorTable
          query={query}
          what="the tenants"
          label="Tenants"
          columns={tenantColumns}
          rowId={({ id }) => id}
          empty={<Message icon={<IconBuilding size={28} stroke={1.5} />} title="No tenants" />}
        />
      </Panel>
      <ProvisionTenant
        opened={dialog === "create"}
        onClose={() => void navigate({ search: (old) => ({ ...old, dialog: undefined }), replace: true })}
      />
    </Page>
  );
}

function TenantFilters({ filter }: { filter: TenantFilter }) {
  const navigate = useNavigate({ from: "/tenants" });
  const change = (part: TenantFilter) =>
    void navigate({ search: (old) => ({ ...old, ...part }), replace: true });
  return (
    <FilterBar
      active={Object.values(filter).some((value) => value !== undefined)}
      clear={() => void navigate({ search: {}, replace: true })}
    >
      <DebouncedInput
        aria-label="Slug or name"
        placeholder="Slug or name"
        value={filter.q ?? ""}
        onChange={(q) => change({ q: q === "" ? undefined : q })}
      />
      <Select
        aria-label="State"
        placeholder="Any state"
        clearable
        data={tenantStates.map((state) => ({ value: state, label: humanize(state) }))}
        value={filter.state ?? null}
        onChange={(next) => change({ state: tenantStates.find((state) => state === next) })}
      />
      <Select
        aria-label="Tier"
        placeholder="Any tier"
        clearable
        data={tiers.map((tier) => ({ value: tier, label: humanize(tier) }))}
        value={filter.tier ?? null}
        onChange={(next) => change({ tier: tiers.find((tier) => tier === next) })}
      />
    </FilterBar>
  );
}

function ProvisionTenant({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const queryClient = useQueryClient();
  const toast = useToast();
  // Shown once and never in an address, a cache or a storage.
  const [secret, setSecret] = useState<string | null>(null);
  return (
    <>
      {opened && (
        <TenantForm
          onClose={onClose}
          onCreated={(slug, key) => {
            setSecret(key ?? null);
            onClose();
            toast(`Tenant “${slug}” is provisioned.`);
            void queryClient.invalidateQueries({ queryKey: ["tenants"] });
          }}
        />
      )}
      {secret !== null && (
        <SecretDialog title="First admin key" what="API key" secret={secret} onDone={() => setSecret(null)} />
      )}
    </>
  );
}

interface FormProps {
  onClose: () => void;
  onCreated: (slug: string, key: string | undefined) => void;
}

function TenantForm({ onClose, onCreated }: FormProps) {
  const [draft, setDraft] = useState({
    slug: "",
    name: "",
    tier: "free" as Tenant["tier"],
    create_key: true,
  });
  const change = (part: Partial<typeof draft>) => setDraft((old) => ({ ...old, ...part }));
  const create = useMutation({
    mutationFn: async () => {
      const tenant = await createTenant({ ...draft, slug: draft.slug.trim(), name: draft.name.trim() });
      onCreated(tenant.slug, tenant.api_key?.key);
    },
    gcTime: 0,
  });
  const errors = fieldErrors(create.error);
  return (
    <FormDialog
      title="Provision a tenant"
      submitLabel="Provision tenant"
      onClose={onClose}
      pending={create.isPending}
      error={create.error}
      fields={["slug", "name", "tier"]}
      onSubmit={() => create.mutate()}
    >
      <TextInput
        label="Slug"
        description="Its name in addresses and commands: small letters, digits and hyphens"
        placeholder="acme"
        required
        data-autofocus
        autoComplete="off"
        value={draft.slug}
        error={errors["slug"]}
        onChange={(event) => change({ slug: event.currentTarget.value })}
      />
      <TextInput
        label="Name"
        placeholder="Acme Ltd"
        value={draft.name}
        error={errors["name"]}
        onChange={(event) => change({ name: event.currentTarget.value })}
      />
      <Select
        label="Tier"
        allowDeselect={false}
        data={tiers.map((tier) => ({ value: tier, label: humanize(tier) }))}
        value={draft.tier}
        error={errors["tier"]}
        onChange={(next) => change({ tier: tiers.find((tier) => tier === next) ?? "free" })}
      />
      <Checkbox
        label="Make a first key of admin scope, shown once"
        checked={draft.create_key}
        onChange={(event) => change({ create_key: event.currentTarget.checked })}
      />
    </FormDialog>
  );
}
