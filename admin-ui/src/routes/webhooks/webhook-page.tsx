import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { IconArrowLeft } from "@tabler/icons-react";
import { useState } from "react";
import type { Webhook } from "../../api/types";
import { webhookQuery, webhooksQuery } from "../../api/webhooks";
import { ButtonLink } from "../../components/button-link";
import { SecretDialog } from "../../components/dialog/secret-dialog";
import { Page } from "../../components/page";
import { Panel } from "../../components/panel";
import { QueryState } from "../../components/query-state";
import { Status } from "../../components/status";
import { TableSkeleton } from "../../components/table/table-skeleton";
import { useRefetchInterval } from "../../refresh/refresh";
import { DeleteWebhook } from "./delete-webhook";
import { Deliveries } from "./deliveries";
import { DeliveryDrawer } from "./delivery-drawer";
import { Recoveries } from "./recoveries";
import { RecoverWebhook } from "./recover-webhook";
import { RotateSecret } from "./rotate-secret";
import { WebhookActions } from "./webhook-actions";
import { WebhookFacts } from "./webhook-facts";
import { WebhookForm } from "./webhook-form";
import { webhookState } from "./webhook-state";
import { WebhookFigures } from "./webhook-figures";
import classes from "./webhooks.module.css";

export function WebhookPage() {
  const { id } = useParams({ from: "/dashboard/webhooks/$id" });
  const query = useQuery({ ...webhookQuery(id), refetchInterval: useRefetchInterval() });
  const webhook = query.data;
  return (
    <Page
      title={webhook?.url ?? "Webhook"}
      back={
        <ButtonLink
          to="/webhooks"
          variant="subtle"
          color="gray"
          size="compact-sm"
          ml={-8}
          leftSection={<IconArrowLeft size={14} aria-hidden />}
        >
          Webhooks
        </ButtonLink>
      }
      beside={webhook !== undefined && <Status {...webhookState(webhook)} />}
      about={webhook?.description}
      actions={webhook !== undefined && <WebhookActions webhook={webhook} />}
    >
      <QueryState
        query={query}
        what="this webhook"
        loading={
          <Panel title="Deliveries">
            <TableSkeleton />
          </Panel>
        }
        frame={(failure) => <Panel title="Webhook">{failure}</Panel>}
      >
        {(data) => (
          <>
            <WebhookFigures id={id} />
            <Deliveries id={id} />
            <div className={classes["columns"]}>
              <WebhookFacts webhook={data} />
              <Recoveries id={id} />
            </div>
          </>
        )}
      </QueryState>
      {webhook !== undefined && <WebhookDialogs webhook={webhook} />}
    </Page>
  );
}

/** What the address says is open, and the secret that an answer brought. */
function WebhookDialogs({ webhook }: { webhook: Webhook }) {
  const { dialog, delivery } = useSearch({ from: "/dashboard/webhooks/$id" });
  const navigate = useNavigate({ from: "/webhooks/$id" });
  const queryClient = useQueryClient();
  // A secret is shown once and never in an address, a cache or a storage.
  const [secret, setSecret] = useState<string | null>(null);
  const close = () => void navigate({ search: ({ state }) => ({ state }), replace: true });
  const changed = () => {
    close();
    void queryClient.invalidateQueries({ queryKey: ["webhook", webhook.id] });
    void queryClient.invalidateQueries({ queryKey: webhooksQuery.queryKey });
  };
  return (
    <>
      <DeliveryDrawer id={delivery} onClose={close} />
      {dialog === "edit" && <WebhookForm webhook={webhook} onClose={close} onChanged={changed} />}
      {dialog === "rotate" && (
        <RotateSecret
          id={webhook.id}
          onClose={close}
          onRotated={(next) => {
            setSecret(next);
            changed();
          }}
        />
      )}
      {dialog === "recover" && <RecoverWebhook id={webhook.id} onClose={close} onStarted={changed} />}
      {dialog === "delete" && <DeleteWebhook webhook={webhook} onClose={close} />}
      {secret !== null && (
        <SecretDialog
          title="New signing secret"
          what="signing secret"
          secret={secret}
          onDone={() => setSecret(null)}
        />
      )}
    </>
  );
}
