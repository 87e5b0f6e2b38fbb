import { Button } from "@mantine/core";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconKey, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { keysQuery } from "../../api/keys";
import type { APIKey, CreatedAPIKey } from "../../api/types";
import { SecretDialog } from "../../components/dialog/secret-dialog";
import { Message } from "../../components/message";
import { Page } from "../../components/page";
import { Panel } from "../../components/panel";
import { CursorTable } from "../../components/table/cursor-table";
import { useListInterval } from "../../refresh/list-interval";
import { KeyDrawer } from "./key-drawer";
import { keyColumns } from "./key-columns";
import { KeyForm } from "./key-form";
import { RevokeKey } from "./revoke-key";
import { RotateKey } from "./rotate-key";

export function KeysPage() {
  const search = useSearch({ from: "/dashboard/keys" });
  const navigate = useNavigate({ from: "/keys" });
  const query = useInfiniteQuery({ ...keysQuery, refetchInterval: useListInterval() });
  const key = query.data?.pages.flatMap((page) => page.items).find(({ id }) => id === search.key);
  const create = () => void navigate({ search: { dialog: "create" } });
  return (
    <Page
      title="API keys"
      about="Each key belongs to this tenant and is shown once, when it is made."
      actions={
        <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={create}>
          Create key
        </Button>
      }
    >
      <Panel title="Newest first" flush>
        <CursorTable
          query={query}
          what="the API keys"
          label="API keys"
          columns={keyColumns}
          rowId={({ id }) => id}
          current={search.key}
          empty={
            <Message
              icon={<IconKey size={28} stroke={1.5} />}
              title="No API keys yet"
              actions={
                <Button size="xs" onClick={create}>
                  Create key
                </Button>
              }
            >
              Programs need one to search and to add documents.
            </Message>
          }
        />
      </Panel>
      <KeyDialogs selected={key} />
    </Page>
  );
}

/** What the address says is open, and the secret that an answer brought. */
function KeyDialogs({ selected }: { selected: APIKey | undefined }) {
  const { dialog } = useSearch({ from: "/dashboard/keys" });
  const navigate = useNavigate({ from: "/keys" });
  const queryClient = useQueryClient();
  // A secret is shown once and never in an address, a cache or a storage.
  const [created, setCreated] = useState<CreatedAPIKey | null>(null);
  const close = () => void navigate({ search: {}, replace: true });
  const back = () => void navigate({ search: ({ key }) => ({ key }), replace: true });
  const changed = () => void queryClient.invalidateQueries({ queryKey: keysQuery.queryKey });
  const reveal = (answer: CreatedAPIKey) => {
    setCreated(answer);
    changed();
    close();
  };
  return (
    <>
      {dialog === "create" && <KeyForm onClose={close} onCreated={reveal} />}
      {selected !== undefined && (
        <>
          <KeyDrawer apiKey={selected} opened={dialog === undefined} onClose={close} />
          {dialog === "edit" && (
            <KeyForm
              apiKey={selected}
              onClose={back}
              onChanged={() => {
                changed();
                back();
              }}
            />
          )}
          {dialog === "rotate" && <RotateKey apiKey={selected} onClose={back} onRotated={reveal} />}
          {dialog === "revoke" && (
            <RevokeKey
              apiKey={selected}
              onClose={back}
              onRevoked={() => {
                changed();
                close();
              }}
            />
          )}
        </>
      )}
      {created !== null && (
        <SecretDialog
          title={`Key “${created.name}”`}
          what="API key"
          secret={created.key}
          onDone={() => setCreated(null)}
        />
      )}
    </>
  );
}
