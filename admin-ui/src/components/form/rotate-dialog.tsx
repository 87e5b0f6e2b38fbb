import { Select, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { overlapChoices } from "../../lib/overlap";
import { fieldErrors } from "./field-errors";
import { FormDialog } from "./form-dialog";

interface Props {
  title: string;
  submitLabel: string;
  about: string;
  /** What the old one does for the hours that are chosen. */
  overlapLabel: string;
  onClose: () => void;
  rotate: (overlapHours: number) => Promise<void>;
}

/** Replaces something secret; the old one works until the overlap is over. */
export function RotateDialog({ title, submitLabel, about, overlapLabel, onClose, rotate }: Props) {
  const [hours, setHours] = useState("24");
  const rotation = useMutation({ mutationFn: () => rotate(Number(hours)), gcTime: 0 });
  return (
    <FormDialog
      title={title}
      submitLabel={submitLabel}
      onClose={onClose}
      pending={rotation.isPending}
      error={rotation.error}
      fields={["overlap_hours"]}
      onSubmit={() => rotation.mutate()}
    >
      <Text size="sm">{about}</Text>
      <Select
        label={overlapLabel}
        allowDeselect={false}
        data={overlapChoices}
        value={hours}
        error={fieldErrors(rotation.error)["overlap_hours"]}
        onChange={(choice) => setHours(choice ?? "24")}
      />
    </FormDialog>
  );
}
