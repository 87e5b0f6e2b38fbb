import type { SearchRequest } from "../../api/types";
import { splitList } from "../../lib/params";
import type { PlaygroundSearch } from "./route";

/** The request of a playground's address; null while there is nothing to search for. */
export function searchRequest(search: PlaygroundSearch): SearchRequest | null {
  const query = search.q?.trim() ?? "";
  if (query === "") return null;
  const docTypes = splitList(search.doc_type ?? "");
  const tags = splitList(search.tags ?? "");
  return {
    query,
    type: search.type ?? "hybrid",
    limit: search.limit ?? 10,
    explain: search.explain === true,
    ...(docTypes.length + tags.length === 0
      ? {}
      : {
          filters: {
            ...(docTypes.length === 0 ? {} : { doc_type: docTypes }),
            ...(tags.length === 0 ? {} : { tags }),
          },
        }),
  };
}

/** The same search for a terminal. */
export function curlCommand(request: SearchRequest, origin: string): string {
  const body = JSON.stringify(request).replaceAll("'", String.raw`'\''`);
  return `curl -X POST ${origin}/api/search \\\n  -H "X-API-Key: $RUSTASSISTANT_API_KEY" \\\n  -H "Content-Type: application/json" \\\n  -d '${body}'`;
}
