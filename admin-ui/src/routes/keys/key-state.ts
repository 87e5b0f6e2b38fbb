import type { APIKey } from "../../api/types";
import type { Tone } from "../../components/status";

const week = 7 * 86_400_000;

/** A key that expires within a week deserves a look. */
export function keyTone(key: Pick<APIKey, "state" | "expires_at">, now = Date.now()): Tone {
  if (key.state === "revoked") return "idle";
  if (key.state === "expired") return "bad";
  return key.expires_at !== null && Date.parse(key.expires_at) - now < week ? "warning" : "good";
}
