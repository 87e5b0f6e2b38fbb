import type { ReactNode } from "react";
import classes from "./page.module.css";

interface Props {
  title: string;
  /** Stands above the title: the way back to the list. */
  back?: ReactNode;
  /** Stands beside the title: a state. */
  beside?: ReactNode;
  /** One sentence on what the page is for. */
  about?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

/** A tab's page: its title, what can be done on it, and its panels one below the other. */
export function Page({ title, back, beside, about, actions, children }: Props) {
  return (
    <div className={classes["page"]}>
      <title>{`${title} · RustAssistant`}</title>
      <header className={classes["header"]}>
        <div className={classes["titles"]}>
          {back}
          <div className={classes["line"]}>
            <h1 className={classes["title"]}>{title}</h1>
            {beside}
          </div>
          {about !== undefined && <p className={classes["about"]}>{about}</p>}
        </div>
        {actions !== undefined && <div className={classes["actions"]}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}
