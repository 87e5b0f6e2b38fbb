import { Button } from "@mantine/core";
import { IconFilterOff } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./filter-bar.module.css";

interface Props {
  /** Whether anything is filtered, so that there is something to clear. */
  active: boolean;
  clear: () => void;
  aside?: ReactNode;
  children: ReactNode;
}

/** The filters above a list. They live in the address, so that a view can be sent to somebody. */
export function FilterBar({ active, clear, aside, children }: Props) {
  return (
    <div className={classes["bar"]} role="search" aria-label="Filters">
      {children}
      {active && (
        <Button
          variant="subtle"
          color="gray"
          size="sm"
          leftSection={<IconFilterOff size={14} aria-hidden />}
          onClick={clear}
        >
          Clear
        </Button>
      )}
      {aside !== undefined && <div className={classes["aside"]}>{aside}</div>}
    </div>
  );
}
