import { formatExact } from "../lib/exact-json";
import { CodeBlock } from "./code-block";

/** Data as it was sent, with every digit of its numbers. */
export function JsonView({ value, label }: { value: unknown; label: string }) {
  return <CodeBlock code={formatExact(value)} label={label} scroll />;
}
