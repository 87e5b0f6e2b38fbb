import type { QueryClient } from "@tanstack/react-query";
import { sessionQuery } from "../api/queries";
import type { Session } from "../api/types";

/**
 * Replaces who is signed in. Everything else that was loaded is forgotten: the
 * next key may belong to another tenant.
 */
export function replaceSession(queryClient: QueryClient, session: Session | null): void {
  queryClient.removeQueries({ predicate: (query) => query.queryKey[0] !== sessionQuery.queryKey[0] });
  queryClient.setQueryData(sessionQuery.queryKey, session);
}
