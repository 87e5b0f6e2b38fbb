package config

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rustassistant/rustassistant/internal/domain"
)

// checker gathers violations. A variable that already has one is not checked
// again: what could not be read has no value to judge.
type checker struct {
	cfg    *Config
	values map[string]string
	failed map[string]bool
	found  []Violation
}

// check applies every rule that the role needs.
func (c *Config) check(values map[string]string, failed map[string]bool) []Violation {
	k := &checker{cfg: c, values: values, failed: failed}
	k.process()
	k.database()
	if c.Role != RoleMigrate {
		k.server()
		k.redisAndCache()
		k.temporal()
		k.index()
		k.embeddings()
		k.telemetry()
		k.numbers()
		k.searchEvents()
	}
	k.secrets()
	return k.found
}

func (k *checker) add(variable, problem, fix string) {
	if !k.failed[variable] {
		k.failed[variable] = true
		k.found = append(k.found, Violation{Variable: variable, Problem: problem, Fix: fix})
	}
}

func (k *checker) process() {
	c := k.cfg
	if !slices.Contains([]Role{RoleServer, RoleWorker, RoleMigrate, RoleDev}, c.Role) {
		k.add("environment", fmt.Sprintf("there is no role %q", c.Role), "use server, worker, migrate or dev")
	}
	if !slices.Contains([]Environment{Development, Test, Staging, Production}, c.Environment) {
		k.add("ENVIRONMENT", fmt.Sprintf("%q is not an environment", c.Environment), "use development, test, staging or production")
	}
	if c.Role == RoleDev && c.Environment == Production {
		k.add("ENVIRONMENT", "the dev command lets loopback in without a key, which production must not",
			"use ENVIRONMENT=development, or run server and worker")
	}
	if strings.ContainsAny(c.ServiceName, " \t\n") {
		k.add("SERVICE_NAME", "it has spaces in it", "use a name such as rustassistant")
	}
	k.between("SHUTDOWN_TIMEOUT", c.ShutdownTimeout, time.Second, 10*time.Minute)
	k.between("DRAIN_DELAY", c.DrainDelay, 0, 5*time.Minute)
	k.between("INDEX_WARM_START", c.IndexWarmStart, 0, 10*time.Minute)
	k.between("INDEX_IDLE_UNLOAD", c.IndexIdleUnload, 0, 30*24*time.Hour)
}

func (k *checker) database() {
	c := k.cfg
	if c.DatabaseURL == "" && c.Role != RoleDev {
		k.add("DATABASE_URL", "it is not set", fixDatabaseURL)
	}
	k.databaseURL("DATABASE_URL", c.DatabaseURL)
	k.databaseURL("DATABASE_REPLICA_URL", c.DatabaseReplicaURL)
	k.inRange("DATABASE_POOL_SIZE", c.DatabasePoolSize, 1, 1000)
}

const fixDatabaseURL = "write postgresql://user:password@host:5432/database"

func (k *checker) databaseURL(variable string, address SecretURL) {
	if address == "" {
		return
	}
	u, err := parseDatabaseURL(address.Reveal())
	switch {
	case err != nil:
		// url.Parse quotes the address in its error, password included.
		k.add(variable, "it is not a readable address", fixDatabaseURL+"; escape special characters of the password (@ is %40)")
	case u.Scheme != "postgres" && u.Scheme != "postgresql":
		k.add(variable, "it does not begin with postgresql://", fixDatabaseURL)
	case u.Host == "" && !u.Query().Has("host"):
		k.add(variable, "it names no host", fixDatabaseURL)
	case strings.Trim(u.Path, "/") == "" && !u.Query().Has("dbname"):
		k.add(variable, "it names no database", fixDatabaseURL)
	}
}

// severalHosts are the hosts of an address that names more than one, which
// PostgreSQL's own programs read and net/url does not.
var severalHosts = regexp.MustCompile(`^(\w+://(?:[^/?#]*@)?)([^@/?#,]+(?:,[^@/?#,]+)+)([/?]|$)`)

