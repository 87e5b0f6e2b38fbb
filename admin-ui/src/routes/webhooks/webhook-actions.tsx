import { ActionIcon, Button, Menu, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { IconDots, IconPlayerPause, IconPlayerPlay, IconSend } from "@tabler/icons-react";
import type { Webhook } from "../../api/types";
import { changeWebhook, testWebhook, webhookQuery } from "../../api/webhooks";
import { useToast } from "../../components/toast";
import type { WebhookSearch } from "./route";

export function WebhookActions({ webhook }: { webhook: Webhook }) {
  const navigate = useNavigate({ from: "/webhooks/$id" });
  const open = (dialog: WebhookSearch["dialog"]) =>
    void navigate({ search: (old) => ({ ...old, dialog, delivery: undefined }) });
  return (
    <>
      <TestButton id={webhook.id} />
      <PauseButton webhook={webhook} />
      <Menu position="bottom-end" width={200}>
        <Menu.Target>
          <ActionIcon variant="default" size={36} aria-label="More actions">
            <IconDots size={16} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => open("edit")}>Edit</Menu.Item>
          <Menu.Item onClick={() => open("rotate")}>Rotate secret</Menu.Item>
          <Menu.Item onClick={() => open("recover")}>Send again since …</Menu.Item>
          <Menu.Divider />
          <Menu.Item c="var(--mantine-color-error)" onClick={() => open("delete")}>
            Delete
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}

function TestButton({ id }: { id: string }) {
  const navigate = useNavigate({ from: "/webhooks/$id" });
  const queryClient = useQueryClient();
  const test = useMutation({
    mutationFn: () => testWebhook(id),
    onSuccess: async (delivery) => {
      await queryClient.invalidateQueries({ queryKey: ["webhook", id] });
      await navigate({ search: (old) => ({ ...old, delivery: delivery.id }) });
    },
  });
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconSend size={16} aria-hidden />}
        loading={test.isPending}
        onClick={() => test.mutate()}
      >
        Send test
      </Button>
      <Refusal error={test.error} />
    </>
  );
}

function PauseButton({ webhook }: { webhook: Webhook }) {
  const queryClient = useQueryClient();
  const toast = useToast();
  const active = webhook.state === "active";
  const change = useMutation({
    mutationFn: () => changeWebhook(webhook.id, { state: active ? "paused" : "active" }),
    onSuccess: (changed) => {
      queryClient.setQueryData(webhookQuery(webhook.id).queryKey, changed);
      toast(changed.state === "paused" ? "Paused: events wait." : "Active: waiting events are sent.");
    },
  });
  return (
    <>
      <Button
        variant="default"
        leftSection={
          active ? <IconPlayerPause size={16} aria-hidden /> : <IconPlayerPlay size={16} aria-hidden />
        }
        loading={change.isPending}
        onClick={() => change.mutate()}
      >
        {active ? "Pause" : "Activate"}
      </Button>
      <Refusal error={change.error} />
    </>
  );
}

function Refusal({ error }: { error: Error | null }) {
  if (error === null) return null;
  return (
    <Text size="sm" c="var(--mantine-color-error)" role="alert" style={{ order: 1, flexBasis: "100%" }}>
      {error.message}
    </Text>
  );
}
