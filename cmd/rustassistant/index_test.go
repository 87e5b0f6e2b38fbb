package main

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/reindex"
)

const indexPath = "/api/admin/index"

func TestIndexRebuildIsFollowedToItsEnd(t *testing.T) {
	t.Parallel()
	state := func(state, stage string, documents int) string {
		return fmt.Sprintf(`{"rebuild":{"id":"r1","state":%q,"stage":%q,"documents":%d,"total":9,"generation":7,"error":"disk full",
			"started_at":"2026-01-01T00:00:00Z","finished_at":"2026-01-01T00:00:02Z"}}`, state, stage, documents)
	}
	started := `{"status":"started","rebuild_id":"r1","workflow_id":"rebuild/x","workflow_url":"http://t/w"}`
	api := newFakeAPI(t).on("POST "+indexPath+"/rebuild", 202, started).
		on("GET "+indexPath, 200, state("running", "build", 3)).
		on("GET "+indexPath, 200, state("completed", "done", 9))
	out, _, err := api.run("index", "rebuild", "--tenant", "acme")
	require.NoError(t, err)
	require.Equal(t, "started: workflow rebuild/x: http://t/w\nbuild: 3 of 9 documents\ncompleted in 2s: 9 documents, generation 7\n", out)
	require.Equal(t, "acme", api.requests()[0].header.Get("X-Tenant"))

	api = newFakeAPI(t).on("POST "+indexPath+"/rebuild", 202, started).on("GET "+indexPath, 200, state("failed", "build", 3))
	_, _, err = api.run("index", "rebuild")
	require.ErrorContains(t, err, "the rebuild ended as failed: disk full")

	api = newFakeAPI(t).on("POST "+indexPath+"/rebuild", 202, started)
	_, _, err = api.run("index", "rebuild", "--detach")
	require.NoError(t, err)
	require.Len(t, api.requests(), 1, "not followed")

	api = newFakeAPI(t).on("POST "+indexPath+"/rebuild", 409, `{"code":"conflict","detail":"a rebuild runs already"}`)
	_, _, err = api.run("index", "rebuild")
	require.ErrorContains(t, err, "a rebuild runs already")
}

func TestIndexRebuildIsCanceledAndCompactIsAskedFor(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t).on("POST "+indexPath+"/rebuild/cancel", 200, `{"status":"canceled","workflow_id":"rebuild/x"}`).
		on("POST "+indexPath+"/compact", 202, `{"status":"started","workflow_id":"compact/x"}`)
	out, _, err := api.run("index", "rebuild", "--cancel")
	require.NoError(t, err)
	require.Equal(t, "canceled: workflow rebuild/x\n", out)
	out, _, err = api.run("index", "compact")
	require.NoError(t, err)
	require.Equal(t, "started: workflow compact/x\n", out)
}

// command runs a command of the program to its end.
func (c *cluster) command(args ...string) (string, error) {
	c.t.Helper()
	env := []string{"RUSTASSISTANT_API_KEY=" + c.key, fmt.Sprintf("RUSTASSISTANT_SERVER=http://127.0.0.1:%d", c.port)}
	p := c.start(env, args...)
	err := p.wait()
	return p.log.String(), err
}

// A whole life of an index by its commands: looked into, found sound, damaged, found out, and mended by a rebuild.
func TestIndexCommandsOnARealIndex(t *testing.T) {
	c := newCluster(t)
	const n = 12
	c.startServer()
	c.start(nil, "worker")
	out, err := c.command("import", writeDocuments(t, n), "--tenant", "default") // one request, so one segment
	require.NoError(t, err, out)

	out, err = c.command("index", "inspect", "--term", "filler")
	require.NoError(t, err, out)
	require.Contains(t, out, fmt.Sprintf("%d documents", n))
	require.Contains(t, oneLine(out), fmt.Sprintf(`TERM "filler" (of "filler") %d passages, 0 titles`, n))
	out, err = c.command("index", "inspect", "--json")
	require.NoError(t, err, out)
	var seen reindex.Inspection
	require.NoError(t, json.Unmarshal([]byte(out), &seen), out)
	require.Len(t, seen.Segments, 1)
	out, err = c.command("index", "inspect", "--segment", seen.Segments[0].ID.String())
	require.NoError(t, err, out)
	require.Contains(t, out, "SECTION")
	for _, args := range [][]string{{"--segment", "x"}, {"--segment", "00000000-0000-0000-0000-000000000001"}, {"--tenant", "nobody"}} {
		out, err = c.command(append([]string{"index", "inspect"}, args...)...)
		require.Error(t, err, out)
	}
	out, err = c.command("index", "compact")
	require.NoError(t, err, out)
	require.Contains(t, out, "workflow compact/")

	for _, args := range [][]string{{"--deep"}, {"--all"}} {
		out, err = c.command(append([]string{"index", "verify"}, args...)...)
		require.NoError(t, err, out)
		require.Contains(t, out, "default: sound:")
	}
	c.damageSegments()
	out, err = c.command("index", "verify")
	require.Error(t, err, "it ends with 1")
	require.Contains(t, out, "PROBLEM: ")
	out, err = c.command("index", "verify", "--json")
	require.Error(t, err)
	var reports map[string]reindex.Report
	require.NoError(t, json.Unmarshal([]byte(out), &reports), out)
	require.NotEmpty(t, reports["default"].Problems)

	out, err = c.command("index", "rebuild")
	require.NoError(t, err, out)
	require.Contains(t, out, fmt.Sprintf("%d documents, generation", n))
	out, err = c.command("index", "verify", "--deep")
	require.NoError(t, err, out)
	require.Contains(t, out, "default: sound:")
}

// damageSegments changes a byte of every stored segment.
func (c *cluster) damageSegments() {
	c.t.Helper()
	conn, err := pgx.Connect(c.t.Context(), c.env[0][len("DATABASE_URL="):])
	require.NoError(c.t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	tag, err := conn.Exec(c.t.Context(), "UPDATE index_segment_parts SET data = set_byte(data, 100, 255 - get_byte(data, 100))")
	require.NoError(c.t, err)
	require.NotZero(c.t, tag.RowsAffected())
}
