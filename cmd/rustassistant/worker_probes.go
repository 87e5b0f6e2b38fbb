package main

import (
	"context"
	"io"
	"net/http"
	"time"

	"go.temporal.io/sdk/client"
)

// probeTimeout bounds what a probe asks others.
const probeTimeout = 2 * time.Second

// probes serves /livez and /readyz of a worker. It is ready while it takes work:
// Temporal and the database answer, and it was not told to stop.
func (a *app) probes(running context.Context, mux *http.ServeMux) {
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if why := a.whyNotReady(running, r.Context()); why != "" {
			http.Error(w, why, http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "ok\n")
	})
}

func (a *app) whyNotReady(running, ctx context.Context) string {
	if running.Err() != nil {
		return "stopping"
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	if err := a.store.Ping(ctx); err != nil {
		return "the database does not answer"
	}
	if _, err := a.temporal.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return "Temporal does not answer"
	}
	return ""
}
