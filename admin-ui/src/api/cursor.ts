import { infiniteQueryOptions, type QueryKey } from "@tanstack/react-query";
import { list } from "../lib/list";

export const pageSize = 50;

/** One page of a list of the API. */
export interface Page<T> {
  items: readonly T[];
  next: string | undefined;
}

/** A list that is read page by page; more pages come when asked for. */
export function cursorQuery<T>(
  queryKey: QueryKey,
  load: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>,
) {
  return infiniteQueryOptions({
    queryKey,
    queryFn: ({ pageParam, signal }) => load(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: Page<T>) => page.next,
  });
}

export function page<T>(items: readonly T[] | null | undefined, next: string | undefined): Page<T> {
  return { items: list(items), next: next === "" ? undefined : next };
}
