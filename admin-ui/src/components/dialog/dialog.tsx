import { Modal, type ModalProps } from "@mantine/core";
import type { ReactNode } from "react";
import { usePauseRefresh } from "../../refresh/refresh";

interface Props {
  opened: boolean;
  onClose: () => void;
  title: string;
  size?: ModalProps["size"];
  /** A dialog that must be answered has no other way out. */
  mustAnswer?: boolean;
  children: ReactNode;
}

/** A dialog above the page. Nothing is refreshed beneath it. */
export function Dialog({ opened, onClose, title, size = "md", mustAnswer = false, children }: Props) {
  usePauseRefresh(opened);
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={title}
      size={size}
      closeOnClickOutside={false}
      closeOnEscape={!mustAnswer}
      withCloseButton={!mustAnswer}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {children}
    </Modal>
  );
}
