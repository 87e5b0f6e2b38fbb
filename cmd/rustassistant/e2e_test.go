package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// statsBody is what the tests read of /api/stats.
type statsBody struct {
	Documents struct {
		Total      int `json:"total"`
		Searchable int `json:"searchable"`
	} `json:"documents"`
}

// found is what the tests read of an answer.
type found struct {
	Results []struct {
		ExternalID string `json:"external_id"`
		Title      string `json:"title"`
	} `json:"results"`
	TotalResults int `json:"total_results"`
}

func (c *cluster) searchable() int {
	var s statsBody
	_, _ = c.call(http.MethodGet, "/api/stats", nil, &s)
	return s.Documents.Searchable
}

func (c *cluster) search(query string) (f found) {
	c.t.Helper()
	status, err := c.call(http.MethodPost, "/api/search", map[string]any{"query": query, "type": "keyword", "limit": 20}, &f)
	require.NoError(c.t, err)
	require.Equal(c.t, http.StatusOK, status)
	return f
}

// word is a word that only document n has, whatever the stemmer does.
func word(n int) string { return fmt.Sprintf("zq%dx", n) }

func writeDocuments(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	for i := range n {
		sub := filepath.Join(dir, fmt.Sprintf("part%d", i%7))
		require.NoError(t, os.MkdirAll(sub, 0o755))
		text := fmt.Sprintf("# Document %d\n\nThe word of this document is %s. %s\n", i, word(i), strings.Repeat("Filler about durable work. ", 20))
		require.NoError(t, os.WriteFile(filepath.Join(sub, fmt.Sprintf("doc%d.md", i)), []byte(text), 0o644))
	}
	return dir
}

// everyDocumentOnce checks that each document is found by its word, once.
func (c *cluster) everyDocumentOnce(n, step int) {
	c.t.Helper()
	for i := 0; i < n; i += step {
		f := c.search(word(i))
		require.Equal(c.t, 1, f.TotalResults, "document %d", i)
		require.Contains(c.t, f.Results[0].Title, fmt.Sprintf("Document %d", i))
	}
}

func TestAnImportSurvivesKilledWorkers(t *testing.T) {
	c := newCluster(t)
	const n = 3000
	dir := writeDocuments(t, n)
	c.startServer()
	worker := c.start(nil, "worker")
	imp := c.start([]string{"RUSTASSISTANT_API_KEY=" + c.key}, "import", dir, "--tenant", "default",
		"--server", fmt.Sprintf("http://127.0.0.1:%d", c.port), "--batch", "500")
	for _, part := range []int{n / 6, n / 2} {
		c.eventually("the import is on its way", func() bool { return c.searchable() >= part })
		worker.kill()
		worker = c.start(nil, "worker")
	}
	require.NoError(t, imp.wait(), imp.log.String())
	c.eventually("everything is searchable", func() bool { return c.searchable() == n })
	c.everyDocumentOnce(n, 97)
	var s statsBody
	_, err := c.call(http.MethodGet, "/api/stats", nil, &s)
	require.NoError(t, err)
	require.Equal(t, n, s.Documents.Total, "nothing doubled")
}

func TestAKilledServerLosesNoAcknowledgedDocument(t *testing.T) {
	c := newCluster(t)
	server := c.startServer()
	c.start(nil, "worker")
	acknowledged := map[int]bool{}
	statuses := map[int]int{}
	deadline := time.Now().Add(patience)
	for n, kills := 0, 0; kills < 2 && time.Now().Before(deadline); n++ {
		status, _ := c.call(http.MethodPost, "/api/documents", map[string]any{
			"title": fmt.Sprintf("Document %d", n), "content": "The word is " + word(n), "external_id": fmt.Sprint(n),
		}, nil)
		statuses[status]++
		if status == http.StatusAccepted {
			acknowledged[n] = true
		}
		if n%40 == 39 {
			kills++
			server.kill()
			server = c.startServer()
		}
	}
	require.Greater(t, len(acknowledged), 70, "%v", statuses)
	c.eventually("every acknowledged document is searchable", func() bool { return c.searchable() >= len(acknowledged) })
	for n := range acknowledged {
		require.Equal(t, 1, c.search(word(n)).TotalResults, "document %d", n)
	}
}

