import { queryOptions } from "@tanstack/react-query";
import { api, callExact } from "./client";
import type { components } from "./schema";
import type { SearchAnswer, SearchRequest } from "./types";

export const searchTypes = ["hybrid", "keyword", "semantic"] as const;

/** An answer with what its headers say about it. */
export interface SearchOutcome {
  answer: SearchAnswer;
  /** HIT, MISS, STALE or BYPASS; empty when unknown. */
  cache: string;
  /** Milliseconds by step, in the order of the header. */
  timing: readonly { step: string; ms: number }[];
}

/** Asks once for each run: a playground must show what a search costs, not what the page remembers. */
export function searchQuery(request: SearchRequest, fresh: boolean, run: number) {
  return queryOptions({
    queryKey: ["search", request, fresh, run],
    queryFn: async ({ signal }): Promise<SearchOutcome> => {
      let headers = new Headers();
      const answer = await callExact<SearchAnswer>(
        api
          .POST("/api/search", {
            body: request as components["schemas"]["SearchRequest"],
            signal,
            parseAs: "text",
            ...(fresh ? { headers: { "Cache-Control": "no-cache" } } : {}),
          })
          .then((result) => {
            headers = result.response.headers;
            return result;
          }),
      );
      return {
        answer,
        cache: headers.get("X-Cache") ?? "",
        timing: parseServerTiming(headers.get("Server-Timing") ?? ""),
      };
    },
    staleTime: Infinity,
    retry: false,
  });
}

export function parseServerTiming(header: string): { step: string; ms: number }[] {
  return header
    .split(",")
    .map((part) => /^\s*([\w-]+);dur=([\d.]+)/.exec(part))
    .filter((match) => match !== null)
    .map((match) => ({ step: match[1] ?? "", ms: Number(match[2]) }));
}
