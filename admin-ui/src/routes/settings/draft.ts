import type { SearchSettings } from "../../api/types";
import { defined } from "../../lib/defined";

/** Empty for what fits the embedding model. */
export type Fusion = NonNullable<SearchSettings["hybrid"]["fusion"]>;

/** The settings as they are being typed. */
export interface Draft {
  synonyms: string;
  stopWords: string;
  language: string;
  fusion: Fusion;
  keywordWeight: number | string;
  vectorWeight: number | string;
  k1: number | string;
  b: number | string;
  titleBoost: number | string;
}

export function draftOf(settings: SearchSettings, synonyms: string): Draft {
  const { hybrid, ranking } = settings;
  return {
    synonyms,
    stopWords: settings.stop_words.join(", "),
    language: settings.default_language,
    fusion: hybrid.fusion ?? "",
    keywordWeight: hybrid.keyword_weight ?? "",
    vectorWeight: hybrid.vector_weight ?? "",
    k1: ranking.k1 ?? "",
    b: ranking.b ?? "",
    titleBoost: ranking.title_boost ?? "",
  };
}

/** The numbers that were typed; what is empty is left to the default. */
export function weightsOf(draft: Draft) {
  return {
    hybrid: {
      fusion: draft.fusion,
      ...defined({
        keyword_weight: numberOf(draft.keywordWeight),
        vector_weight: numberOf(draft.vectorWeight),
      }),
    },
    ranking: defined({
      k1: numberOf(draft.k1),
      b: numberOf(draft.b),
      title_boost: numberOf(draft.titleBoost),
    }),
  };
}

function numberOf(typed: number | string): number | undefined {
  return typed === "" ? undefined : Number(typed);
}
