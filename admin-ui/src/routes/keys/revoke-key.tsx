import { useMutation } from "@tanstack/react-query";
import { revokeKey } from "../../api/keys";
import type { APIKey } from "../../api/types";
import { ConfirmDialog } from "../../components/dialog/confirm-dialog";
import { RelativeTime } from "../../components/relative-time";
import { useToast } from "../../components/toast";

interface Props {
  apiKey: APIKey;
  onClose: () => void;
  onRevoked: () => void;
}

export function RevokeKey({ apiKey, onClose, onRevoked }: Props) {
  const toast = useToast();
  const revoke = useMutation({
    mutationFn: () => revokeKey(apiKey.id),
    onSuccess: () => {
      toast(`“${apiKey.name}” is revoked.`);
      onRevoked();
    },
  });
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={`Revoke “${apiKey.name}”?`}
      confirmLabel="Revoke key"
      typed={apiKey.name}
      danger
      pending={revoke.isPending}
      error={revoke.error}
      onConfirm={() => revoke.mutate()}
    >
      Programs that use it are refused within 5 seconds, and it cannot be brought back. It was last used{" "}
      {apiKey.last_used_at === null ? "never" : <RelativeTime at={apiKey.last_used_at} />}.
    </ConfirmDialog>
  );
}
