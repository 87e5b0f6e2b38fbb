package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"

	"github.com/rustassistant/rustassistant/internal/auth"
)

// The .env of the guide, as it stands there.
var guide = map[string]string{
	"DATABASE_URL": "postgresql://rustassistant:changeme123@localhost:5432/rustassistant",
	"REDIS_URL":    "redis://:redis123@localhost:6379", "CACHE_ENABLED": "true", "CACHE_PREFIX": "rustassistant:",
	"CACHE_MAX_MEMORY_ITEMS": "10000", "CACHE_DEFAULT_TTL": "3600", "OTLP_ENDPOINT": "http://localhost:4317",
	"TELEMETRY_ENABLED": "true", "SAMPLING_RATE": "1.0", "SERVICE_NAME": "rustassistant", "ENVIRONMENT": "development",
	"ANALYTICS_ENABLED": "true", "ANALYTICS_RETENTION_DAYS": "90", "MULTI_TENANT_MODE": "true", "RUST_LOG": "debug",
	"SERVER_HOST": "0.0.0.0", "SERVER_PORT": "8080", "WORKERS": "4", "DATABASE_POOL_SIZE": "20", "REDIS_POOL_SIZE": "10",
}

func with(base map[string]string, pairs ...string) map[string]string {
	m := maps.Clone(base)
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}

// violations returns "VARIABLE: problem" of what LoadFrom refuses.
func violations(t *testing.T, role Role, environ map[string]string) []string {
	t.Helper()
	_, err := LoadFrom(role, environ)
	if err == nil {
		return nil
	}
	var e *Error
	require.ErrorAs(t, err, &e)
	var got []string
	for _, v := range e.Violations {
		require.NotEmpty(t, v.Fix, "%s says what would be right", v.Variable)
		got = append(got, v.Variable+": "+v.Problem)
	}
	return got
}

func TestTheGuidesVariablesLoad(t *testing.T) {
	t.Parallel()
	cfg, err := LoadFrom(RoleServer, guide)
	require.NoError(t, err)
	require.Empty(t, cfg.Warnings)
	require.Equal(t, time.Hour, cfg.CacheDefaultTTL)
	require.Equal(t, 10000, cfg.CacheMaxMemoryItems)
	require.Equal(t, slog.LevelDebug, cfg.LogLevel.Level())
	require.Equal(t, Development, cfg.Environment)
	require.Equal(t, 8080, cfg.ServerPort)
	require.Equal(t, Bytes(10<<20), cfg.MaxDocumentBytes)
	require.Equal(t, guide["DATABASE_URL"], cfg.DatabaseURL.Reveal())
	require.NotEmpty(t, cfg.IndexCacheDir)
	require.InDelta(t, 1.0, cfg.SamplingRate, 0)
}

func TestDefaultsAreThoseOfTheGuide(t *testing.T) {
	t.Parallel()
	cfg, err := LoadFrom(RoleServer, map[string]string{"DATABASE_URL": guide["DATABASE_URL"]})
	require.NoError(t, err)
	require.Equal(t, 20, cfg.DatabasePoolSize)
	require.Equal(t, 10, cfg.RedisPoolSize)
	require.True(t, cfg.CacheEnabled)
	require.Equal(t, "rustassistant:", cfg.CachePrefix)
	require.Equal(t, 10000, cfg.CacheMaxMemoryItems)
	require.Equal(t, time.Hour, cfg.CacheDefaultTTL)
	require.Equal(t, EmbeddingsBuiltin, cfg.EmbeddingsProvider)
	require.Equal(t, "0.0.0.0", cfg.ServerHost)
	require.False(t, cfg.TelemetryEnabled)
}

func TestEachRoleNeedsItsOwn(t *testing.T) {
	t.Parallel()
	for _, role := range []Role{RoleServer, RoleWorker, RoleMigrate} {
		require.Equal(t, []string{"DATABASE_URL: it is not set"}, violations(t, role, nil), role)
	}
	cfg, err := LoadFrom(RoleDev, nil)
	require.NoError(t, err, "dev starts what it needs")
	require.Equal(t, "127.0.0.1", cfg.ServerHost)
	require.Empty(t, cfg.IndexCacheDir, "two of them must not share a cache, from which each drops the other's tenants")
	require.Empty(t, violations(t, RoleMigrate, with(guide, "SERVER_PORT", "99999", "SAMPLING_RATE", "7")),
		"migrate does not care for what it does not use")
	require.NotEmpty(t, violations(t, "backup", guide))
}

