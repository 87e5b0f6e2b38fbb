package api

import "context"

// AdminHealth is the health in detail.
type AdminHealth struct {
	Status        string     `json:"status" enum:"ok,degraded,down"`
	Version       string     `json:"version"`
	Environment   string     `json:"environment"`
	UptimeSeconds int64      `json:"uptime_seconds"`
	Services      []Service  `json:"services"`
	Links         AdminLinks `json:"links"`
}

// AdminLinks are the addresses of other tools; empty when not configured.
type AdminLinks struct {
	TemporalUI string `json:"temporal_ui"`
	Grafana    string `json:"grafana"`
	Jaeger     string `json:"jaeger"`
}

type adminHealthOutput struct{ Body AdminHealth }

func (s *Server) getAdminHealth(ctx context.Context, _ *struct{}) (*adminHealthOutput, error) {
	services, status := s.checkHealth(ctx)
	return &adminHealthOutput{AdminHealth{
		Status: status, Version: s.deps.Version, Environment: s.deps.Environment, UptimeSeconds: s.uptime(), Services: services,
		Links: AdminLinks{TemporalUI: s.deps.Starter.UIURL(), Grafana: s.deps.GrafanaURL, Jaeger: s.deps.JaegerURL},
	}}, nil
}
