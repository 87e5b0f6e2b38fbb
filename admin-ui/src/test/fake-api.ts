import { vi } from "vitest";
import type { Health, Session, Stats } from "../api/types";

export const goodKey = "ra_good";
export const requestId = "0199f2b6-5c1e-7d2a-9b1c-3f0d5a7e8c42";

export const session: Session = {
  name: "admin",
  key_prefix: "ra_abc",
  tenant: { slug: "default", name: "Default" },
  scopes: ["admin"],
  expires_at: "2099-01-01T00:00:00Z",
  development: false,
};

export const health: Health = {
  status: "ok",
  version: "v0.1.0",
  environment: "test",
  uptime_seconds: 93_784,
  services: [
    { name: "database", status: "ok", latency_ms: 0.42, detail: "" },
    { name: "redis", status: "off", latency_ms: null, detail: "memory cache only" },
  ],
  links: { temporal_ui: "http://127.0.0.1:8233", grafana: "", jaeger: "" },
};

export const stats: Stats = {
  documents: { total: 1204, searchable: 1200, pending: 3, failed: 1, added_24h: 12 },
  chunks: { total: 2400 },
  index: { generation: 7, segments: 2, bytes: 1_500_000 },
  jobs: { queued: 0, running: 1, completed_24h: 5, failed_24h: 0 },
  search: { requests: 10, p50_ms: 1.4, p95_ms: 9 },
  cache: {
    enabled: true,
    hits: 9,
    misses: 1,
    hit_rate: 0.9,
    memory_items: 1,
    redis: { connected: false, breaker: "closed" },
  },
  throughput: [],
  recent_jobs: [
    {
      id: "0199f2b6-5c1e-7d2a-9b1c-aaaaaaaaaaaa",
      kind: "index_documents",
      state: "running",
      stage: "build",
      total: 100,
      done: 40,
      failed: 0,
      bytes: 12_345,
      created_at: "2026-11-22T22:00:00Z",
      started_at: "2026-11-22T22:00:01Z",
      heartbeat_at: null,
      finished_at: null,
      temporal_url: "http://127.0.0.1:8233/namespaces/default/workflows/x",
      error_code: "",
      condition: { name: "working", since: null },
    },
  ],
};

export const emptyStats: Stats = {
  ...stats,
  documents: { total: 0, searchable: 0, pending: 0, failed: 0, added_24h: 0 },
  throughput: null,
  recent_jobs: null,
};

export function json(body: unknown): Response {
  return new Response(JSON.stringify(body), { headers: { "Content-Type": "application/json" } });
}

export function problem(status: number, detail: string, headers: Record<string, string> = {}): Response {
  const body = { type: "about:blank", title: "Refused", status, detail, code: "x", request_id: requestId };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/problem+json", ...headers },
  });
}

/** The API as the dashboard sees it. Tests change the answers while the page is open. */
export interface FakeApi {
  session: Session | null;
  health: () => Response | Promise<Response>;
  stats: () => Response | Promise<Response>;
  signIn: (key: string) => Response;
  signOut: () => Response;
  /** Answers to other calls, as "GET /api/admin/jobs". */
  routes: Record<string, (request: Request) => Response | Promise<Response>>;
  /** Every call in order, as "GET /api/session". */
  calls: string[];
}

/** Answers fetch until the end of the test. */
export function fakeApi(): FakeApi {
  const api: FakeApi = {
    session: null,
    health: () => json(health),
    stats: () => json(stats),
    signIn: (key) => {
      if (key !== goodKey) return problem(401, "invalid key");
      api.session = session;
      return new Response(null, { status: 204 });
    },
    signOut: () => {
      api.session = null;
      return new Response(null, { status: 204 });
    },
    routes: {},
    calls: [],
  };
  vi.stubGlobal("fetch", async (request: Request) => {
    const call = `${request.method} ${new URL(request.url).pathname}`;
    api.calls.push(call);
    return await answer(api, call, request);
  });
  return api;
}

async function answer(api: FakeApi, call: string, request: Request): Promise<Response> {
  switch (call) {
    case "GET /api/session":
      return api.session === null ? problem(401, "sign in") : json(api.session);
    case "POST /api/session":
      return api.signIn(((await request.json()) as { api_key: string }).api_key);
    case "DELETE /api/session":
      return api.signOut();
    case "GET /api/admin/health":
      return await api.health();
    case "GET /api/admin/stats":
      return await api.stats();
    default:
      return (await api.routes[call]?.(request)) ?? problem(404, `no such path: ${call}`);
  }
}
