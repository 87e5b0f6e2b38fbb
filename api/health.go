package api

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
)

const (
	// healthTTL keeps the public health page from being a way to load the servers behind it.
	healthTTL    = time.Second
	checkTimeout = 2 * time.Second
)

// The states of a service and of the whole.
const (
	stateOK       = "ok"
	stateDegraded = "degraded"
	stateDown     = "down"
	stateOff      = "off"
)

// Service is the health of one part.
type Service struct {
	Name      string   `json:"name" example:"database"`
	Status    string   `json:"status" enum:"ok,degraded,down,off"`
	LatencyMS *float64 `json:"latency_ms" nullable:"true" doc:"Of the check; null when there was nothing to ask."`
	Detail    string   `json:"detail" doc:"What is wrong, in words; may be empty."`
}

// Check asks one more service beside those that the server knows: database, redis,
// temporal, index, worker.
type Check struct {
	Name string
	// Run returns the state (ok, degraded, down, off) and a detail that everybody may see.
	Run func(ctx context.Context) (state, detail string)
}

// Health is the public health.
type Health struct {
	Status        string            `json:"status" enum:"ok,degraded,down"`
	Version       string            `json:"version"`
	UptimeSeconds int64             `json:"uptime_seconds"`
	Services      map[string]string `json:"services" doc:"State by name."`
}

type healthOutput struct {
	Status int
	Body   Health
}

func (s *Server) getHealth(ctx context.Context, _ *struct{}) (*healthOutput, error) {
	services, status := s.checkHealth(ctx)
	out := &healthOutput{Status: http.StatusOK, Body: Health{
		Status: status, Version: s.deps.Version, UptimeSeconds: s.uptime(), Services: make(map[string]string, len(services)),
	}}
	if status == stateDown {
		out.Status = http.StatusServiceUnavailable
	}
	for _, service := range services {
		out.Body.Services[service.Name] = service.Status
	}
	return out, nil
}

func (s *Server) uptime() int64 { return int64(time.Since(s.started).Seconds()) }

// healthCache holds the last answers for a moment, and whether the database was
// ever there.
type healthCache struct {
	mu       sync.Mutex
	services []Service
	until    time.Time
	reached  atomic.Bool
}

// checkHealth asks every service, all at once, and at most once a second.
func (s *Server) checkHealth(ctx context.Context) (services []Service, status string) {
	h := s.health
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Now().After(h.until) {
		// A caller that leaves must not make the others see failures.
		ask, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
		defer cancel()
		h.services = s.runChecks(ask)
		h.until = time.Now().Add(healthTTL)
	}
	return h.services, overall(h.services)
}

func (s *Server) runChecks(ctx context.Context) []Service {
	checks := append(s.ownChecks(), s.deps.Checks...)
	out := make([]Service, len(checks))
	var all sync.WaitGroup
	for i, c := range checks {
		all.Go(func() {
			start := time.Now()
			state, detail := c.Run(ctx)
			out[i] = Service{Name: c.Name, Status: state, Detail: detail}
			if state != stateOff {
				took := float64(time.Since(start).Microseconds()) / 1000
				out[i].LatencyMS = &took
			}
		})
	}
	all.Wait()
	return out
}

func (s *Server) ownChecks() []Check {
	return []Check{
		{"database", s.checkDatabase},
		{"redis", s.checkRedis},
		{"temporal", s.checkTemporal},
		{"index", s.checkIndex},
		{"worker", s.checkWorker},
	}
}

func (s *Server) checkDatabase(ctx context.Context) (state, detail string) {
	if err := s.deps.Store.Ping(ctx); err != nil {
		return stateDown, "the database does not answer; searches are answered from what is loaded, writes are refused"
	}
	s.health.reached.Store(true)
	return stateOK, ""
}

func (s *Server) checkRedis(context.Context) (state, detail string) {
	redis := s.deps.Search.Stats().Cache.Redis
	switch {
	case !redis.Configured:
		return stateOff, "not configured; answers are cached in this process only"
	case !redis.Connected:
		return stateDegraded, "Redis does not answer; everything works, slower"
	}
	return stateOK, ""
}

func (s *Server) checkTemporal(ctx context.Context) (state, detail string) {
	if err := s.deps.Starter.Health(ctx); err != nil {
		return stateDegraded, "Temporal does not answer; writes are accepted and indexed when it is back"
	}
	return stateOK, ""
}

func (s *Server) checkIndex(context.Context) (state, detail string) {
	if s.deps.Search.Stats().Stale {
		return stateDegraded, "new commits cannot be seen at the moment; answers may be stale"
	}
	return stateOK, ""
}

func (s *Server) checkWorker(ctx context.Context) (state, detail string) {
	workers, err := s.deps.Starter.Workers(ctx)
	switch {
	case err != nil:
		return stateDegraded, "unknown while Temporal does not answer"
	case workers == 0:
		return stateDegraded, "no worker is running; documents are accepted and wait"
	}
	return stateOK, ""
}

// overall is down without the database, and degraded without any other part.
func overall(services []Service) string {
	status := stateOK
	for _, service := range services {
		switch {
		case service.Name == "database" && service.Status == stateDown:
			return stateDown
		case service.Status == stateDown, service.Status == stateDegraded:
			status = stateDegraded
		}
	}
	return status
}

// livez says that the process can answer at all.
func (s *Server) livez(c *gin.Context) { c.String(http.StatusOK, "ok\n") }

// readyz says whether a load balancer should send requests here. A database that
// was there before and is away now does not make the server useless: it searches.
func (s *Server) readyz(c *gin.Context) {
	select {
	case <-s.draining:
		c.String(http.StatusServiceUnavailable, "stopping\n")
		return
	default:
	}
	if !s.health.reached.Load() {
		s.checkHealth(c.Request.Context())
	}
	if !s.health.reached.Load() {
		c.String(http.StatusServiceUnavailable, "the database was not reached yet\n")
		return
	}
	if s.deps.Warm != nil {
		select {
		case <-s.deps.Warm:
		default:
			c.String(http.StatusServiceUnavailable, "the busiest tenants are being loaded\n")
			return
		}
	}
	c.String(http.StatusOK, "ok\n")
}

func (s *Server) metrics(c *gin.Context) {
	s.deps.Metrics.Handler().ServeHTTP(c.Writer, c.Request)
}

func documentProbe(_ huma.API, op *huma.Operation) {
	op.Responses["200"] = &huma.Response{Description: "Yes."}
}