func TestAllViolationsAreReportedAtOnce(t *testing.T) {
	t.Parallel()
	got := violations(t, RoleServer, map[string]string{
		"ENVIRONMENT": "prod", "SERVER_PORT": "eighty", "WORKERS": "0", "DATABASE_URL": "mysql://x/y",
		"REDIS_URL": "http://localhost", "CACHE_ENABLED": "maybe", "CACHE_DEFAULT_TTL": "an hour", "SAMPLING_RATE": "110",
		"OTLP_ENDPOINT": "localhost:4317", "CHUNK_OVERLAP": "300", "MAX_DOCUMENT_BYTES": "ten", "LOG_LEVEL": "loud",
		"ENCRYPTION_KEY": "not!a!key", "ADMIN_API_KEY": "admin", "EMBEDDINGS_PROVIDER": "magic", "GRAFANA_URL": "javascript:alert(1)",
		"TEMPORAL_ADDRESS": "http://temporal:7233", "INDEX_OPEN_BYTES": "30GiB", "SHUTDOWN_TIMEOUT": "-1s",
	})
	require.Equal(t, []string{
		`ENVIRONMENT: "prod" is not an environment`,
		`LOG_LEVEL: "loud" is not a level`,
		`WORKERS: 0 is out of range`,
		`SHUTDOWN_TIMEOUT: -1s is out of range`,
		`SERVER_PORT: "eighty" is not a whole number`,
		`MAX_DOCUMENT_BYTES: "ten" is not a size`,
		`DATABASE_URL: it does not begin with postgresql://`,
		`REDIS_URL: it is not a Redis address`,
		`CACHE_ENABLED: "maybe" is not a yes or no`,
		`CACHE_DEFAULT_TTL: "an hour" is not a duration`,
		`TEMPORAL_ADDRESS: "http://temporal:7233" is not host:port`,
		`INDEX_OPEN_BYTES: 30GiB is more than INDEX_CACHE_BYTES (20GiB)`,
		`CHUNK_OVERLAP: 300 is not below half of CHUNK_TOKENS (512)`,
		`EMBEDDINGS_PROVIDER: there is no provider "magic"`,
		`ADMIN_API_KEY: it is not an API key of this program`,
		`ENCRYPTION_KEY: it is neither base64 nor hex`,
		`OTLP_ENDPOINT: "localhost:4317" is not an http address`,
		`SAMPLING_RATE: 110 is not a share`,
		`GRAFANA_URL: "javascript:alert(1)" is not an http address`,
	}, got)
}

func TestHowSearchesAreToldIsChecked(t *testing.T) {
	t.Parallel()
	cfg, err := LoadFrom(RoleServer, guide)
	require.NoError(t, err)
	require.Equal(t, domain.SearchesBatched, cfg.SearchEvents)
	require.InDelta(t, 0.01, cfg.SearchEventsSampleRate, 0)
	require.Empty(t, violations(t, RoleServer, with(guide, "SEARCH_EVENTS", "sampled", "SEARCH_EVENTS_SAMPLE_RATE", "1")))
	require.Equal(t, []string{`SEARCH_EVENTS: "all" is not a way to tell searches`}, violations(t, RoleServer, with(guide, "SEARCH_EVENTS", "all")))
	for _, rate := range []string{"-0.1", "1.1"} {
		require.Equal(t, []string{"SEARCH_EVENTS_SAMPLE_RATE: " + rate + " is not a share"},
			violations(t, RoleServer, with(guide, "SEARCH_EVENTS_SAMPLE_RATE", rate)))
	}
	require.Equal(t, []string{"WORKER_METRICS_PORT: 70000 is out of range"}, violations(t, RoleWorker, with(guide, "WORKER_METRICS_PORT", "70000")))
}

