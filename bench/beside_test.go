package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/apiclient"
	"github.com/rustassistant/rustassistant/internal/testenv"
)

// corpusFile has three documents, two of them about cats.
func corpusFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "docs.jsonl")
	require.NoError(t, os.WriteFile(path, []byte(`{"_id":"a","title":"Cats","text":"The cat sleeps <b>all</b> day."}
{"external_id":"b","title":"Dogs","content":"A dog barks at cats."}

{"_id":"c","title":"Fish","text":"Nothing to see but water."}
`), 0o600))
	return path
}

func queryFile(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "queries_short.txt")
	require.NoError(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600))
	return path
}

func TestBleveFindsAnyOfTheWordsWithSnippets(t *testing.T) {
	t.Parallel()
	b, err := newBleve(t.TempDir())
	require.NoError(t, err)
	n, err := b.index(t.Context(), &corpus{path: corpusFile(t)})
	require.NoError(t, err)
	require.Equal(t, 3, n)
	res, err := b.ask(t.Context(), "sleeping cat")
	require.NoError(t, err)
	require.Len(t, res.Hits, 2)
	require.Equal(t, "a", res.Hits[0].ID)
	require.Contains(t, res.Hits[0].Fragments["text"][0], "<mark>cat</mark>")
	require.Contains(t, b.name(), "Bleve")
	require.NoError(t, b.close(t.Context()))
	require.NoDirExists(t, b.dir)
}

func TestPostgresFindsAnyOfTheWordsWithSnippets(t *testing.T) {
	t.Parallel()
	p, err := newPostgres(t.Context(), testenv.EmptyDatabaseURL(t), 2)
	require.NoError(t, err)
	n, err := p.index(t.Context(), &corpus{path: corpusFile(t)})
	require.NoError(t, err)
	require.Equal(t, 3, n)
	hits, err := p.ask(t.Context(), "sleeping cat")
	require.NoError(t, err)
	require.Len(t, hits, 2)
	require.Equal(t, "a", hits[0].ID)
	require.Contains(t, hits[0].Snippet, "<b>cat</b>")
	hits, err = p.ask(t.Context(), "the of ' & | !")
	require.NoError(t, err)
	require.Empty(t, hits)
	require.NoError(t, p.close(t.Context()))
}

func TestBesidePrintsOneTable(t *testing.T) {
	t.Setenv("DATABASE_URL", testenv.EmptyDatabaseURL(t))
	args := []string{
		"--file", corpusFile(t), "--queries", queryFile(t, "cat", "dog barks"), "--engines", "bleve,postgres",
		"--clients", "1,2", "--duration", "100ms", "--warmup", "0s", "--dir", t.TempDir(),
	}
	var out bytes.Buffer
	require.NoError(t, beside(t.Context(), append(args, "--markdown"), &out, io.Discard))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 4)
	require.Equal(t, "| engine | documents/s | short p50 / p99 ms, 1 client | short answers/s, 2 clients |", lines[0])
	require.Contains(t, lines[2], "| Bleve")
	require.Contains(t, lines[3], "| PostgreSQL")

	out.Reset()
	require.NoError(t, beside(t.Context(), append(args, "--json", "--limit", "2"), &out, io.Discard))
	var r report
	require.NoError(t, json.Unmarshal(out.Bytes(), &r))
	require.Len(t, r.Engines, 2)
	for _, e := range r.Engines {
		require.Equal(t, 2, e.Documents)
		require.Len(t, e.Searches, 2)
		for _, s := range e.Searches {
			require.Positive(t, s.Answers)
			require.Zero(t, s.Errors)
			require.LessOrEqual(t, s.P50, s.P99)
		}
	}
}

