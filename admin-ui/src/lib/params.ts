/** What the router read from the address: a person may have typed it, so nothing is trusted. */
export type RawParams = Record<string, unknown>;

/** Text of at most 500 characters. The router reads 42 as a number, so it is turned back. */
export function textParam(raw: RawParams, key: string): string | undefined {
  const value = raw[key];
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "string" || value === "") return undefined;
  return value.slice(0, 500);
}

export function choiceParam<T extends string>(
  raw: RawParams,
  key: string,
  choices: readonly T[],
): T | undefined {
  return choices.find((choice) => choice === raw[key]);
}

export function numberParam(raw: RawParams, key: string, min: number, max: number): number | undefined {
  const value = raw[key];
  return typeof value === "number" && value >= min && value <= max ? value : undefined;
}

export function flagParam(raw: RawParams, key: string): true | undefined {
  return raw[key] === true ? true : undefined;
}

/** A comma separated list as its parts, without empty ones and repetitions. */
export function splitList(text: string): string[] {
  return [
    ...new Set(
      text
        .split(/[,\n]/)
        .map((part) => part.trim())
        .filter(Boolean),
    ),
  ];
}
