package api

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
)

// takeSearch takes one search of the tenant's quota of the day. A tenant without one
// pays nothing.
func (s *Server) takeSearch(ctx context.Context, p *auth.Principal) error {
	if p.Limits.SearchesPerDay == nil {
		return nil
	}
	return s.searches.Take(ctx, p.TenantID)
}

// countSearch counts a search that takeSearch let through. One that was not answered
// is given back.
func (s *Server) countSearch(p *auth.Principal, err error) {
	switch {
	case err == nil:
		s.meter.Search(p.TenantID)
	case p.Limits.SearchesPerDay != nil:
		s.searches.GiveBack(p.TenantID)
	}
}

// registerQuotaMetrics tells of limits that could not be kept to: they fail open.
func (s *Server) registerQuotaMetrics() {
	if s.deps.Metrics == nil { // only the OpenAPI document is wanted
		return
	}
	s.fullness = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "quota_usage_ratio", Help: "The highest share of a quota that any tenant uses; 1 is all of it.",
	}, []string{"quota"})
	s.fullTenants = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "quota_tenants", Help: "Tenants that use at least 80 % of a quota (warning), and those that use all of it (full).",
	}, []string{"quota", "level"})
	for _, c := range []prometheus.Collector{
		s.fullness, s.fullTenants,
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "quota_unchecked_searches_total", Help: "Searches that were answered while quotas of the day could not be asked for; they are counted later.",
		}, func() float64 { return float64(s.searches.Unchecked.Load()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "rate_limit_failures_total", Help: "Requests that Redis did not answer for in time: each server limits for itself then.",
		}, func() float64 { return float64(s.keyLimits.Failures.Load()) }),
	} {
		// Servers of one process may share a registry; the first one speaks for all.
		_ = s.deps.Metrics.Registry.Register(c)
	}
}

// fullnessEvery is how often the gauges of quotas are set.
const fullnessEvery = time.Minute

// watchQuotas sets the gauges of quotas until ctx ends.
func (s *Server) watchQuotas(ctx context.Context) {
	if s.fullness == nil {
		return
	}
	tick := time.NewTicker(fullnessEvery)
	defer tick.Stop()
	for {
		if err := s.readFullness(ctx); err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, "the usage of quotas could not be read for the metrics", slog.Any("error", err))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (s *Server) readFullness(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, handlerTimeout)
	defer cancel()
	all, err := s.deps.Store.QuotaFullness(ctx)
	if err != nil {
		return err
	}
	for _, name := range domain.QuotaNames {
		if name == domain.QuotaRequestsPerMinute { // counted nowhere
			continue
		}
		f := all[name]
		s.fullness.WithLabelValues(string(name)).Set(f.Highest)
		s.fullTenants.WithLabelValues(string(name), "warning").Set(float64(f.Warned))
		s.fullTenants.WithLabelValues(string(name), "full").Set(float64(f.Full))
	}
	return nil
}
