import { ApiError } from "../../api/problem";

/**
 * The API's messages by field. A message about a part of a field ("events[2]",
 * "filter.kind") belongs to the field.
 */
export function fieldErrors(error: unknown): Readonly<Record<string, string | undefined>> {
  if (!(error instanceof ApiError)) return {};
  const errors: Record<string, string> = {};
  for (const { field, message } of error.fields) {
    const name = fieldName(field);
    errors[name] = errors[name] === undefined ? message : `${errors[name]} ${message}`;
  }
  return errors;
}

/** The fields that an error names, as it names them: those that `names` has an input for. */
export function shownFields(error: unknown, names: readonly string[]): string[] {
  if (!(error instanceof ApiError)) return [];
  return error.fields.map(({ field }) => field).filter((field) => names.includes(fieldName(field)));
}

function fieldName(field: string): string {
  return /^[^.[]+/.exec(field.replace(/^body\./, ""))?.[0] ?? field;
}
