package api

import (
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	adminui "github.com/rustassistant/rustassistant/admin-ui"
	"github.com/rustassistant/rustassistant/internal/analytics"
	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/embed/registry"
	"github.com/rustassistant/rustassistant/internal/quota"
	"github.com/rustassistant/rustassistant/internal/ratelimit"
	"github.com/rustassistant/rustassistant/internal/store"
	"github.com/rustassistant/rustassistant/internal/telemetry"
	"github.com/rustassistant/rustassistant/internal/webhook"
)

// Deps are what a Server works with. Store, Verifier, Starter, Search and Metrics
// are needed; the zero value of everything else is sensible.
type Deps struct {
	Store    *store.Store
	Verifier *auth.Verifier
	Starter  Starter
	Search   Searcher
	Metrics  *telemetry.Metrics
	// Tracing makes a span of each request; nil makes none.
	Tracing *telemetry.Tracing
	// IndexKeeper starts rebuilds and compactions.
	IndexKeeper IndexKeeper
	// Recoverer starts the recoveries of webhooks; those that are not started here
	// are started by a schedule.
	Recoverer Recoverer
	// Tenants makes tenants and starts what is done with them.
	Tenants TenantKeeper
	// MaxExportBytes bounds what all exports of tenants together may take; 0 is no bound.
	MaxExportBytes int64
	// Backfiller starts the back-fills of analytics, as Recoverer does.
	Backfiller Backfiller
	// Warm is closed when the busiest tenants are loaded, or have had their time:
	// until then /readyz says no. nil is warm.
	Warm <-chan struct{}
	// WebhookSender judges the addresses of webhooks as the worker's does; https to
	// public addresses by default. WebhookSealer encrypts their secrets; without it
	// none can be made.
	WebhookSender *webhook.Sender
	WebhookSealer *webhook.Sealer
	// Models say which embedding model is configured; nil for none.
	Models *registry.Registry
	// Analytics records searches; nil records none.
	Analytics SearchRecorder
	// UserIDs hashes the users of recorded searches; nil leaves them as they are.
	UserIDs *analytics.UserHasher
	// SearchEvents is how recorded searches are told to webhooks, for the catalogue.
	SearchEvents domain.SearchEmission
	// Checks are asked by the health endpoints beside database and temporal.
	Checks []Check

	Version     string
	Environment string
	// Development is the principal of loopback requests without a key; nil, the
	// default, gives every such request 401.
	Development *auth.Principal
	// SingleTenant refuses to create tenants.
	SingleTenant bool
	// TrustedProxies are addresses or CIDRs whose X-Forwarded-For is believed.
	TrustedProxies []string
	// ShutdownTimeout is how long running requests may go on after Run's context
	// ends, 30 s by default; DrainDelay is how long /readyz says no before that,
	// so that a load balancer looks elsewhere first.
	ShutdownTimeout, DrainDelay time.Duration
	// MaxDocumentBytes bounds one content, domain.MaxContentBytes by default.
	MaxDocumentBytes int
	// MaxBulkBytes bounds a bulk request after decompression, 1 GiB by default.
	MaxBulkBytes int64
	// MaxBulkRequests is how many bulk requests may run at once, 4 by default:
	// each holds a database connection and a few batches in memory.
	MaxBulkRequests int
	// MaxRunningJobs is how many indexing jobs of a tenant run at once, for the answers
	// that tell of it; 0 for any number.
	MaxRunningJobs int
	// KeyLimits limits keys that have a rate of their own; in this process alone by
	// default.
	KeyLimits *ratelimit.Shared
	// Addresses that the dashboard links to; may be empty.
	GrafanaURL, JaegerURL string
}

