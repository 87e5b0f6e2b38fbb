export interface Piece {
  text: string;
  match: boolean;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * Cuts a text at its matches, which are [start, end) in bytes of UTF-8. What does not fit the
 * text is left out: the text is shown in full whatever the matches say.
 */
export function pieces(text: string, matches: readonly (readonly number[] | null)[]): Piece[] {
  const bytes = encoder.encode(text);
  const found: Piece[] = [];
  let at = 0;
  const push = (end: number, match: boolean) => {
    if (end > at) found.push({ text: decoder.decode(bytes.subarray(at, end)), match });
    at = Math.max(at, end);
  };
  for (const range of matches) {
    const [start = -1, end = -1] = range ?? [];
    if (start < at || end <= start || end > bytes.length) continue;
    push(start, false);
    push(end, true);
  }
  push(bytes.length, false);
  return found;
}
