import { Button, Group, Stack } from "@mantine/core";
import type { ReactNode, SyntheticEvent } from "react";
import { useUnsaved } from "../../session/re-sign-in";
import { Dialog } from "../dialog/dialog";
import { shownFields } from "./field-errors";
import { FormError } from "./form-error";

interface Props {
  onClose: () => void;
  title: string;
  submitLabel: string;
  pending: boolean;
  error: unknown;
  /** The API's names of the fields that this form has. */
  fields: readonly string[];
  onSubmit: () => void;
  children: ReactNode;
}

/** A form in a dialog. What was typed survives refusals, failures and the end of a session. */
export function FormDialog({
  onClose,
  title,
  submitLabel,
  pending,
  error,
  fields,
  onSubmit,
  children,
}: Props) {
  useUnsaved();
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!pending) onSubmit();
  };
  return (
    <Dialog opened onClose={onClose} title={title} size="lg">
      <form onSubmit={submit} noValidate>
        <Stack gap="md">
          {children}
          <FormError error={error} fields={shownFields(error, fields)} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={pending}>
              {submitLabel}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