func TestDocumentsAcceptedWithoutTemporalAreIndexedWhenItIsBack(t *testing.T) {
	c := newCluster(t)
	away := fmt.Sprintf("TEMPORAL_ADDRESS=127.0.0.1:%d", freePort(t))
	server := c.startServer(away)
	for n := range 5 {
		status, err := c.call(http.MethodPost, "/api/documents", map[string]any{"title": fmt.Sprintf("Document %d", n), "content": word(n)}, nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusAccepted, status)
	}
	require.Zero(t, c.searchable())
	require.NoError(t, server.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, server.wait())

	c.startServer()
	c.start(nil, "worker")
	c.eventually("they are indexed", func() bool { return c.searchable() == 5 })
	c.everyDocumentOnce(5, 1)
}

func TestServerWorkerAndMigrateReportAllOfABadConfiguration(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"server", "worker", "migrate"} {
		c := &cluster{t: t, env: []string{"DATABASE_URL=nonsense", "DATABASE_POOL_SIZE=-1", "HOME=" + t.TempDir()}}
		p := c.start(nil, role)
		require.Error(t, p.wait())
		require.Contains(t, p.log.String(), "DATABASE_URL")
		require.Contains(t, p.log.String(), "DATABASE_POOL_SIZE")
	}
}

func TestDevRunsKeepsItsDataAndLeavesNoProcess(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	require.NoError(t, os.Chmod(data, 0o711)) // root runs PostgreSQL as another user
	c := &cluster{t: t, port: freePort(t)}
	c.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "XDG_CACHE_HOME=" + os.Getenv("XDG_CACHE_HOME"),
		"DEV_DATA_DIR=" + data, fmt.Sprintf("SERVER_PORT=%d", c.port),
		fmt.Sprintf("DEV_TEMPORAL_PORT=%d", freePort(t)), fmt.Sprintf("DEV_TEMPORAL_UI_PORT=%d", freePort(t)),
		"DEV_POSTGRES_PORT=0", "DEV_REDIS_PORT=0", "SHUTDOWN_TIMEOUT=5s",
	}
	dev := c.start(nil, "dev")
	c.eventually("dev is ready", func() bool { return strings.Contains(dev.log.String(), "RustAssistant is ready") })
	require.Contains(t, dev.log.String(), "ra_live_", "the admin key is shown at the first start")
	c.key = "wrong"
	status, err := c.call(http.MethodPost, "/api/documents", map[string]any{"title": "Document 1", "content": word(1)}, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, status, "a wrong key is refused also in development")
	c.key = ""
	status, err = c.call(http.MethodPost, "/api/documents", map[string]any{"title": "Document 1", "content": word(1)}, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusAccepted, status)
	c.eventually("it is found", func() bool { return c.search(word(1)).TotalResults == 1 })
	c.stop(dev, data)

	again := c.start(nil, "dev")
	c.eventually("dev is ready again", func() bool { return strings.Contains(again.log.String(), "RustAssistant is ready") })
	require.NotContains(t, again.log.String(), "ra_live_", "and not at later ones")
	require.Equal(t, 1, c.search(word(1)).TotalResults)
	c.stop(again, data)
}

// stop presses Ctrl-C and looks for what is left behind.
func (c *cluster) stop(p *process, data string) {
	c.t.Helper()
	require.NoError(c.t, p.cmd.Process.Signal(os.Interrupt))
	require.NoError(c.t, p.wait(), p.log.tail(2000))
	procs, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(c.t, err)
	for _, name := range procs {
		line, err := os.ReadFile(name)
		if err == nil {
			require.NotContains(c.t, string(line), data, "a process is left")
		}
	}
}
