import type { ReactNode } from "react";
import classes from "./facts.module.css";

/** Names with their values, one to a line. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className={classes["root"]}>{children}</dl>;
}

export function Fact({ name, children }: { name: ReactNode; children: ReactNode }) {
  return (
    <div className={classes["fact"]}>
      <dt className={classes["name"]}>{name}</dt>
      <dd className={classes["value"]}>{children}</dd>
    </div>
  );
}
