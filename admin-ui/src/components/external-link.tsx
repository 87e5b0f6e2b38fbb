import { Anchor, type AnchorProps } from "@mantine/core";
import { IconArrowUpRight } from "@tabler/icons-react";
import type { ReactNode } from "react";

interface Props extends AnchorProps {
  href: string;
  children: ReactNode;
  "aria-label"?: string;
}

/** A link out of the dashboard; it opens beside it. */
export function ExternalLink({ children, ...anchor }: Props) {
  return (
    <Anchor size="sm" target="_blank" rel="noreferrer" style={{ whiteSpace: "nowrap" }} {...anchor}>
      {children}
      <IconArrowUpRight size={14} aria-hidden style={{ verticalAlign: "-2px", marginInlineStart: 2 }} />
    </Anchor>
  );
}