func TestTheServerIsAskedPastItsCache(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/search" {
			if r.Header.Get("Cache-Control") != "no-cache" || r.Header.Get("X-Tenant") != "beside" {
				w.WriteHeader(http.StatusTeapot)
				return
			}
			asked.Add(1)
		}
		fmt.Fprint(w, `{"status":"ok"}`)
	}))
	t.Cleanup(ts.Close)
	e, err := newOurs(t.Context(), apiclient.Options{BaseURL: ts.URL, Tenant: "beside", RetryFor: -1}, "keyword", true)
	require.NoError(t, err)
	m, err := e.search(t.Context(), load{queries: []string{"a", "b"}, clients: 2, duration: 100 * time.Millisecond})
	require.NoError(t, err)
	require.Zero(t, m.errors)
	require.InDelta(t, asked.Load(), m.latency.TotalCount(), 4)

	_, err = newOurs(t.Context(), apiclient.Options{BaseURL: "http://127.0.0.1:1", Tenant: "x", RetryFor: -1}, "keyword", true)
	require.ErrorContains(t, err, "make dev")
}

func TestTheClosedLoopTakesTurnsAndCounts(t *testing.T) {
	t.Parallel()
	var n [3]atomic.Int64
	l := load{queries: []string{"0", "1", "2"}, clients: 3, duration: 200 * time.Millisecond}
	m, err := closedLoop(t.Context(), l, func(_ context.Context, query string) error {
		n[query[0]-'0'].Add(1)
		<-time.After(5 * time.Millisecond)
		return nil
	})
	require.NoError(t, err)
	total := n[0].Load() + n[1].Load() + n[2].Load()
	require.Equal(t, total-1, m.latency.TotalCount(), "all but the first, which only tries")
	require.InDelta(t, n[1].Load(), n[2].Load(), 1)
	require.GreaterOrEqual(t, m.latency.Min(), int64(4900))
	require.InDelta(t, float64(m.latency.TotalCount())/m.elapsed.Seconds(), m.rate(), 0.001)

	first := true
	m, err = closedLoop(t.Context(), load{queries: l.queries, clients: 1, duration: 20 * time.Millisecond}, func(context.Context, string) error {
		if first {
			first = false
			return nil
		}
		<-time.After(time.Millisecond)
		return errors.New("no")
	})
	require.NoError(t, err)
	require.Positive(t, m.errors)
	require.Zero(t, m.latency.TotalCount())
	_, err = closedLoop(t.Context(), l, func(context.Context, string) error { return errors.New("down") })
	require.ErrorContains(t, err, "down")
}

func TestTheReportTellsWhatFailed(t *testing.T) {
	t.Parallel()
	m := &measured{latency: newHistogram(), elapsed: 2 * time.Second, errors: 3}
	for i := 1; i <= 100; i++ {
		require.NoError(t, m.latency.RecordValue(int64(i)*1000))
	}
	r := &report{Clients: []int{1, 4}, Engines: []engineReport{
		{Name: "broken", Error: "index: no room"},
		{Name: "fine", Documents: 300, IndexSeconds: 2, Searches: []searchReport{newSearchReport("long", 1, m), newSearchReport("long", 4, m)}},
	}}
	var out strings.Builder
	require.NoError(t, r.write(&out, formatMarkdown))
	require.Equal(t, `| engine | documents/s | long p50 / p99 ms, 1 client | long answers/s, 4 clients |
|---|---|---|---|
| broken | - | - | - |
| fine | 150 | 50.02 / 99.01 (3 errors) | 50 (3 errors) |
broken: index: no room
`, out.String())
}

func TestBadFlagsSayWhatToDo(t *testing.T) {
	t.Setenv("DATABASE_URL", "")
	t.Setenv("TEST_DATABASE_URL", "")
	good := map[string]string{"--file": corpusFile(t), "--queries": queryFile(t, "x"), "--engines": "bleve"}
	for problem, change := range map[string][2]string{
		"is not a file of documents":  {"--file", t.TempDir()},
		"holds no queries":            {"--queries", queryFile(t)},
		"there is no engine \"solr\"": {"--engines", "solr"},
		"set DATABASE_URL":            {"--engines", "postgres"},
		"write numbers from 1":        {"--clients", "0"},
		"must be above 0":             {"--duration", "0s"},
		"holds no documents":          {"--file", queryFile(t)},
		"is no document":              {"--file", queryFile(t, "not json")},
	} {
		args := []string{}
		for name, value := range good {
			if name != change[0] {
				args = append(args, name, value)
			}
		}
		_, err := parseFlags(append(args, change[0], change[1]), io.Discard)
		require.ErrorContains(t, err, problem)
	}
}
