import type { ReactNode } from "react";
import classes from "./message.module.css";

interface Props {
  icon: ReactNode;
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
}

/** What a panel shows instead of its content: nothing there, forbidden, failed. */
export function Message({ icon, title, children, actions }: Props) {
  return (
    <div className={classes["root"]}>
      <div className={classes["icon"]} aria-hidden>
        {icon}
      </div>
      <p className={classes["title"]}>{title}</p>
      {children !== undefined && <div className={classes["text"]}>{children}</div>}
      {actions !== undefined && <div className={classes["actions"]}>{actions}</div>}
    </div>
  );
}
