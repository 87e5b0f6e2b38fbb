package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/rustassistant/rustassistant/api"
	"github.com/rustassistant/rustassistant/internal/analytics"
	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/cache"
	"github.com/rustassistant/rustassistant/internal/config"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/ratelimit"
	"github.com/rustassistant/rustassistant/internal/search"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/workflows"
)

// bootstrapRetry is how often a server that starts before its database tries
// to store ADMIN_API_KEY, and bootstrapTimeout bounds the first try.
const (
	bootstrapRetry   = 2 * time.Second
	bootstrapTimeout = 3 * time.Second
)

// outageGrace is how long a key that was good goes on working for reads while
// the database is away: searches go on from memory. Nothing can be revoked then.
const outageGrace = 10 * time.Minute

// serverOptions are what dev asks of a server beyond the configuration.
type serverOptions struct {
	// development is who a keyless request from this machine is; nil for nobody.
	development *auth.Principal
	// ready is called when the server listens.
	ready func()
}

func newServerCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "server",
		Short: "Run the API and the dashboard",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(config.RoleServer)
			if err != nil {
				return err
			}
			setupLog(os.Stderr, cfg, false)
			a, err := newApp(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			defer a.close(cmd.Context())
			slog.Info("server starting", "version", a.version, "config", cfg)
			return a.runServer(cmd.Context(), serverOptions{ready: func() {
				slog.Info("server ready", "address", net.JoinHostPort(cfg.ServerHost, strconv.Itoa(cfg.ServerPort)))
			}})
		},
	}
}

// runServer serves until ctx ends and then drains.
func (a *app) runServer(ctx context.Context, o serverOptions) error {
	redisClient, err := a.redis()
	if err != nil {
		return err
	}
	answers := a.newCache(redisClient)
	starter := a.newStarter()
	verifier := auth.NewVerifier(a.store, auth.VerifierOptions{OutageGrace: outageGrace})
	service := search.NewService(search.Deps{Index: a.index, Cache: answers, Generations: a.store.Generations, Embedder: a.models, Popular: popularQueries(a.store)})
	deps := a.apiDeps(o, verifier, starter, service)
	deps.KeyLimits = ratelimit.NewShared(redisClient, a.cfg.CachePrefix+":key:")
	warm := make(chan struct{})
	deps.Warm = warm
	recorder := a.newRecorder()
	if recorder != nil {
		deps.Analytics, deps.SearchEvents = recorder, a.cfg.SearchEvents
	}
	if deps.UserIDs, err = newUserHasher(a.cfg); err != nil {
		return err
	}
	server, err := api.New(deps)
	if err != nil {
		return err
	}
	admin := a.storeAdminKey(ctx)
	listener, err := net.Listen("tcp", net.JoinHostPort(a.cfg.ServerHost, strconv.Itoa(a.cfg.ServerPort)))
	if err != nil {
		return fmt.Errorf("listen on port %d: %w; set SERVER_PORT to another port", a.cfg.ServerPort, err)
	}
	// What runs beside the server must outlive its draining.
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var beside errgroup.Group
	beside.Go(func() error {
		a.store.Listen(background, a.keepFresh(background, service, verifier, server, answers))
		return nil
	})
	beside.Go(func() error { service.Run(background); return nil })
	beside.Go(func() error { admin(background); return nil })
	beside.Go(func() error { a.warmUp(background, warm); return nil })
	if recorder != nil {
		beside.Go(func() error { recorder.Run(background); return nil })
	}
	if o.ready != nil {
		o.ready()
	}
	err = server.Run(ctx, listener)
	stop()
	_ = beside.Wait()
	starter.Close()
	answers.Close()
	closeRedis(redisClient)
	return err
}

func (a *app) newStarter() *workflows.Starter {
	return workflows.NewStarter(a.workflows, func(ctx context.Context, tenant uuid.UUID) ([]domain.Job, error) {
		return a.store.DispatchJobs(ctx, tenant, a.cfg.MaxRunningJobsPerTenant)
	})
}

// closeRedis closes a client; there is none without a REDIS_URL.
func closeRedis(client redis.UniversalClient) {
	if client != nil {
		_ = client.Close()
	}
}

// warmLimit bounds the loading of busy tenants at the start. It goes on in the
// background after INDEX_WARM_START, up to which the server is not ready.
const warmLimit = 2 * time.Minute

// warmUp loads the tenants that the last runs used most, and closes warm when that
// is done or has taken INDEX_WARM_START.
func (a *app) warmUp(ctx context.Context, warm chan<- struct{}) {
	if a.cfg.IndexWarmStart <= 0 {
		close(warm)
		return
	}
	ready := sync.OnceFunc(func() { close(warm) })
	defer ready()
	defer time.AfterFunc(a.cfg.IndexWarmStart, ready).Stop()
	ctx, cancel := context.WithTimeout(ctx, warmLimit)
	defer cancel()
	start := time.Now()
	tenants, err := a.index.Warm(ctx)
	if tenants > 0 {
		slog.InfoContext(ctx, "the busiest tenants are loaded", "tenants", tenants, "took", time.Since(start).Round(time.Millisecond).String())
	}
	if err != nil && ctx.Err() == nil {
		slog.WarnContext(ctx, "some busy tenants were not loaded; their first search does it", "error", err)
	}
}

// newRecorder is nil when no searches are to be recorded.
func (a *app) newRecorder() *analytics.Recorder {
	if !a.cfg.AnalyticsEnabled {
		return nil
	}
	r := analytics.NewRecorder(a.store, analytics.Options{})
	a.metrics.Registry.MustRegister(r)
	return r
}

