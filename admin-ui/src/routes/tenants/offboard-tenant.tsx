import { Checkbox } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { offboardTenant } from "../../api/tenants";
import { ConfirmDialog } from "../../components/dialog/confirm-dialog";
import { useToast } from "../../components/toast";

/** Deletes a tenant for good, when its slug was typed. */
export function OffboardTenant({ slug, onClose }: { slug: string; onClose: () => void }) {
  const queryClient = useQueryClient();
  const toast = useToast();
  const [withExport, setWithExport] = useState(true);
  const offboard = useMutation({
    mutationFn: () => offboardTenant(slug, withExport),
    onSuccess: async () => {
      onClose();
      toast("The off-boarding has begun; it ends in a certificate.");
      await queryClient.invalidateQueries({ queryKey: ["tenant", slug] });
      await queryClient.invalidateQueries({ queryKey: ["tenants"] });
    },
  });
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={`Off-board “${slug}”?`}
      confirmLabel="Delete everything of it"
      typed={slug}
      danger
      pending={offboard.isPending}
      error={offboard.error}
      onConfirm={() => offboard.mutate()}
    >
      All documents, keys, webhooks, settings and analytics of this tenant are deleted for good. Its keys are
      refused at once.
      <Checkbox
        mt="md"
        label="Export it first; the files can be fetched for 24 hours"
        checked={withExport}
        onChange={(event) => setWithExport(event.currentTarget.checked)}
      />
    </ConfirmDialog>
  );
}
