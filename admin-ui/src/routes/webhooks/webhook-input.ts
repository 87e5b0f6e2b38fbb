import { ApiError } from "../../api/problem";

type Filter = Record<string, (string | number | boolean)[]>;

/** The events to choose from: everything, each group, each type. */
export function eventChoices(types: readonly string[]): string[] {
  const groups = new Set(types.map((type) => `${type.split(".")[0] ?? ""}.*`));
  return ["*", ...groups, ...types];
}

/** Reads the filter as typed: null for none. The server judges the rest. */
export function readFilter(text: string): Filter | null {
  if (text.trim() === "") return null;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Filter;
  } catch {
    // Told below, as the same mistake.
  }
  throw new ApiError({
    status: 422,
    title: "The filter is not valid.",
    fields: [{ field: "filter", message: 'must be a JSON object such as {"state": ["failed"]}' }],
  });
}
