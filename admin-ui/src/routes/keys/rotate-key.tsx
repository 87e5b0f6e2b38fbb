import { Select, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { rotateKey } from "../../api/keys";
import type { APIKey, CreatedAPIKey } from "../../api/types";
import { fieldErrors } from "../../components/form/field-errors";
import { FormDialog } from "../../components/form/form-dialog";
import { overlapChoices } from "../../lib/overlap";

interface Props {
  apiKey: APIKey;
  onClose: () => void;
  onRotated: (key: CreatedAPIKey) => void;
}

/** Makes a key's successor; both work until the overlap is over. */
export function RotateKey({ apiKey, onClose, onRotated }: Props) {
  const [hours, setHours] = useState("24");
  const rotate = useMutation({
    mutationFn: async () => onRotated(await rotateKey(apiKey.id, Number(hours))),
    gcTime: 0,
  });
  return (
    <FormDialog
      title={`Rotate “${apiKey.name}”`}
      submitLabel="Rotate key"
      onClose={onClose}
      pending={rotate.isPending}
      error={rotate.error}
      fields={["overlap_hours"]}
      onSubmit={() => rotate.mutate()}
    >
      <Text size="sm">The new key has the same name, scopes and rules. It is shown once.</Text>
      <Select
        label="The old key works for"
        allowDeselect={false}
        data={overlapChoices}
        value={hours}
        error={fieldErrors(rotate.error)["overlap_hours"]}
        onChange={(choice) => setHours(choice ?? "24")}
      />
    </FormDialog>
  );
}
