import { expect, it } from "vitest";
import { readSynonyms, writeSynonyms } from "./synonyms";

it("reads what people write, and writes it back", () => {
  const text = "car, automobile\nnyc => new york, big apple";
  expect(readSynonyms(`\n ${text} \n\n`)).toEqual([
    { words: ["car", "automobile"] },
    { from: "nyc", to: ["new york", "big apple"] },
  ]);
  expect(writeSynonyms(readSynonyms(text))).toBe(text);
});
