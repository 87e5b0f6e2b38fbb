import { ActionIcon, Anchor, Group, Kbd, Modal, Stack, Text, Tooltip } from "@mantine/core";
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { IconHelp } from "@tabler/icons-react";
import { usePauseRefresh } from "../../refresh/refresh";

const shortcuts = [
  { key: "?", does: "Show this help" },
  { key: "/", does: "Search" },
  { key: "J", does: "Next row" },
  { key: "K", does: "Previous row" },
  { key: "Enter", does: "Open the row" },
  { key: "X", does: "Select the row" },
  { key: "R", does: "Refresh what is shown" },
  { key: "T", does: "Switch the theme: system, light, dark" },
  { key: "Esc", does: "Close a dialog or menu" },
];

export function Help() {
  const [opened, { open, close, toggle }] = useDisclosure(false);
  // "?" needs Shift on some keyboards and not on others.
  useHotkeys([
    ["shift+?", toggle],
    ["?", toggle],
  ]);
  usePauseRefresh(opened);
  return (
    <>
      <Tooltip label="Help (?)">
        <ActionIcon variant="subtle" color="gray" size={32} aria-label="Help" onClick={open}>
          <IconHelp size={18} stroke={1.6} aria-hidden />
        </ActionIcon>
      </Tooltip>
      <Modal
        opened={opened}
        onClose={close}
        title="Keyboard shortcuts"
        closeButtonProps={{ "aria-label": "Close" }}
      >
        <Stack gap="xs">
          {shortcuts.map((shortcut) => (
            <Group key={shortcut.key} justify="space-between">
              <Text size="sm">{shortcut.does}</Text>
              <Kbd>{shortcut.key}</Kbd>
            </Group>
          ))}
          <Group gap="md" mt="md">
            <Anchor size="sm" href="/api/docs">
              API reference
            </Anchor>
            <Anchor size="sm" href="/admin/licenses.md">
              Licences of the software in this page
            </Anchor>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
