import type { components } from "./schema";

type Schemas = components["schemas"];

export type Session = Schemas["Session"];
export type Health = Schemas["AdminHealth"];
export type Stats = Schemas["AdminStats"];
export type Service = NonNullable<Health["services"]>[number];
export type RecentJob = NonNullable<Stats["recent_jobs"]>[number];
export type ThroughputPoint = NonNullable<Stats["throughput"]>[number];

export type Job = Schemas["Job"];
export type JobDetail = Schemas["JobDetail"];
export type JobAttempt = Schemas["JobAttempt"];
export type JobItem = Schemas["JobItem"];

export type APIKey = Schemas["APIKey"];
export type APIKeyInput = Schemas["APIKeyInput"];
export type CreatedAPIKey = Schemas["CreatedAPIKey"];

export type Webhook = Schemas["Webhook"];
export type WebhookInput = Schemas["WebhookInput"];
export type WebhookStats = Schemas["WebhookStats"];
export type Delivery = Schemas["Delivery"];
export type Attempt = Schemas["Attempt"];
export type Recovery = Schemas["Recovery"];
export type RecoveryCount = Schemas["RecoveryCount"];
export type EventType = Schemas["EventTypeInfo"];

/** What has a default may be left out. */
export type SearchRequest = Partial<Schemas["SearchRequest"]> & { query: string };
export type SearchAnswer = Schemas["SearchAnswer"];
export type SearchResult = Schemas["SearchResult"];
export type ScoreDetails = Schemas["SearchScoreDetails"];
export type Document = Schemas["Document"];

export type SearchFigures = Schemas["SearchFigures"];
export type Series = Schemas["Series"];
export type QueryFigures = Schemas["QueryFigures"];

export type AuditEntry = Schemas["AuditEntry"];
export type Tenant = Schemas["Tenant"];
export type SearchSettings = Schemas["SearchSettings"];
export type Embeddings = Schemas["Embeddings"];