// parseDatabaseURL reads an address with one host or several. Each host must be
// readable; the URL that is returned has the first.
func parseDatabaseURL(address string) (*url.URL, error) {
	parts := severalHosts.FindStringSubmatch(address)
	if parts == nil {
		return url.Parse(address)
	}
	rest := strings.TrimPrefix(address, parts[1]+parts[2])
	hosts := strings.Split(parts[2], ",")
	for _, host := range hosts[1:] {
		if _, err := url.Parse(parts[1] + host + rest); err != nil {
			return nil, err
		}
	}
	return url.Parse(parts[1] + hosts[0] + rest)
}

func (k *checker) server() {
	c := k.cfg
	k.inRange("SERVER_PORT", c.ServerPort, 1, 65535)
	if strings.ContainsAny(c.ServerHost, "/ ") || strings.Contains(c.ServerHost, "://") {
		k.add("SERVER_HOST", "it is not a host name or an address", "write 0.0.0.0, 127.0.0.1 or a name, without scheme or port")
	}
	k.httpURL("GRAFANA_URL", c.GrafanaURL)
	k.httpURL("JAEGER_URL", c.JaegerURL)
	k.httpURL("TEMPORAL_UI_URL", c.TemporalUIURL)
}

func (k *checker) redisAndCache() {
	c := k.cfg
	if c.RedisURL != "" {
		if _, err := RedisOptions(c.RedisURL, c.RedisPoolSize); err != nil {
			k.add("REDIS_URL", err.Error(), "write redis://:password@host:6379, with rediss:// for TLS; escape special characters of the password")
		}
	}
	k.sentinels()
	k.inRange("REDIS_POOL_SIZE", c.RedisPoolSize, 1, 1000)
	k.inRange("CACHE_MAX_MEMORY_ITEMS", c.CacheMaxMemoryItems, 1, 100_000_000)
	k.bytes("CACHE_MAX_MEMORY_BYTES", c.CacheMaxMemoryBytes, 1<<20, 1<<40)
	k.between("CACHE_DEFAULT_TTL", c.CacheDefaultTTL, time.Second, 30*24*time.Hour)
	if strings.ContainsAny(c.CachePrefix, " \t\r\n{}") {
		k.add("CACHE_PREFIX", "it has spaces or braces in it", "use for example rustassistant:")
	}
}

func (k *checker) sentinels() {
	c := k.cfg
	const fix = "set REDIS_SENTINEL_MASTER, REDIS_SENTINELS (host:26379,...) and REDIS_URL for the password, or neither of the first two"
	addresses := c.sentinels()
	switch {
	case c.RedisSentinelMaster == "" && len(addresses) == 0:
		return
	case c.RedisSentinelMaster == "":
		k.add("REDIS_SENTINEL_MASTER", "it is not set, and REDIS_SENTINELS is", fix)
	case len(addresses) == 0:
		k.add("REDIS_SENTINELS", "it is not set, and REDIS_SENTINEL_MASTER is", fix)
	case c.RedisURL == "":
		k.add("REDIS_URL", "it is not set, and REDIS_SENTINELS is", fix)
	}
	for _, address := range addresses {
		k.hostPort("REDIS_SENTINELS", address, "write host:26379, separated by commas")
	}
}

func (k *checker) temporal() {
	if a := k.cfg.TemporalAddress; a != "" {
		k.hostPort("TEMPORAL_ADDRESS", a, "write host:7233, without a scheme")
	}
}

func (k *checker) index() {
	c := k.cfg
	k.bytes("MAX_DOCUMENT_BYTES", c.MaxDocumentBytes, 1<<10, 256<<20)
	k.bytes("INDEX_CACHE_BYTES", c.IndexCacheBytes, 64<<20, 1<<50)
	k.bytes("INDEX_OPEN_BYTES", c.IndexOpenBytes, 16<<20, 1<<50)
	if !k.failed["INDEX_CACHE_BYTES"] && c.IndexOpenBytes > c.IndexCacheBytes {
		k.add("INDEX_OPEN_BYTES", fmt.Sprintf("%s is more than INDEX_CACHE_BYTES (%s)", c.IndexOpenBytes, c.IndexCacheBytes),
			"what is open is also on disk: make it the smaller one")
	}
	k.inRange("CHUNK_TOKENS", c.ChunkTokens, 32, 8192)
	if !k.failed["CHUNK_TOKENS"] && (c.ChunkOverlap < 0 || c.ChunkOverlap*2 >= c.ChunkTokens) {
		k.add("CHUNK_OVERLAP", fmt.Sprintf("%d is not below half of CHUNK_TOKENS (%d)", c.ChunkOverlap, c.ChunkTokens),
			fmt.Sprintf("use 0 to %d", (c.ChunkTokens-1)/2))
	}
}

