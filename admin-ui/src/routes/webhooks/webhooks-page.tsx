import { Button } from "@mantine/core";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconPlus, IconWebhook } from "@tabler/icons-react";
import { useState } from "react";
import { webhooksQuery } from "../../api/webhooks";
import { ButtonLink } from "../../components/button-link";
import { SecretDialog } from "../../components/dialog/secret-dialog";
import { Message } from "../../components/message";
import { Page } from "../../components/page";
import { Panel } from "../../components/panel";
import { CursorTable } from "../../components/table/cursor-table";
import { useListInterval } from "../../refresh/list-interval";
import { webhookColumns } from "./webhook-columns";
import { WebhookForm } from "./webhook-form";

export function WebhooksPage() {
  const { dialog } = useSearch({ from: "/dashboard/webhooks" });
  const navigate = useNavigate({ from: "/webhooks" });
  const query = useInfiniteQuery({ ...webhooksQuery, refetchInterval: useListInterval() });
  const create = () => void navigate({ search: { dialog: "create" } });
  return (
    <Page
      title="Webhooks"
      about="Events are sent by signed POST requests, at least once, and retried until they are taken."
      actions={
        <>
          <ButtonLink variant="default" to="/webhooks/events">
            Event catalogue
          </ButtonLink>
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={create}>
            Create webhook
          </Button>
        </>
      }
    >
      <Panel title="Endpoints, with their last 24 hours" flush>
        <CursorTable
          query={query}
          what="the webhooks"
          label="Webhooks"
          columns={webhookColumns}
          rowId={({ id }) => id}
          empty={
            <Message
              icon={<IconWebhook size={28} stroke={1.5} />}
              title="No webhooks yet"
              actions={
                <Button size="xs" onClick={create}>
                  Create webhook
                </Button>
              }
            >
              A webhook tells your systems when documents become searchable, jobs end or keys change.
            </Message>
          }
        />
      </Panel>
      <CreateWebhook
        opened={dialog === "create"}
        onClose={() => void navigate({ search: {}, replace: true })}
      />
    </Page>
  );
}

function CreateWebhook({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const [created, setCreated] = useState<{ id: string; secret: string } | null>(null);
  return (
    <>
      {opened && (
        <WebhookForm
          onClose={onClose}
          onCreated={(webhook) => {
            setCreated(webhook);
            onClose();
            void queryClient.invalidateQueries({ queryKey: webhooksQuery.queryKey });
          }}
        />
      )}
      {created !== null && (
        <SecretDialog
          title="Webhook created"
          what="signing secret"
          secret={created.secret}
          onDone={() => {
            setCreated(null);
            void navigate({ to: "/webhooks/$id", params: { id: created.id } });
          }}
        />
      )}
    </>
  );
}
