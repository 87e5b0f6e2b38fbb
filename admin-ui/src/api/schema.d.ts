/**
 * The part of the API that the dashboard uses. `npm run generate` replaces this
 * file by the types of the server's own OpenAPI document.
 */
export interface paths {
  "/api/session": {
    get: { responses: { 200: Json<Session>; 401: ProblemAnswer } };
    post: {
      requestBody: { content: { "application/json": { api_key: string } } };
      responses: { 204: Empty; 401: ProblemAnswer; 429: ProblemAnswer };
    };
    delete: { responses: { 204: Empty } };
  };
  "/api/admin/health": {
    get: { responses: { 200: Json<Health>; 401: ProblemAnswer; 403: ProblemAnswer } };
  };
  "/api/admin/stats": {
    get: { responses: { 200: Json<Stats>; 401: ProblemAnswer; 403: ProblemAnswer } };
  };
}

interface Json<T> {
  content: { "application/json": T };
}

interface Empty {
  content?: never;
}

interface ProblemAnswer {
  content: { "application/problem+json": { title: string; status: number } };
}

interface Session {
  name: string;
  key_prefix: string;
  tenant: { slug: string; name: string };
  scopes: string[] | null;
  expires_at?: string;
  development?: boolean;
}

interface Health {
  status: string;
  version: string;
  environment: string;
  uptime_seconds: number;
  services: { name: string; status: string; latency_ms?: number | null; detail?: string }[] | null;
  links: { temporal_ui?: string; grafana?: string; jaeger?: string };
}

interface Stats {
  documents: { total: number; searchable: number; pending: number; failed: number; added_24h: number };
  chunks: { total: number };
  index: { generation: number; segments: number; bytes: number };
  jobs: { queued: number; running: number; completed_24h: number; failed_24h: number };
  search: { requests: number; p50_ms?: number | null; p95_ms?: number | null };
  cache: {
    enabled: boolean;
    hits: number;
    misses: number;
    hit_rate: number;
    memory_items: number;
    redis: { connected: boolean; breaker?: string };
  };
  throughput: { at: string; documents: number }[] | null;
  recent_jobs: RecentJob[] | null;
}

interface RecentJob {
  id: string;
  kind: string;
  state: string;
  stage?: string;
  total: number;
  done: number;
  failed: number;
  created_at: string;
  finished_at?: string | null;
  temporal_url?: string;
  error_code?: string;
}
