import { CopyButton } from "./copy-button";
import classes from "./code-block.module.css";

/** A command to run, with a button that copies it. */
export function CodeBlock({ code, label }: { code: string; label: string }) {
  return (
    <div className={classes["root"]}>
      <pre className={classes["code"]}>
        <code>{code}</code>
      </pre>
      <div className={classes["copy"]}>
        <CopyButton value={code} what={label} />
      </div>
    </div>
  );
}
