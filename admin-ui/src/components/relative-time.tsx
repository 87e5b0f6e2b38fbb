import { Tooltip } from "@mantine/core";
import { useNow } from "../lib/clock";
import { formatRelative, formatUtc, unknown } from "../lib/format";

/** "3m ago", with the exact time in UTC when hovered, focused or touched. */
export function RelativeTime({ at }: { at: string | null | undefined }) {
  const now = useNow();
  const date = new Date(at ?? "");
  if (Number.isNaN(date.getTime())) return <>{unknown}</>;
  return (
    <Tooltip label={formatUtc(date)}>
      <time dateTime={date.toISOString()}>{formatRelative(date, now)}</time>
    </Tooltip>
  );
}
