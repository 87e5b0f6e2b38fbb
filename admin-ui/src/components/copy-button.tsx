import { ActionIcon, Tooltip } from "@mantine/core";
import { useClipboard } from "@mantine/hooks";
import { IconCheck, IconCopy, IconCopyOff } from "@tabler/icons-react";

interface Props {
  value: string;
  /** What is copied, for the button's name: "Copy request id". */
  what: string;
}

export function CopyButton({ value, what }: Props) {
  const { copied, error, copy } = useClipboard();
  // Browsers give pages no clipboard over plain HTTP, other than on localhost.
  const label = error ? "Copying needs HTTPS: select the text instead" : copied ? "Copied" : `Copy ${what}`;
  const Icon = error ? IconCopyOff : copied ? IconCheck : IconCopy;
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" size="sm" aria-label={label} onClick={() => copy(value)}>
        <Icon size={14} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}
