import type { ReactNode } from "react";
import classes from "./figure.module.css";

export function Figures({ label, children }: { label: string; children: ReactNode }) {
  return (
    <section className={classes["figures"]} aria-label={label}>
      {children}
    </section>
  );
}

interface Props {
  label: string;
  value: ReactNode;
  /** What the figure is made of, or where it goes. */
  children?: ReactNode;
}

/** One number that is looked at first. */
export function Figure({ label, value, children }: Props) {
  return (
    <div className={classes["figure"]}>
      <div className={classes["label"]}>{label}</div>
      <div className={classes["value"]}>{value}</div>
      {children !== undefined && <div className={classes["note"]}>{children}</div>}
    </div>
  );
}
