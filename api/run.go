package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Limits of connections. Bodies that may take longer have deadlines of their own
// (bulk_stream.go, job_events.go).
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 2 * time.Minute
	writeTimeout      = 5 * time.Minute
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 32 << 10
)

// Run serves the listener until ctx ends and then drains: /readyz says no, the
// load balancer gets DrainDelay to notice, running requests get ShutdownTimeout to
// end, and what was counted is written. It returns nil after a drain in time.
func (s *Server) Run(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler: s, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug),
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var beside sync.WaitGroup
	beside.Go(func() { s.Background(background) })
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	var err error
	select {
	case err = <-served:
	case <-ctx.Done():
		err = s.drain(ctx, server)
	}
	stop()
	beside.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Background does what runs beside the requests, until ctx ends.
func (s *Server) Background(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() { s.keyUse.run(ctx) })
	all.Go(func() { s.meter.Run(ctx) })
	all.Go(func() { s.searches.Run(ctx) })
	all.Go(func() { s.watchQuotas(ctx) })
	all.Wait()
}

// drain ends the server. ctx has ended already.
func (s *Server) drain(ctx context.Context, server *http.Server) error {
	close(s.draining)
	<-time.After(s.deps.DrainDelay)
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.deps.ShutdownTimeout)
	defer cancel()
	if err := server.Shutdown(limit); err != nil {
		closing := server.Close()
		return errors.Join(fmt.Errorf("requests were still running after %s: %w", s.deps.ShutdownTimeout, err), closing)
	}
	return nil
}