// newUserHasher is nil when users are recorded as they are sent.
func newUserHasher(cfg *config.Config) (*analytics.UserHasher, error) {
	if !cfg.AnalyticsHashUserIDs {
		return nil, nil //nolint:nilnil // nil is a value here: no hashing
	}
	key := cfg.EncryptionKeyBytes()
	if key == nil {
		return nil, errors.New("ANALYTICS_HASH_USER_IDS needs ENCRYPTION_KEY, which the hashes are keyed by: openssl rand -base64 32")
	}
	return analytics.NewUserHasher(key)
}

// keepFresh makes caches hear of what other processes commit.
func (a *app) keepFresh(ctx context.Context, service *search.Service, verifier *auth.Verifier, server *api.Server, answers *cache.Cache) store.Listener {
	return store.Listener{
		Generation: service.OnGeneration,
		KeyChanged: func(hash []byte) {
			if len(hash) == len(auth.Hash{}) {
				verifier.Invalidate(auth.Hash(hash))
			}
		},
		TenantChanged: func(tenant uuid.UUID, state string) {
			server.TenantChanged(tenant, state)
			if state == store.TenantGone {
				a.index.Forget(tenant)
				go answers.Forget(ctx, tenant)
			}
		},
		Connected: func() {
			verifier.InvalidateAll()
			go a.index.ForgetMissing(ctx, a.store.GoneTenants)
		},
	}
}

func (a *app) apiDeps(o serverOptions, verifier *auth.Verifier, starter *workflows.Starter, service *search.Service) api.Deps {
	var proxies []string
	for _, p := range a.cfg.TrustedProxies {
		proxies = append(proxies, p.String())
	}
	return api.Deps{
		Store: a.store, Verifier: verifier, Starter: starter, IndexKeeper: a.workflows, Recoverer: a.workflows, Backfiller: a.workflows,
		Tenants: tenantKeeper{a.workflows}, MaxExportBytes: int64(a.cfg.ExportMaxBytes),
		Search: service, Metrics: a.metrics, Tracing: a.tracing,
		Version: a.version, Environment: string(a.cfg.Environment),
		Development: o.development, SingleTenant: !a.cfg.MultiTenantMode,
		MaxRunningJobs:  a.cfg.MaxRunningJobsPerTenant,
		ShutdownTimeout: a.cfg.ShutdownTimeout, DrainDelay: a.cfg.DrainDelay, MaxDocumentBytes: int(a.cfg.MaxDocumentBytes),
		GrafanaURL: a.cfg.GrafanaURL, JaegerURL: a.cfg.JaegerURL,
		TrustedProxies: proxies,
		WebhookSender:  a.sender, WebhookSealer: a.sealer, Models: a.models,
	}
}

// redis is nil without REDIS_URL.
func (a *app) redis() (redis.UniversalClient, error) {
	if a.cfg.RedisURL == "" {
		slog.Info("no REDIS_URL: answers are cached in this process only")
		return nil, nil //nolint:nilnil // nil is a value here: no Redis
	}
	options, err := a.cfg.Redis()
	if err != nil {
		return nil, err
	}
	return cache.NewRedisClient(options, 0), nil
}

func (a *app) newCache(client redis.UniversalClient) *cache.Cache {
	return cache.New(cache.Options{
		Disabled: !a.cfg.CacheEnabled, Prefix: a.cfg.CachePrefix, MaxMemoryItems: a.cfg.CacheMaxMemoryItems,
		MaxMemoryBytes: int64(a.cfg.CacheMaxMemoryBytes), TTL: a.cfg.CacheDefaultTTL, Redis: client,
	})
}

// storeAdminKey makes ADMIN_API_KEY work before the first request. With a
// database that is not there yet it returns what tries until it is.
func (a *app) storeAdminKey(ctx context.Context) (later func(context.Context)) {
	nothing := func(context.Context) {}
	if a.cfg.AdminAPIKey == "" {
		return nothing
	}
	first, cancel := context.WithTimeout(ctx, bootstrapTimeout)
	defer cancel()
	err := a.tryStoreAdminKey(first)
	if err == nil {
		return nothing
	}
	return func(ctx context.Context) {
		for err != nil {
			slog.WarnContext(ctx, "ADMIN_API_KEY could not be stored yet", "error", err)
			select {
			case <-ctx.Done():
				return
			case <-time.After(bootstrapRetry):
				err = a.tryStoreAdminKey(ctx)
			}
		}
	}
}

func (a *app) tryStoreAdminKey(ctx context.Context) error {
	key, err := auth.Parse(a.cfg.AdminAPIKey.Reveal())
	if err != nil {
		return err
	}
	tenant, err := a.store.EnsureTenant(ctx, domain.DefaultTenantSlug, "Default")
	if err != nil {
		return err
	}
	_, err = a.store.EnsureAPIKey(ctx, tenant.ID, store.NewAPIKey{
		Name: "ADMIN_API_KEY", Description: "from the environment", Key: key, Scopes: auth.Scopes(auth.ScopePlatform),
	})
	return err
}

// popularQueries reads what is suggested as queries.
func popularQueries(from *store.Store) func(context.Context, uuid.UUID) ([]search.PopularQuery, error) {
	return func(ctx context.Context, tenant uuid.UUID) ([]search.PopularQuery, error) {
		found, err := from.PopularQueries(ctx, tenant, time.Now())
		popular := make([]search.PopularQuery, len(found))
		for i, q := range found {
			popular[i] = search.PopularQuery{Query: q.Query, Searches: q.Searches}
		}
		return popular, err
	}
}