func (k *checker) telemetry() {
	c := k.cfg
	if rate := c.SamplingRate; rate < 0 || rate > 1 {
		k.add("SAMPLING_RATE", fmt.Sprintf("%v is not a share", rate), "use 0 to 1; 0.1 records every tenth trace")
	}
	const fix = "write http://host:4317, or https:// for TLS"
	u, err := url.Parse(c.OTLPEndpoint)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		k.add("OTLP_ENDPOINT", fmt.Sprintf("%q is not an http address", RedactURL(c.OTLPEndpoint)), fix)
	}
}

func (k *checker) numbers() {
	k.inRange("WORKERS", k.cfg.Workers, 1, 1024)
	k.inRange("MAX_RUNNING_JOBS_PER_TENANT", k.cfg.MaxRunningJobsPerTenant, 0, 100_000)
	if (k.cfg.WorkerDeploymentName == "") != (k.cfg.WorkerBuildID == "") {
		k.add("WORKER_BUILD_ID", "Worker Versioning needs WORKER_DEPLOYMENT_NAME and WORKER_BUILD_ID", "set both, or none of them")
	}
	k.inRange("ANALYTICS_RETENTION_DAYS", k.cfg.AnalyticsRetentionDays, 1, 3650)
	k.bytes("EXPORT_MAX_BYTES", k.cfg.ExportMaxBytes, 1<<20, 1<<50)
	k.inRange("ANALYTICS_ROLLUP_RETENTION_DAYS", k.cfg.AnalyticsRollupDays, 1, 3650)
	k.inRange("WORKER_METRICS_PORT", k.cfg.WorkerMetricsPort, 0, 65535)
}

func (k *checker) searchEvents() {
	c := k.cfg
	if !slices.Contains([]domain.SearchEmission{domain.SearchesBatched, domain.SearchesSampled, domain.SearchesOff}, c.SearchEvents) {
		k.add("SEARCH_EVENTS", fmt.Sprintf("%q is not a way to tell searches", c.SearchEvents), "use batched, sampled or off")
	}
	if rate := c.SearchEventsSampleRate; rate < 0 || rate > 1 {
		k.add("SEARCH_EVENTS_SAMPLE_RATE", fmt.Sprintf("%v is not a share", rate), "use 0 to 1; 0.01 tells every hundredth search")
	}
}

func (k *checker) inRange(variable string, n, low, high int) {
	if n < low || n > high {
		k.add(variable, fmt.Sprintf("%d is out of range", n), fmt.Sprintf("use %d to %d", low, high))
	}
}

func (k *checker) bytes(variable string, n, low, high Bytes) {
	if n < low || n > high {
		k.add(variable, fmt.Sprintf("%s is out of range", n), fmt.Sprintf("use %s to %s", low, high))
	}
}

func (k *checker) between(variable string, d, low, high time.Duration) {
	if d < low || d > high {
		k.add(variable, fmt.Sprintf("%s is out of range", d), fmt.Sprintf("use %s to %s", low, high))
	}
}

func (k *checker) httpURL(variable, address string) {
	if address == "" {
		return
	}
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		// The dashboard makes links of it: no javascript: and the like.
		k.add(variable, fmt.Sprintf("%q is not an http address", RedactURL(address)), "write http://host:port or https://host")
	}
}

func (k *checker) hostPort(variable, address, fix string) {
	host, port, err := net.SplitHostPort(address)
	if n, portErr := strconv.Atoi(port); err != nil || host == "" || portErr != nil || n < 1 || n > 65535 {
		k.add(variable, fmt.Sprintf("%q is not host:port", address), fix)
	}
}
