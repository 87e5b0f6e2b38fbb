import classes from "./status.module.css";

/** What a state means for the person looking: the colour of its dot. */
export type Tone = "good" | "active" | "warning" | "bad" | "idle";

interface Props {
  tone: Tone;
  label: string;
}

/** A state in words with a dot: the words carry the meaning, the colour only repeats it. */
export function Status({ tone, label }: Props) {
  return (
    <span className={classes["root"]}>
      <StatusDot tone={tone} />
      {label}
    </span>
  );
}

export function StatusDot({ tone }: { tone: Tone }) {
  return <span className={classes["dot"]} data-tone={tone} aria-hidden />;
}
