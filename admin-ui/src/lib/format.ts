const locale = "en";
const countFormat = new Intl.NumberFormat(locale);
const percentFormat = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
const relativeFormat = new Intl.RelativeTimeFormat(locale, { style: "narrow" });

/** What stands where a value is not known. */
export const unknown = "–";

export function formatCount(count: number): string {
  return countFormat.format(count);
}

/** "1 document", "1,204 documents". */
export function formatNoun(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`;
}

/** part of whole as a percentage; unknown for a part of nothing. Only all of it is "100%". */
export function formatShare(part: number, whole: number): string {
  if (whole <= 0) return unknown;
  const share = part / whole;
  return percentFormat.format(share < 1 ? Math.min(share, 0.999) : 1);
}

export function formatBytes(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB", "PB"];
  let size = bytes;
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${threeDigits(size)} ${units[unit] ?? ""}`;
}

export function formatMilliseconds(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return unknown;
  if (ms >= 1000) return `${threeDigits(ms / 1000)} s`;
  if (ms > 0 && ms < 0.01) return "<0.01 ms";
  return `${threeDigits(ms)} ms`;
}

/** "3.2/s", or by the minute where a second has less than one. */
export function formatRate(perSecond: number): string {
  if (perSecond === 0 || perSecond >= 1) return `${threeDigits(perSecond)}/s`;
  return `${threeDigits(perSecond * 60)}/min`;
}

function threeDigits(value: number): string {
  if (value >= 100) return countFormat.format(Math.round(value));
  return String(Number(value.toFixed(value >= 10 ? 1 : 2)));
}

/** The two largest units: "3 d 4 h", "12 min 5 s", "850 ms". */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.max(0, Math.round(milliseconds))} ms`;
  let rest = Math.floor(milliseconds / 1000);
  const parts: string[] = [];
  for (const [unit, seconds] of durationUnits) {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    if (count > 0) parts.push(`${count} ${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}

const durationUnits = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
] as const;

const relativeUnits = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

/** "12s ago", "in 3h". Clocks differ a little, so a near future of the server is now. */
export function formatRelative(at: Date, now: number): string {
  const seconds = Math.round((at.getTime() - now) / 1000);
  const [unit, size] = relativeUnits.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
  if (unit === "second" && Math.abs(seconds) < 5) return "just now";
  return relativeFormat.format(Math.trunc(seconds / size), unit);
}

/** "2026-11-22 22:24:13 UTC". */
export function formatUtc(at: Date): string {
  return `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** "index_documents" and "IndexDocuments" as "Index documents". */
export function humanize(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/[_-]+/g, " ")
    .trim()
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