func TestProductionRefusesWeakSecrets(t *testing.T) {
	t.Parallel()
	const good = "cmFuZG9tIGJ5dGVzIG9mIGEgdGVzdCB2YWx1ZSE4MTI="
	strong := with(guide, "ENVIRONMENT", "production", "ENCRYPTION_KEY", good,
		"DATABASE_URL", "postgresql://app:k2J9xQm4vT7wZp@db/rustassistant", "REDIS_URL", "redis://:k2J9xQm4vT7wZp@cache:6379")
	require.Empty(t, violations(t, RoleServer, strong))
	for _, password := range []string{"changeme123", "redis123", "admin123", "Changeme_123!", "postgres", "hunter2", "aaaaaaaaaaaaaaaa", "123456789012", "rustassistant2024"} {
		got := violations(t, RoleServer, with(strong, "DATABASE_URL", "postgresql://app:"+password+"@db/x"))
		require.Len(t, got, 1, password)
		require.NotContains(t, got[0], password)
		require.Len(t, violations(t, RoleServer, with(strong, "REDIS_URL", "redis://:"+password+"@cache")), 1, password)
		require.Len(t, violations(t, RoleServer, with(strong, "GRAFANA_PASSWORD", password)), 1, password)
	}
	got := violations(t, RoleServer, with(guide, "ENVIRONMENT", "production"))
	require.Equal(t, []string{
		"DATABASE_URL: its password is a well-known default, which production refuses",
		"REDIS_URL: its password is a well-known default, which production refuses",
		"ENCRYPTION_KEY: it is not set, which production refuses",
	}, got)
	require.Equal(t, []string{"ENCRYPTION_KEY: it is not random, which production refuses"},
		violations(t, RoleWorker, with(strong, "ENCRYPTION_KEY", strings.Repeat("00", 32))))
	require.Equal(t, []string{"ENCRYPTION_KEY: it has 16 bytes instead of 32"},
		violations(t, RoleWorker, with(strong, "ENCRYPTION_KEY", "MDEyMzQ1Njc4OWFiY2RlZg==")))
	require.NotEmpty(t, violations(t, RoleDev, with(strong)), "dev is no way to run production")
	require.Empty(t, violations(t, RoleMigrate, with(strong, "ENCRYPTION_KEY", "")), "migrate encrypts nothing")

	staging, err := LoadFrom(RoleServer, with(guide, "ENVIRONMENT", "staging"))
	require.NoError(t, err)
	require.Len(t, staging.Warnings, 3)
}

func TestEncryptionKeyIsReadInItsUsualForms(t *testing.T) {
	t.Parallel()
	want := []byte("0123456789abcdef0123456789ABCDE?")
	for _, text := range []string{
		"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlBQkNERT8=", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlBQkNERT8",
		"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlBQkNERT8", fmt.Sprintf("%x", want), fmt.Sprintf("%X", want),
	} {
		cfg, err := LoadFrom(RoleServer, with(guide, "ENCRYPTION_KEY", text))
		require.NoError(t, err, text)
		require.Equal(t, want, cfg.EncryptionKeyBytes())
	}
}

func TestNothingPrintsASecret(t *testing.T) {
	t.Parallel()
	key := auth.Generate().Reveal()
	const canary = "canary-4711"
	cfg, err := LoadFrom(RoleServer, with(guide, "ADMIN_API_KEY", key, "EMBEDDINGS_API_KEY", canary, "ENCRYPTION_KEY", strings.Repeat("ab", 32),
		"DATABASE_URL", "postgresql://app:"+canary+"@db/x?password="+canary, "REDIS_URL", "redis://"+canary+"@cache"))
	require.NoError(t, err)
	var logged strings.Builder
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("configuration", slog.Any("config", cfg))
	asJSON, err := json.Marshal(cfg)
	require.NoError(t, err)
	for _, text := range []string{
		cfg.String(), fmt.Sprint(cfg), fmt.Sprintf("%+v", cfg), fmt.Sprintf("%#v", cfg), fmt.Sprintf("%#v", *cfg),
		fmt.Sprintf("%v", *cfg), logged.String(), string(asJSON),
	} {
		require.NotContains(t, text, canary)
		require.NotContains(t, text, key)
		require.NotContains(t, text, "abababab")
	}
	require.Contains(t, cfg.String(), "DATABASE_URL=postgresql://app:[redacted]@db/x")

	_, err = LoadFrom(RoleServer, with(guide, "DATABASE_URL", "postgresql://app:"+canary+"%zz@db:port/x",
		"REDIS_URL", "redis://:"+canary+"@:port:7", "ENCRYPTION_KEY", canary, "ADMIN_API_KEY", canary))
	require.Error(t, err)
	require.NotContains(t, err.Error(), canary)
}

