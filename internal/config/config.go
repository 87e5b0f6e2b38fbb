package config

import (
	"time"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// Role is what a process is about to be; each needs different variables.
type Role string

// The roles.
const (
	RoleServer  Role = "server"
	RoleWorker  Role = "worker"
	RoleMigrate Role = "migrate"
	RoleDev     Role = "dev"
)

// Environment says how strict the checks are. Production refuses weak secrets.
type Environment string

// The environments.
const (
	Development Environment = "development"
	Test        Environment = "test"
	Staging     Environment = "staging"
	Production  Environment = "production"
)

// EmbeddingsProvider names where vectors come from.
type EmbeddingsProvider string

// The providers.
const (
	EmbeddingsNone    EmbeddingsProvider = "none"
	EmbeddingsBuiltin EmbeddingsProvider = "builtin"
	EmbeddingsOpenAI  EmbeddingsProvider = "openai"
)

// Config is the configuration of a process. The help tags are its documentation:
// .env.example and Variables are made of them. Field names are unique because
// parse errors are traced back to their variable by them.
type Config struct {
	// Role is what Load was called for.
	Role Role `env:"-"`
	// Warnings are worth a log line but no refusal: misspelled names, and what
	// production would not accept.
	Warnings []string `env:"-"`

	Environment Environment `env:"ENVIRONMENT" envDefault:"development" section:"Process" help:"development, test, staging or production. Production refuses default and short secrets."`
	ServiceName string      `env:"SERVICE_NAME" envDefault:"rustassistant" help:"Name of this service in traces and logs."`
	LogLevel    Level       `env:"LOG_LEVEL" envDefault:"info" help:"debug, info, warn or error. RUST_LOG is accepted as another name."`
	// WORKERS is about indexing, not about HTTP: requests need no limit of their own.
	Workers int `env:"WORKERS" envDefault:"4" help:"Indexing activities that one worker process runs at the same time."`
	// The running ones are those that index: the other kinds run one at a time anyway.
	MaxRunningJobsPerTenant int    `env:"MAX_RUNNING_JOBS_PER_TENANT" envDefault:"32" help:"Indexing jobs of one tenant that run at the same time; further ones wait for their turn. 0 sets no limit."`
	WorkerDeploymentName    string `env:"WORKER_DEPLOYMENT_NAME" example:"rustassistant" help:"Name of the workers' deployment in Temporal. Set together with WORKER_BUILD_ID it turns Worker Versioning on: workflows then go to a new version when it is made the current one (see docs/operations.md)."`
	WorkerBuildID           string `env:"WORKER_BUILD_ID" example:"1.4.0" help:"Version of this worker within its deployment."`

	ShutdownTimeout time.Duration `env:"SHUTDOWN_TIMEOUT" envDefault:"30s" help:"How long running requests and activities may go on after SIGTERM."`
	DrainDelay      time.Duration `env:"DRAIN_DELAY" envDefault:"0s" help:"How long a server goes on after SIGTERM while /readyz says no, so that a load balancer looks elsewhere first: longer than its checks take to notice."`

	ServerHost       string       `env:"SERVER_HOST" section:"Server" example:"0.0.0.0" help:"Address to listen on. Default: 0.0.0.0, and 127.0.0.1 for the dev command."`
	ServerPort       int          `env:"SERVER_PORT" envDefault:"8080" help:"Port of the API and of the dashboard."`
	MultiTenantMode  bool         `env:"MULTI_TENANT_MODE" envDefault:"true" help:"false keeps everything in the one tenant \"default\" and refuses to create others."`
	QuotaTiers       domain.Tiers `env:"QUOTA_TIERS" example:"'{\"free\": {\"documents\": 500, \"webhooks\": null}}'" help:"What the tiers of tenants have instead of the defaults, as JSON: documents, storage_bytes, searches_per_day, api_keys, webhooks and requests_per_minute of free, standard and enterprise; null is no limit."`
	MaxDocumentBytes Bytes        `env:"MAX_DOCUMENT_BYTES" envDefault:"10MiB" help:"Largest content of one document."`

	ExportMaxBytes Bytes `env:"EXPORT_MAX_BYTES" envDefault:"20GiB" section:"Tenants" help:"What exports of tenants may take in the database together, compressed. Each is kept for a day."`

	DatabaseURL        SecretURL `env:"DATABASE_URL" section:"Database" example:"postgresql://rustassistant:changeme123@localhost:5432/rustassistant" help:"PostgreSQL 15 or newer. Needed by server, worker and migrate; dev starts a private one. Several hosts (a:5432,b:5432) with ?target_session_attrs=read-write find the primary after a failover."`
	DatabaseReplicaURL SecretURL `env:"DATABASE_REPLICA_URL" example:"postgresql://rustassistant:changeme123@localhost:5433/rustassistant" help:"Streaming replica for long reads: analytics, exports, lists. Optional; the primary answers while it is away or behind."`
	DatabasePoolSize   int       `env:"DATABASE_POOL_SIZE" envDefault:"20" help:"Connections to PostgreSQL that one process may open."`

	RedisURL SecretURL `env:"REDIS_URL" section:"Redis" example:"redis://:redis123@localhost:6379" help:"Optional: without it the cache lives in each process only. rediss:// for TLS; ?addr=host:port adds cluster nodes; ?master_name=NAME&addr=host:port names sentinels (user:password@ is then for them, ?password= for the servers)."`
	// With sentinels REDIS_URL says as whom to connect; they say where.
	RedisSentinelMaster   string `env:"REDIS_SENTINEL_MASTER" example:"rustassistant" help:"Name of the master that REDIS_SENTINELS watch. They say where it is, REDIS_URL gives password, database and TLS only."`
	RedisSentinels        string `env:"REDIS_SENTINELS" example:"redis-sentinel-1:26379,redis-sentinel-2:26379" help:"Addresses of the sentinels, separated by commas."`
	RedisSentinelPassword Secret `env:"REDIS_SENTINEL_PASSWORD" help:"Password of the sentinels, where they have one."`
	RedisPoolSize         int    `env:"REDIS_POOL_SIZE" envDefault:"10" help:"Connections to Redis that one process may open."`

	CacheEnabled        bool          `env:"CACHE_ENABLED" envDefault:"true" section:"Cache" help:"false answers every search from the index."`
	CachePrefix         string        `env:"CACHE_PREFIX" envDefault:"rustassistant:" help:"Start of every Redis key."`
	CacheMaxMemoryItems int           `env:"CACHE_MAX_MEMORY_ITEMS" envDefault:"10000" help:"Answers that one process keeps in memory."`
	CacheMaxMemoryBytes Bytes         `env:"CACHE_MAX_MEMORY_BYTES" envDefault:"128MiB" help:"Bytes that those answers may take; whichever limit comes first counts."`
	CacheDefaultTTL     time.Duration `env:"CACHE_DEFAULT_TTL" envDefault:"3600" help:"Seconds (or 90s, 2h) for which an answer is fresh. New documents show at once whatever this is."`

	TemporalAddress   string `env:"TEMPORAL_ADDRESS" section:"Temporal" example:"localhost:7233" help:"host:port of Temporal's frontend; the SDK's default is localhost:7233. All TEMPORAL_* variables of the SDK work."`
	TemporalNamespace string `env:"TEMPORAL_NAMESPACE" example:"default" help:"Namespace of the workflows; the SDK's default is \"default\"."`
	TemporalUIURL     string `env:"TEMPORAL_UI_URL" example:"http://localhost:8233" help:"Where the dashboard links to workflows."`

	IndexCacheDir   string        `env:"INDEX_CACHE_DIR" section:"Index" example:"/var/cache/rustassistant/index" help:"Folder of fetched index segments; may be lost at any time. Default: index in the user's cache folder."`
	IndexCacheBytes Bytes         `env:"INDEX_CACHE_BYTES" envDefault:"20GiB" help:"Disk space that the segments may take."`
	IndexOpenBytes  Bytes         `env:"INDEX_OPEN_BYTES" envDefault:"2GiB" help:"Bytes of segments mapped into memory at the same time; the least used tenants are unloaded above it."`
	IndexWarmStart  time.Duration `env:"INDEX_WARM_START" envDefault:"10s" help:"How long a starting server may load the tenants that were used most before it says that it is ready; 0 turns this off."`
	IndexIdleUnload time.Duration `env:"INDEX_IDLE_UNLOAD" envDefault:"1h" help:"A tenant that nobody has used for so long is unloaded from memory; 0 leaves it until its room is needed."`
	ChunkTokens     int           `env:"CHUNK_TOKENS" envDefault:"512" help:"About how many tokens a chunk has."`
	ChunkOverlap    int           `env:"CHUNK_OVERLAP" envDefault:"50" help:"Tokens that neighbouring chunks share; less than half of CHUNK_TOKENS."`

	EmbeddingsProvider          EmbeddingsProvider `env:"EMBEDDINGS_PROVIDER" envDefault:"builtin" section:"Embeddings" help:"Where the vectors of semantic and hybrid search come from. builtin learns them from each tenant's own documents; openai asks any server with an OpenAI-compatible /embeddings (OpenAI, Ollama, TEI, vLLM); none answers by keyword. What follows is for openai."`
	EmbeddingsBaseURL           SecretURL          `env:"EMBEDDINGS_BASE_URL" envDefault:"https://api.openai.com/v1" help:"Address that /embeddings is added to. http:// is for servers in your own network, for example http://localhost:11434/v1 for Ollama."`
	EmbeddingsAPIKey            Secret             `env:"EMBEDDINGS_API_KEY" help:"Key that is sent as a bearer token. Servers of your own may need none."`
	EmbeddingsModel             string             `env:"EMBEDDINGS_MODEL" example:"text-embedding-3-small" help:"Name of the model. Another name, number of dimensions or prefix is another model: all documents get its vectors in the background before searches use it."`
	EmbeddingsDimensions        int                `env:"EMBEDDINGS_DIMENSIONS" envDefault:"0" help:"Dimensions to ask for, where the model can shorten its vectors. 0 takes what the model gives."`
	EmbeddingsBatchTokens       int                `env:"EMBEDDINGS_BATCH_TOKENS" envDefault:"16384" help:"About how many tokens one request carries; more than EMBEDDINGS_TOKENS_PER_MINUTE is never sent at once."`
	EmbeddingsBatchInputs       int                `env:"EMBEDDINGS_BATCH_INPUTS" envDefault:"32" help:"How many texts one request carries. TEI refuses more than 32 unless told otherwise."`
	EmbeddingsRequestsPerMinute int                `env:"EMBEDDINGS_REQUESTS_PER_MINUTE" envDefault:"0" help:"Requests that one process may send in a minute. 0 is no limit; the provider's own limits are kept to in any case."`
	EmbeddingsTokensPerMinute   int                `env:"EMBEDDINGS_TOKENS_PER_MINUTE" envDefault:"0" help:"Tokens, as estimated, that one process may send in a minute. 0 is no limit."`
	EmbeddingsTimeout           time.Duration      `env:"EMBEDDINGS_TIMEOUT" envDefault:"60s" help:"How long one request for the vectors of documents may take."`
	EmbeddingsQueryTimeout      time.Duration      `env:"EMBEDDINGS_QUERY_TIMEOUT" envDefault:"2s" help:"How long a search waits for the vector of its query before it is answered by keyword."`
	EmbeddingsDocumentPrefix    string             `env:"EMBEDDINGS_DOCUMENT_PREFIX" example:"\"passage: \"" help:"Put before each text of a document, for models that want one. Spaces at its end count: use quotes."`
	EmbeddingsQueryPrefix       string             `env:"EMBEDDINGS_QUERY_PREFIX" example:"\"query: \"" help:"Put before each query, for models that want one."`

	AdminAPIKey    Secret   `env:"ADMIN_API_KEY" section:"Security" help:"Bootstrap key of platform scope, made by: rustassistant key generate. Optional."`
	TrustedProxies Networks `env:"TRUSTED_PROXIES" example:"10.0.0.5,10.1.0.0/16" help:"Proxies and load balancers whose X-Forwarded-For names the client: for limits by address, the networks of API keys and the audit log. Without it the peer is the client."`
	EncryptionKey  Secret   `env:"ENCRYPTION_KEY" help:"32 random bytes, base64 or hex, that encrypt webhook secrets: openssl rand -base64 32. Needed in production."`

	WebhookAllowHTTP       bool     `env:"WEBHOOK_ALLOW_HTTP" envDefault:"false" section:"Webhooks" help:"true also sends webhooks without TLS. The dev command always does."`
	WebhookAllowedNetworks Networks `env:"WEBHOOK_ALLOWED_NETWORKS" example:"10.20.0.0/16,fd12:3456::/32" help:"Private networks that webhooks may be sent to. The dev command adds this machine."`

	TelemetryEnabled  bool    `env:"TELEMETRY_ENABLED" envDefault:"false" section:"Telemetry" help:"true sends traces to OTLP_ENDPOINT. Metrics are always at /metrics."`
	WorkerMetricsPort int     `env:"WORKER_METRICS_PORT" envDefault:"9464" help:"Where a worker that runs by itself serves /metrics; 0 for nowhere. The server has it at its own port."`
	OTLPEndpoint      string  `env:"OTLP_ENDPOINT" envDefault:"http://localhost:4317" help:"OTLP gRPC collector; https:// for TLS."`
	SamplingRate      float64 `env:"SAMPLING_RATE" envDefault:"1.0" help:"Share of traces to record, 0 to 1; a caller's own decision wins."`
	GrafanaURL        string  `env:"GRAFANA_URL" example:"http://localhost:3000" help:"Where the dashboard links to Grafana. Optional."`
	JaegerURL         string  `env:"JAEGER_URL" example:"http://localhost:16686" help:"Where the dashboard links to traces. Optional."`

	AnalyticsEnabled       bool `env:"ANALYTICS_ENABLED" envDefault:"true" section:"Analytics" help:"false records no searches."`
	AnalyticsRetentionDays int  `env:"ANALYTICS_RETENTION_DAYS" envDefault:"90" help:"Days after which recorded searches are dropped."`
	AnalyticsRollupDays    int  `env:"ANALYTICS_ROLLUP_RETENTION_DAYS" envDefault:"400" help:"Days after which counts by day and week are dropped, which hold texts of queries and no users. Less than ANALYTICS_RETENTION_DAYS is as much as that."`
	AnalyticsHashUserIDs   bool `env:"ANALYTICS_HASH_USER_IDS" envDefault:"false" help:"true records a hash in place of each user_id, keyed by ENCRYPTION_KEY."`

	SearchEvents           domain.SearchEmission `env:"SEARCH_EVENTS" envDefault:"batched" help:"How webhooks hear of searches (search.performed): batched, up to 100 in one event; sampled; or off. Needs ANALYTICS_ENABLED."`
	SearchEventsSampleRate float64               `env:"SEARCH_EVENTS_SAMPLE_RATE" envDefault:"0.01" help:"Share of searches that webhooks hear of with SEARCH_EVENTS=sampled, 0 to 1."`
}
