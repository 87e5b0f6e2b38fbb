package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

const embeddingsPath = "/api/admin/embeddings"

func TestEmbeddingsStatusShowsModelsAndProgress(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t).on("GET "+embeddingsPath, 200, `{"state":"changing","reason":"a answers while b is made",
		"configured":{"provider":"openai","model":"b"},
		"model":{"name":"a","provider":"builtin","dimensions":256,"trained_chunks":900},
		"target":{"name":"b","provider":"openai","dimensions":8,"stage":"embed","done":3,"total":10,"waiting":"status 503"},
		"previous":{"name":"z","provider":"builtin","dimensions":256},
		"last_failure":{"model":"c","code":"wrong_dimensions","reason":"7 instead of 8"},
		"coverage":{"chunks":1000,"with_vectors":990},"minimum":500,"workflow_url":"http://t/w"}`)
	out, _, err := api.run("embeddings", "status", "--tenant", "acme")
	require.NoError(t, err)
	for _, line := range []string{
		"state        changing: a answers while b is made\n", "configured   openai b\n",
		"answers      a of builtin, 256 dimensions, learnt from 900 passages\n", "in the making b of openai, 8 dimensions\n",
		"progress     embed, 3 of 10\n", "waits for    status 503\n", "former       z of builtin, 256 dimensions (rollback brings it back)\n",
		"failure      c: 7 instead of 8 (wrong_dimensions)\n", "passages     1000, of these 990 with vectors; a first model needs 500\n",
		"workflow     http://t/w\n",
	} {
		require.Contains(t, out, line)
	}
	require.Equal(t, "acme", api.requests()[0].header.Get("X-Tenant"))
	out, _, err = api.run("embeddings", "status", "--json")
	require.NoError(t, err)
	var state struct{ State string }
	require.NoError(t, json.Unmarshal([]byte(out), &state))
	require.Equal(t, "changing", state.State)
}

func TestEmbeddingsAreTrainedTakenBackAndGivenUp(t *testing.T) {
	t.Parallel()
	for _, action := range []string{"train", "rollback", "cancel"} {
		api := newFakeAPI(t).
			on("POST "+embeddingsPath+"/"+action, 200, `{"state":"cold","reason":"done","configured":{"provider":"builtin"}}`).
			on("POST "+embeddingsPath+"/"+action, 409, `{"code":"conflict","detail":"there is nothing to do"}`)
		out, _, err := api.run("embeddings", action)
		require.NoError(t, err)
		require.Contains(t, out, "cold: done")
		_, _, err = api.run("embeddings", action)
		require.ErrorContains(t, err, "there is nothing to do")
		require.Len(t, api.requests(), 2)
	}
}
