import { Code } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { Webhook } from "../../api/types";
import { deleteWebhook, webhooksQuery } from "../../api/webhooks";
import { ConfirmDialog } from "../../components/dialog/confirm-dialog";
import { useToast } from "../../components/toast";

export function DeleteWebhook({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const toast = useToast();
  const remove = useMutation({
    mutationFn: () => deleteWebhook(webhook.id),
    onSuccess: async () => {
      await navigate({ to: "/webhooks" });
      toast("The webhook is deleted.");
      await queryClient.invalidateQueries({ queryKey: webhooksQuery.queryKey });
    },
  });
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title="Delete this webhook?"
      confirmLabel="Delete webhook"
      typed="delete"
      danger
      pending={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
    >
      <Code>{webhook.url}</Code> gets no more events, and those that wait are canceled. What was delivered can
      be looked at for 30 days.
    </ConfirmDialog>
  );
}
