import { queryOptions, type QueryClient } from "@tanstack/react-query";
import { api, call } from "../../api/client";
import { parseExposition, type Reading } from "./exposition";

export interface Scrape {
  /** Milliseconds. */
  at: number;
  reading: Reading;
}

/** As many scrapes are kept as are worth looking at: half an hour at the fastest rhythm is more. */
const kept = 120;

const queryKey = ["metrics"];

/** The server's metrics now, and as they were since this page was opened. */
export function metricsQuery(queryClient: QueryClient) {
  return queryOptions({
    queryKey,
    queryFn: async ({ signal }): Promise<readonly Scrape[]> => {
      const text = await call(
        api.GET("/metrics", { signal, parseAs: "text", headers: { Accept: "text/plain" } }),
      );
      const scrape = { at: Date.now(), reading: parseExposition(text) };
      return extend(queryClient.getQueryData<readonly Scrape[]>(queryKey) ?? [], scrape);
    },
    // Readings are maps, which must not be compared to be merged.
    structuralSharing: false,
    staleTime: 1000,
  });
}

/** Adds a scrape. A server that started again has counters that went back: what was before is dropped. */
export function extend(scrapes: readonly Scrape[], next: Scrape): readonly Scrape[] {
  const last = scrapes.at(-1);
  if (last !== undefined && startedAt(last.reading) !== startedAt(next.reading)) return [next];
  return [...scrapes, next].slice(-kept);
}

function startedAt(reading: Reading): number {
  return reading.get("process_start_time_seconds")?.[0]?.value ?? 0;
}
