import { formatExact } from "../../lib/exact-json";

export interface FieldChange {
  field: string;
  /** As text; undefined where the field was not there. */
  before: string | undefined;
  after: string | undefined;
  changed: boolean;
}

/** The fields of what was before and after, those that changed first. */
export function difference(before: unknown, after: unknown): FieldChange[] {
  const old = fields(before);
  const now = fields(after);
  const names = new Set([...old.keys(), ...now.keys()]);
  const changes = [...names].map((field) => {
    const [was, is] = [old.get(field), now.get(field)];
    return { field, before: was, after: is, changed: was !== is };
  });
  return changes.sort((a, b) => Number(b.changed) - Number(a.changed));
}

function fields(value: unknown): Map<string, string> {
  if (value === undefined || value === null) return new Map();
  if (typeof value !== "object" || Array.isArray(value)) return new Map([["value", show(value)]]);
  return new Map(Object.entries(value).map(([name, field]) => [name, show(field)]));
}

function show(value: unknown): string {
  return typeof value === "string" ? value : formatExact(value);
}
