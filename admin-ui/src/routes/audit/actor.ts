import type { AuditEntry } from "../../api/types";
import { humanize } from "../../lib/format";

/** Who did it, in words. */
export function actorName(actor: AuditEntry["actor"]): string {
  if (actor.key_name !== undefined && actor.key_name !== "") {
    return actor.kind === "session" ? `${actor.key_name}, in the dashboard` : actor.key_name;
  }
  return humanize(actor.kind);
}
