const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * Reads JSON without rounding: integers that a number cannot hold become bigint.
 * Throws a SyntaxError as JSON.parse does.
 */
export function parseExact(text: string): unknown {
  // A name that no document can have guessed stands for the integers that are set apart.
  const mark = `bigint-${crypto.getRandomValues(new Uint32Array(4)).join("-")}`;
  const marked = text.replace(tokens, (token) => {
    if (!/^-?\d{16,}$/.test(token) || Number.isSafeInteger(Number(token))) return token;
    return `{"${mark}":"${token}"}`;
  });
  if (marked === text) return JSON.parse(text);
  return JSON.parse(marked, (_key, value: unknown) => {
    if (typeof value !== "object" || value === null || !(mark in value)) return value;
    return BigInt((value as Record<string, string>)[mark] ?? "0");
  }) as unknown;
}

/** The value as indented JSON, with every digit of its integers. */
export function formatExact(value: unknown, indent = ""): string {
  if (typeof value === "bigint") return value.toString();
  if (value === undefined) return "null";
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    return `[\n${value.map((item) => inner + formatExact(item, inner)).join(",\n")}\n${indent}]`;
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return "{}";
  const lines = entries.map(([key, item]) => `${inner}${JSON.stringify(key)}: ${formatExact(item, inner)}`);
  return `{\n${lines.join(",\n")}\n${indent}}`;
}
