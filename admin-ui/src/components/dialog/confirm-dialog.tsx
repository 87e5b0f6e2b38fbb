import { Button, Code, Group, Stack, Text, TextInput } from "@mantine/core";
import { useState, type ReactNode, type SyntheticEvent } from "react";
import { FormError } from "../form/form-error";
import { Dialog } from "./dialog";

interface Props {
  opened: boolean;
  onClose: () => void;
  title: string;
  /** Says what will happen, with the count: "Retry 12 jobs". */
  confirmLabel: string;
  /** What must be typed first, for what cannot be undone. */
  typed?: string;
  danger?: boolean;
  pending: boolean;
  error: unknown;
  onConfirm: () => void;
  children: ReactNode;
}

/** Asks before something that reaches far. */
export function ConfirmDialog({ opened, onClose, title, ...content }: Props) {
  return (
    <Dialog opened={opened} onClose={onClose} title={title}>
      <Confirmation onClose={onClose} {...content} />
    </Dialog>
  );
}

function Confirmation({
  onClose,
  confirmLabel,
  typed,
  danger = false,
  pending,
  error,
  onConfirm,
  children,
}: Omit<Props, "opened" | "title">) {
  const [text, setText] = useState("");
  const ready = typed === undefined || text === typed;
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (ready && !pending) onConfirm();
  };
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <Text component="div" size="sm">
          {children}
        </Text>
        {typed !== undefined && (
          <TextInput
            label={
              <>
                Type <Code>{typed}</Code> to confirm
              </>
            }
            value={text}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        )}
        <FormError error={error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Keep as it is
          </Button>
          <Button type="submit" disabled={!ready} loading={pending} {...(danger ? { color: "red" } : {})}>
            {confirmLabel}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