func TestMisspelledVariablesAreNamed(t *testing.T) {
	t.Parallel()
	for wrong, right := range map[string]string{
		"CACHE_TTL": "CACHE_DEFAULT_TTL", "DATABSE_URL": "DATABASE_URL", "REDIS_POOLSIZE": "REDIS_POOL_SIZE",
		"OTLP_ENDPONT": "OTLP_ENDPOINT", "OTLP_URL": "OTLP_ENDPOINT", "SERVER_PROT": "SERVER_PORT",
		"ENCRYPTION_KEYS": "ENCRYPTION_KEY", "TEMPORAL_ADRESS": "TEMPORAL_ADDRESS", "ANALYTICS_RETENTION": "ANALYTICS_RETENTION_DAYS",
	} {
		cfg, err := LoadFrom(RoleServer, with(guide, wrong, "1"))
		require.NoError(t, err)
		require.Len(t, cfg.Warnings, 1, wrong)
		require.Contains(t, cfg.Warnings[0], wrong+" is not")
		require.Contains(t, cfg.Warnings[0], right+"?")
	}
	cfg, err := LoadFrom(RoleServer, with(guide, "HOME", "/root", "PATH", "/bin", "REDIS_SERVICE_HOST", "10.0.0.1",
		"REDIS_PORT_6379_TCP", "tcp://10.0.0.1:6379", "SERVER_PORT_8080_TCP_ADDR", "x", "POSTGRES_PASSWORD", "x",
		"TEMPORAL_TLS_CERT_PATH", "/x", "TEMPORAL_PROFILE", "x", "LANG", "C", "SHELL", "/bin/sh", "HOSTNAME", "x"))
	require.NoError(t, err)
	require.Empty(t, cfg.Warnings)
}

func TestKubernetesServiceLinksDoNotBreakThePort(t *testing.T) {
	t.Parallel()
	cfg, err := LoadFrom(RoleServer, with(guide, "SERVER_PORT", "tcp://10.0.0.1:80"))
	require.NoError(t, err)
	require.Equal(t, 8080, cfg.ServerPort)
	require.Len(t, cfg.Warnings, 1)
}

func TestRedisAddresses(t *testing.T) {
	t.Parallel()
	one, err := RedisOptions("rediss://user:p%40ss@cache:6380/3", 7)
	require.NoError(t, err)
	require.Equal(t, []string{"cache:6380"}, one.Addrs)
	require.Equal(t, "p@ss", one.Password)
	require.Equal(t, 3, one.DB)
	require.Equal(t, 7, one.PoolSize)
	require.NotNil(t, one.TLSConfig)
	cluster, err := RedisOptions("redis://:pw@n1:6379?addr=n2:6379&addr=n3:6379", 1)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"n1:6379", "n2:6379", "n3:6379"}, cluster.Addrs)
	require.True(t, cluster.IsClusterMode)
	sentinels, err := RedisOptions("redis://:x@s1:26379/2?master_name=main&addr=s2:26379&password=pw", 1)
	require.NoError(t, err)
	require.Equal(t, "main", sentinels.MasterName)
	require.ElementsMatch(t, []string{"s1:26379", "s2:26379"}, sentinels.Addrs)
	require.Equal(t, "x", sentinels.SentinelPassword)
	require.Equal(t, "pw", sentinels.Password)
	unix, err := RedisOptions("unix:///run/redis.sock", 1)
	require.NoError(t, err)
	require.Equal(t, []string{"/run/redis.sock"}, unix.Addrs)
	for _, bad := range []SecretURL{"", "cache:6379", "http://cache", "redis://cache/x", "redis://cache?%zz"} {
		_, err := RedisOptions(bad, 1)
		require.Error(t, err, bad.Reveal())
	}
}

func TestSizesAndDurations(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Bytes{
		"0": 0, "1048576": 1 << 20, "10MiB": 10 << 20, "10 mb": 10 << 20, "1.5G": 3 << 29, "2TiB": 2 << 40, "512k": 512 << 10, "7B": 7,
	} {
		var b Bytes
		require.NoError(t, b.UnmarshalText([]byte(text)), text)
		require.Equal(t, want, b, text)
	}
	for _, text := range []string{"", "x", "-1", "1e30", "1QiB", "NaN", "Inf"} {
		var b Bytes
		require.Error(t, b.UnmarshalText([]byte(text)), text)
	}
	require.Equal(t, "10MiB", Bytes(10<<20).String())
	require.Equal(t, "1000", Bytes(1000).String())
	for text, want := range map[string]time.Duration{"3600": time.Hour, "90s": 90 * time.Second, "0": 0} {
		d, err := parseDuration(text)
		require.NoError(t, err)
		require.Equal(t, want, d)
	}
	var level Level
	require.NoError(t, level.UnmarshalText([]byte("sqlx=warn,info")))
	require.Equal(t, slog.LevelInfo, level.Level())
}

