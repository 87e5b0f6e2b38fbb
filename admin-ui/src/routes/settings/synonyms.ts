import type { SearchSettings } from "../../api/types";
import { list } from "../../lib/list";
import { splitList } from "../../lib/params";

type Synonym = SearchSettings["synonyms"][number];

/** Synonyms as people write them: "car, automobile" for equals, "nyc => new york" for one way. */
export function writeSynonyms(synonyms: readonly Synonym[]): string {
  return synonyms
    .map(({ words, from, to }) =>
      from === undefined || from === "" ? list(words).join(", ") : `${from} => ${list(to).join(", ")}`,
    )
    .join("\n");
}

export function readSynonyms(text: string): Synonym[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line) => {
      const arrow = line.indexOf("=>");
      if (arrow === -1) return { words: splitList(line) };
      return { from: line.slice(0, arrow).trim(), to: splitList(line.slice(arrow + 2)) };
    });
}