func (d Deps) withDefaults() Deps {
	setDefault(&d.Version, "dev")
	setDefault(&d.Environment, "development")
	setDefault(&d.ShutdownTimeout, 30*time.Second)
	setDefault(&d.MaxDocumentBytes, domain.MaxContentBytes)
	setDefault(&d.MaxBulkBytes, 1<<30)
	setDefault(&d.MaxBulkRequests, 4)
	if d.Models == nil {
		d.Models = registry.None()
	}
	if d.WebhookSender == nil {
		d.WebhookSender = webhook.NewSender(webhook.Options{})
	}
	if d.KeyLimits == nil {
		d.KeyLimits = ratelimit.NewShared(nil, "")
	}
	return d
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Server answers HTTP requests. Its background work runs in Run, or in Background
// for those who serve Handler themselves.
type Server struct {
	deps    Deps
	started time.Time
	engine  *gin.Engine
	api     huma.API
	routes  map[string]*route // by key
	csrf    *http.CrossOriginProtection

	tenants      *tenantCache
	keyUse       *keyUse
	meter        *quota.Meter
	searches     *quota.Searches
	fullness     *prometheus.GaugeVec
	fullTenants  *prometheus.GaugeVec
	authFailures *ratelimit.Limiter
	signIns      *ratelimit.Limiter
	keyLimits    *ratelimit.Shared
	bulkSlots    chan struct{}
	eventSlots   chan struct{}
	largeSlots   chan struct{}
	goodKeys     *goodKeys
	health       *healthCache
	jobWorld     jobWorld
	draining     chan struct{} // closed when the server stops taking requests
	openAPI      []byte
	docs         []byte
}

// Limits that protect the process, not a plan of prices.
const (
	// authFailuresPerMinute is by client address; a wrong key in a loop is slowed,
	// a person who mistypes is not.
	authFailuresPerMinute = 60
	signInsPerMinute      = 10
	maxEventStreams       = 256
)

// New returns a Server that is ready to serve.
func New(deps Deps) (*Server, error) {
	s := newServer(deps)
	if err := s.engine.SetTrustedProxies(s.deps.TrustedProxies); err != nil {
		return nil, fmt.Errorf("read the trusted proxies: %w", err)
	}
	if err := s.renderDocs(); err != nil {
		return nil, err
	}
	s.registerQuotaMetrics()
	return s, nil
}

// OpenAPI returns the OpenAPI 3.1 document, as /api/openapi.json serves it.
func OpenAPI(version string) ([]byte, error) {
	return newServer(Deps{Version: version}).api.OpenAPI().MarshalJSON()
}

func newServer(deps Deps) *Server {
	deps = deps.withDefaults()
	gin.SetMode(gin.ReleaseMode)
	s := &Server{
		deps: deps, started: time.Now(), engine: gin.New(), routes: map[string]*route{}, csrf: http.NewCrossOriginProtection(),
		tenants: newTenantCache(deps.Store), keyUse: newKeyUse(deps.Store),
		meter: quota.NewMeter(deps.Store), searches: quota.NewSearches(deps.Store),
		authFailures: ratelimit.New(ratelimit.PerMinute(authFailuresPerMinute), 0),
		signIns:      ratelimit.New(ratelimit.PerMinute(signInsPerMinute), 0),
		keyLimits:    deps.KeyLimits,
		bulkSlots:    make(chan struct{}, deps.MaxBulkRequests), eventSlots: make(chan struct{}, maxEventStreams),
		largeSlots: make(chan struct{}, maxLargeBodies), goodKeys: newGoodKeys(),
		health: &healthCache{}, draining: make(chan struct{}),
	}
	s.csrf.SetDenyHandler(nil)
	s.engine.HandleMethodNotAllowed = true
	s.engine.RedirectTrailingSlash = false
	s.engine.ContextWithFallback = false
	s.middleware()
	s.api = humagin.New(s.engine, humaConfig(deps.Version))
	for _, r := range s.routeTable() {
		s.routes[r.key()] = &r
		r.endpoint.register(s, r.operation())
		r.documentAlso(s.api.OpenAPI())
	}
	s.pages()
	return s
}

// middleware is the order of what happens to every request. The log is outside of
// the recovery, so that a panic is logged and counted as the 500 it was answered with.
func (s *Server) middleware() {
	s.trace()
	s.engine.Use(s.identify, s.observe, s.recover, s.secure, s.authenticate, s.limitBody)
}

// pages are the routes that are not operations of the API.
func (s *Server) pages() {
	dashboard := gin.WrapH(adminui.Handler())
	s.engine.GET("/admin", dashboard)
	s.engine.GET("/admin/*path", dashboard)
	s.engine.GET("/", func(c *gin.Context) { c.Redirect(http.StatusFound, "/admin") })
	s.engine.GET("/problems/:code", func(c *gin.Context) {
		c.Redirect(http.StatusFound, "/api/docs#problem-"+string(kindOf(domain.Code(c.Param("code"))).code))
	})
	s.engine.NoRoute(func(c *gin.Context) { fail(c, domain.NotFound("the page or operation was")) })
	s.engine.NoMethod(func(c *gin.Context) {
		fail(c, domain.Errorf(codeMethodNotAllowed, "use one of: %s", c.Writer.Header().Get("Allow")))
	})
}

// ServeHTTP implements http.Handler. HEAD is GET whose body net/http drops.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead {
		get := *r
		get.Method = http.MethodGet
		r = &get
	}
	s.engine.ServeHTTP(w, r)
}