// Not parallel: it changes the working directory and the environment.
func TestRealEnvironmentWinsOverDotEnv(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"SERVICE_NAME", "TEMPORAL_API_KEY", "REDIS_URL"} {
		t.Setenv(name, "")
	}
	require.NoError(t, os.Unsetenv("TEMPORAL_API_KEY"))
	require.NoError(t, os.Unsetenv("SERVICE_NAME"))
	t.Setenv("SERVER_PORT", "9001")
	t.Setenv("DATABASE_URL", guide["DATABASE_URL"])
	write := func(text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), []byte(text), 0o600))
	}
	write("SERVER_PORT=9002\nSERVICE_NAME=\"from file\"\nSERVICE_NAME=file # comment\nTEMPORAL_API_KEY=k\nREDIS_URL=redis://x\n")
	cfg, err := Load(RoleServer)
	require.NoError(t, err)
	require.Equal(t, 9001, cfg.ServerPort)
	require.Equal(t, "file", cfg.ServiceName)
	require.Empty(t, cfg.RedisURL, "a variable that is set to nothing switches the file's off")
	require.Equal(t, "k", os.Getenv("TEMPORAL_API_KEY"), "the Temporal SDK reads the environment")

	write("this is not = a 'file\n\"secret-canary")
	_, err = Load(RoleServer)
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret-canary")
	var violations *Error
	require.NotErrorAs(t, err, &violations)
}

func TestSeveralDatabaseHostsAndSentinels(t *testing.T) {
	t.Parallel()
	const several = "postgresql://app:k2J9xQm4vT7wZp@one:5432,two:5433,[::1]:5434/rustassistant?target_session_attrs=read-write"
	cfg, err := LoadFrom(RoleServer, with(guide,
		"DATABASE_URL", several, "DATABASE_REPLICA_URL", "postgresql://app@two/x",
		"REDIS_SENTINEL_MASTER", "group", "REDIS_SENTINELS", "a:26379, b:26379", "REDIS_SENTINEL_PASSWORD", "secret-of-sentinels"))
	require.NoError(t, err)
	require.Equal(t, several, cfg.DatabaseURL.Reveal())
	require.NotContains(t, cfg.String(), "k2J9xQm4vT7wZp")
	require.NotContains(t, cfg.String(), "secret-of-sentinels")
	opts, err := cfg.Redis()
	require.NoError(t, err)
	require.Equal(t, []string{"a:26379", "b:26379"}, opts.Addrs)
	require.Equal(t, "group", opts.MasterName)
	require.Equal(t, "redis123", opts.Password)
	require.Equal(t, "secret-of-sentinels", opts.SentinelPassword)

	for want, change := range map[string][]string{
		"DATABASE_URL: it is not a readable address": {"DATABASE_URL", "postgresql://a:b@one:5432,two:port/x"},
		"DATABASE_URL: it names no database":         {"DATABASE_URL", "postgresql://a:b@one:5432,two:5432"},
		"REDIS_SENTINELS: it is not set":             {"REDIS_SENTINEL_MASTER", "group"},
		"REDIS_SENTINEL_MASTER: it is not set":       {"REDIS_SENTINELS", "a:26379"},
		`REDIS_SENTINELS: "a" is not host:port`:      {"REDIS_SENTINEL_MASTER", "group", "REDIS_SENTINELS", "a"},
		"DRAIN_DELAY: 1h0m0s is out of range":        {"DRAIN_DELAY", "1h"},
	} {
		got := violations(t, RoleServer, with(guide, change...))
		require.Len(t, got, 1, want)
		require.Contains(t, got[0], want)
	}
	// Several hosts hide no default password from production.
	require.Contains(t, violations(t, RoleServer, with(guide, "ENVIRONMENT", "production", "DATABASE_URL", "postgresql://app:changeme123@one,two/x")),
		"DATABASE_URL: its password is a well-known default, which production refuses")
}
