import { useId, type ReactNode } from "react";
import classes from "./panel.module.css";

interface Props {
  title: string;
  /** Stands at the end of the title's line: a count, a link. */
  aside?: ReactNode;
  /** Lets the content reach the border, as lists do. */
  flush?: boolean;
  className?: string | undefined;
  children: ReactNode;
}

/** One titled block of a page, a landmark for screen readers. */
export function Panel({ title, aside, flush = false, className, children }: Props) {
  const titleId = useId();
  return (
    <section className={[classes["root"], className].filter(Boolean).join(" ")} aria-labelledby={titleId}>
      <header className={classes["header"]}>
        <h2 className={classes["title"]} id={titleId}>
          {title}
        </h2>
        {aside}
      </header>
      <div className={classes["content"]} data-flush={flush || undefined}>
        {children}
      </div>
    </section>
  );
}
