import { formatDuration } from "../../lib/format";
import { asProblem } from "../../api/problem";

/** Says what to do about a refused sign-in. */
export function signInError(error: unknown): string {
  const problem = asProblem(error);
  const request = problem.requestId === "" ? "" : ` (request ${problem.requestId})`;
  switch (problem.status) {
    case 401:
      return "This key is not valid. It may be mistyped, revoked or expired.";
    case 403:
      return "This key is valid, but has no permission for the dashboard.";
    case 429: {
      const wait = problem.retryAfter > 0 ? `in ${formatDuration(problem.retryAfter * 1000)}` : "in a while";
      return `Too many attempts. Try again ${wait}.`;
    }
    case 400:
    case 422:
      return "This does not look like an API key. Copy the whole key, without spaces.";
    default:
      return `${problem.message}${request}`;
  }
}
