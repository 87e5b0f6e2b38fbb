import { Drawer } from "@mantine/core";
import type { ReactNode } from "react";
import { usePauseRefresh } from "../../refresh/refresh";

interface Props {
  opened: boolean;
  onClose: () => void;
  title: ReactNode;
  children: ReactNode;
}

/** One row of a list in full, beside the list. */
export function DetailDrawer({ opened, onClose, title, children }: Props) {
  usePauseRefresh(opened);
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      title={title}
      position="right"
      size="xl"
      padding="lg"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {children}
    </Drawer>
  );
}
