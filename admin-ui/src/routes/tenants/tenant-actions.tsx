import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { tenantVerbs } from "../../api/tenants";
import type { Tenant } from "../../api/types";
import { ButtonLink } from "../../components/button-link";
import { ConfirmDialog } from "../../components/dialog/confirm-dialog";
import { FormError } from "../../components/form/form-error";
import { useToast } from "../../components/toast";

const done = {
  suspend: "Suspended: keys and sessions are refused.",
  resume: "It is taken up again.",
  export: "The export has begun.",
};

export function TenantActions({ tenant }: { tenant: Tenant }) {
  const queryClient = useQueryClient();
  const toast = useToast();
  const [asking, setAsking] = useState(false);
  const act = useMutation({
    mutationFn: (verb: keyof typeof done) => tenantVerbs[verb](tenant.slug),
    onSuccess: async (_answer, verb) => {
      setAsking(false);
      toast(done[verb]);
      await queryClient.invalidateQueries({ queryKey: ["tenant", tenant.slug] });
      await queryClient.invalidateQueries({ queryKey: ["tenants"] });
    },
  });
  const gone = tenant.state === "offboarding" || tenant.state === "provisioning";
  if (gone) return null;
  return (
    <>
      {tenant.state === "active" ? (
        <Button variant="default" onClick={() => setAsking(true)}>
          Suspend
        </Button>
      ) : (
        <Button variant="default" loading={act.isPending} onClick={() => act.mutate("resume")}>
          Resume
        </Button>
      )}
      <Button variant="default" loading={act.isPending} onClick={() => act.mutate("export")}>
        Export
      </Button>
      <ButtonLink
        variant="default"
        c="var(--mantine-color-error)"
        to="/tenants/$slug"
        params={{ slug: tenant.slug }}
        search={{ dialog: "offboard" }}
      >
        Off-board
      </ButtonLink>
      {!asking && <FormError error={act.error} />}
      <ConfirmDialog
        opened={asking}
        onClose={() => setAsking(false)}
        title={`Suspend “${tenant.slug}”?`}
        confirmLabel="Suspend tenant"
        danger
        pending={act.isPending}
        error={act.error}
        onConfirm={() => act.mutate("suspend")}
      >
        Its keys and sessions are refused everywhere within 5 seconds, its jobs pause and its webhooks wait.
        Nothing is lost: resuming takes all of it up again.
      </ConfirmDialog>
    </>
  );
}
