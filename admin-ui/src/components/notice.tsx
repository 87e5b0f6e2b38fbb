import { IconAlertTriangle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./notice.module.css";

/** Something to know about what is shown below, with what can be done about it. */
export function Notice({ action, children }: { action?: ReactNode; children: ReactNode }) {
  return (
    <div className={classes["root"]} role="status">
      <IconAlertTriangle size={18} stroke={1.8} aria-hidden className={classes["icon"]} />
      <div className={classes["text"]}>{children}</div>
      {action}
    </div>
  );
}
