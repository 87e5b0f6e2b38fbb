package main

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

const backfillPath = "/api/admin/analytics/backfill"

func TestABackfillIsFollowedToItsEnd(t *testing.T) {
	t.Parallel()
	state := func(state string, hours int) string {
		return fmt.Sprintf(`{"id":"b1","state":%q,"hours":%d,"total_hours":48,"error":"disk full","from":"2026-01-01T00:00:00Z","to":"2026-01-03T00:00:00Z"}`, state, hours)
	}
	api := newFakeAPI(t).on("POST "+backfillPath, 202, state("running", 0)).
		on("GET "+backfillPath+"s/b1", 200, state("running", 24)).on("GET "+backfillPath+"s/b1", 200, state("completed", 48))
	out, _, err := api.run("analytics", "backfill", "--from", "2026-01-01", "--to", "2026-01-03", "--wait", "--tenant", "acme")
	require.NoError(t, err)
	require.Equal(t, "b1 running: 0 of 48 hours, from 2026-01-01T00:00:00Z to 2026-01-03T00:00:00Z\n"+
		"b1 running: 24 of 48 hours, from 2026-01-01T00:00:00Z to 2026-01-03T00:00:00Z\n"+
		"b1 completed: 48 of 48 hours, from 2026-01-01T00:00:00Z to 2026-01-03T00:00:00Z\n", out)
	require.Equal(t, "acme", api.requests()[0].header.Get("X-Tenant"))

	api = newFakeAPI(t).on("POST "+backfillPath, 202, state("running", 0)).on("GET "+backfillPath+"s/b1", 200, state("failed", 24))
	_, _, err = api.run("analytics", "backfill", "--wait")
	require.ErrorContains(t, err, "the back-fill is failed disk full")

	api = newFakeAPI(t).on("POST "+backfillPath, 409, `{"code":"conflict","detail":"the back-fill b0 runs already"}`)
	_, _, err = api.run("analytics", "backfill")
	require.ErrorContains(t, err, "runs already")

	api = newFakeAPI(t).on("POST "+backfillPath+"s/b1/cancel", 200, state("canceled", 24))
	out, _, err = api.run("analytics", "backfill", "--cancel", "b1")
	require.NoError(t, err)
	require.Contains(t, out, "b1 canceled: 24 of 48 hours")
}
