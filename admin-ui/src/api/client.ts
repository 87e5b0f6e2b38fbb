import createClient from "openapi-fetch";
import { parseExact } from "../lib/exact-json";
import { errorName, problemFromResponse, problemFromThrown } from "./problem";
import type { paths } from "./schema";

/** A page that waits longer than this looks broken; it is better to say so. */
const timeoutMs = 20_000;

export const api = createClient<paths>({
  baseUrl: window.location.origin,
  headers: { Accept: "application/json" },
  fetch: (request) => {
    const signal = AbortSignal.any([request.signal, AbortSignal.timeout(timeoutMs)]);
    return fetch(request, { signal });
  },
});

/** Waits for a call and returns its data, or throws an ApiError: the only error that pages see. */
export async function call<T>(
  pending: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  let answer: Awaited<typeof pending>;
  try {
    answer = await pending;
  } catch (thrown) {
    // A cancelled query is not a failure; TanStack Query wants to see its own signal.
    if (errorName(thrown) === "AbortError") throw thrown;
    throw problemFromThrown(thrown);
  }
  if (!answer.response.ok) throw problemFromResponse(answer.response, answer.error);
  return answer.data as T;
}

/** As call, for answers with data of people's own: read without rounding their numbers. */
export async function callExact<T>(
  pending: Promise<{ data?: string; error?: unknown; response: Response }>,
): Promise<T> {
  const text = await call(pending);
  try {
    return parseExact(text) as T;
  } catch (thrown) {
    throw problemFromThrown(thrown);
  }
}
