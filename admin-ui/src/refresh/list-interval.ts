import type { InfiniteData, Query } from "@tanstack/react-query";
import { useRefetchInterval } from "./refresh";

/** A refresh asks for every page that was loaded; from this many on it waits to be asked. */
const maxPages = 4;

/** The `refetchInterval` of a list that is read page by page. */
export function useListInterval() {
  const interval = useRefetchInterval();
  return <T>(query: { state: { data: InfiniteData<T> | undefined } } | Query): number | false => {
    const data = query.state.data as InfiniteData<T> | undefined;
    return data !== undefined && data.pages.length > maxPages ? false : interval;
  };
}
