import { Button, Checkbox, Stack, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { CodeBlock } from "../code-block";
import { Dialog } from "./dialog";

interface Props {
  title: string;
  /** What it is: "API key". */
  what: string;
  secret: string;
  onDone: () => void;
  children?: ReactNode;
}

/** Shows a secret the only time it can be seen; it goes away when somebody says that it is kept. */
export function SecretDialog({ title, what, secret, onDone, children }: Props) {
  const [kept, setKept] = useState(false);
  return (
    <Dialog opened onClose={onDone} title={title} mustAnswer>
      <Stack gap="md">
        <Text size="sm">This is the only time that this {what} is shown. Copy it to where it is needed.</Text>
        <CodeBlock code={secret} label={what} />
        {children}
        <Checkbox
          label={`I have stored the ${what}`}
          checked={kept}
          onChange={(event) => setKept(event.currentTarget.checked)}
        />
        <Button disabled={!kept} onClick={onDone}>
          Done
        </Button>
      </Stack>
    </Dialog>
  );
}
