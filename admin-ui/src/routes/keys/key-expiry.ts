import type { APIKey } from "../../api/types";
import { formatUtc } from "../../lib/format";

/** The choice that leaves a key's expiry as it is. */
export const keepExpiry = "keep";

const days = [7, 30, 90, 365] as const;

export function expiryChoices(key: APIKey | undefined): { value: string; label: string }[] {
  const kept =
    key?.expires_at == null ? [] : [{ value: keepExpiry, label: formatUtc(new Date(key.expires_at)) }];
  return [
    ...kept,
    ...days.map((count) => ({ value: String(count), label: `In ${count} days` })),
    { value: "never", label: "Never" },
  ];
}

/** When a key of this choice expires: null for never, undefined to leave it. */
export function expiryDate(choice: string, now: number): string | null | undefined {
  if (choice === keepExpiry) return undefined;
  if (choice === "never") return null;
  return new Date(now + Number(choice) * 86_400_000).toISOString();
}
