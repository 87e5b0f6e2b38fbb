package main

import (
	"io"
	"net"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/config"
	"github.com/rustassistant/rustassistant/internal/telemetry"
)

func TestAWorkerServesItsMetricsAndATakenPortStopsNothing(t *testing.T) {
	t.Parallel()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := free.Addr().(*net.TCPAddr)
	require.NoError(t, free.Close())
	a := &app{
		cfg:     &config.Config{ServerHost: "127.0.0.1", WorkerMetricsPort: address.Port},
		metrics: telemetry.NewMetrics("test", ""),
	}
	stop := a.serveWorkerMetrics(t.Context())
	defer stop()
	url := "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(address.Port)) + "/metrics"
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Contains(t, string(body), `webhook_attempts_total{outcome="delivered"} 0`)

	a.serveWorkerMetrics(t.Context())() // as a second worker on this machine
	a.cfg.WorkerMetricsPort = 0
	a.serveWorkerMetrics(t.Context())()
}
