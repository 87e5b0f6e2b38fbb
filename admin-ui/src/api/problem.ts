export interface FieldProblem {
  field: string;
  message: string;
}

/** Any way in which a call can fail: refused by the API, or not answered at all. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** The HTTP status; 0 when there was no answer, -1 when no call was to blame. */
  readonly status: number;
  readonly title: string;
  /** The API's own word for the error, e.g. "rate_limited"; empty when there was none. */
  readonly code: string;
  readonly requestId: string;
  /** Seconds to wait before the next attempt; 0 when the server does not say. */
  readonly retryAfter: number;
  readonly fields: FieldProblem[];

  constructor(problem: {
    status: number;
    title: string;
    detail?: string;
    code?: string;
    requestId?: string;
    retryAfter?: number;
    fields?: FieldProblem[];
    cause?: unknown;
  }) {
    const detail = problem.detail ?? "";
    super(detail === "" ? problem.title : detail, { cause: problem.cause });
    this.status = problem.status;
    this.title = problem.title;
    this.code = problem.code ?? "";
    this.requestId = problem.requestId ?? "";
    this.retryAfter = problem.retryAfter ?? 0;
    this.fields = problem.fields ?? [];
  }

  get unauthenticated(): boolean {
    return this.status === 401;
  }

  get forbidden(): boolean {
    return this.status === 403;
  }

  /** True when the same call may well succeed a moment later. */
  get transient(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

/** Reads an error answer. The body may be anything: a proxy in between sends HTML. */
export function problemFromResponse(response: Response, body: unknown): ApiError {
  const problem = isRecord(body) ? body : {};
  return new ApiError({
    status: response.status,
    title: text(problem["title"]) || fallbackTitle(response.status),
    detail: text(problem["detail"]),
    code: text(problem["code"]),
    requestId: text(problem["request_id"]) || (response.headers.get("X-Request-Id") ?? ""),
    retryAfter: retryAfterSeconds(response.headers.get("Retry-After")),
    fields: Array.isArray(problem["errors"]) ? problem["errors"].filter(isFieldProblem) : [],
  });
}

/** Any error as a problem to show; what is none of the API's is a fault of the page itself. */
export function asProblem(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new ApiError({ status: -1, title: `The dashboard made a mistake: ${detail}`, cause: error });
}

/** Turns what fetch threw, or the reading of its answer, into an ApiError. */
export function problemFromThrown(thrown: unknown): ApiError {
  const name = errorName(thrown);
  if (name === "TimeoutError") {
    return new ApiError({ status: 0, title: "The server did not answer in time.", cause: thrown });
  }
  if (name === "SyntaxError") {
    return new ApiError({
      status: 0,
      title: "The answer was not from RustAssistant. Is there a proxy in between?",
      cause: thrown,
    });
  }
  return new ApiError({ status: 0, title: "The server cannot be reached.", cause: thrown });
}

/** The name of anything thrown; a DOMException is not an Error everywhere. */
export function errorName(thrown: unknown): string {
  return isRecord(thrown) ? text(thrown["name"]) : "";
}

function fallbackTitle(status: number): string {
  if (status === 401) return "You are not signed in.";
  if (status === 403) return "Your key does not allow this.";
  if (status === 429) return "Too many requests.";
  if (status === 502 || status === 503 || status === 504) return "The server is not available.";
  return `The server answered with status ${status}.`;
}

/** Reads Retry-After as seconds; the form with a date is treated as absent. */
function retryAfterSeconds(header: string | null): number {
  const seconds = Number(header ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? Math.ceil(seconds) : 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isFieldProblem(value: unknown): value is FieldProblem {
  return isRecord(value) && typeof value["field"] === "string" && typeof value["message"] === "string";
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
