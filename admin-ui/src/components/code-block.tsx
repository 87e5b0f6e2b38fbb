import { CopyButton } from "./copy-button";
import classes from "./code-block.module.css";

interface Props {
  code: string;
  label: string;
  /** Bounds the height; what is longer scrolls. */
  scroll?: boolean;
}

/** A command to run, or data, with a button that copies it. */
export function CodeBlock({ code, label, scroll = false }: Props) {
  return (
    <div className={classes["root"]}>
      {/* What scrolls must be reachable by keyboard. */}
      <pre
        className={classes["code"]}
        data-scroll={scroll || undefined}
        {...(scroll ? { tabIndex: 0, role: "region", "aria-label": label } : {})}
      >
        <code>{code}</code>
      </pre>
      <div className={classes["copy"]}>
        <CopyButton value={code} what={label} />
      </div>
    </div>
  );
}
