import { Select, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { rotateSecret } from "../../api/webhooks";
import { fieldErrors } from "../../components/form/field-errors";
import { FormDialog } from "../../components/form/form-dialog";
import { overlapChoices } from "../../lib/overlap";

interface Props {
  id: string;
  onClose: () => void;
  onRotated: (secret: string) => void;
}

/** Replaces a webhook's secret; for a while requests carry a signature of each. */
export function RotateSecret({ id, onClose, onRotated }: Props) {
  const [hours, setHours] = useState("24");
  const rotate = useMutation({
    mutationFn: async () => onRotated((await rotateSecret(id, Number(hours))).secret),
    gcTime: 0,
  });
  return (
    <FormDialog
      title="Rotate the signing secret"
      submitLabel="Rotate secret"
      onClose={onClose}
      pending={rotate.isPending}
      error={rotate.error}
      fields={["overlap_hours"]}
      onSubmit={() => rotate.mutate()}
    >
      <Text size="sm">The new secret is shown once.</Text>
      <Select
        label="Requests are signed with the old secret, too, for"
        allowDeselect={false}
        data={overlapChoices}
        value={hours}
        error={fieldErrors(rotate.error)["overlap_hours"]}
        onChange={(choice) => setHours(choice ?? "24")}
      />
    </FormDialog>
  );
}
