package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// judged writes a collection of one document and one query.
func judged(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"corpus.jsonl": `{"_id":"d1","text":"apple"}`, "queries.jsonl": `{"_id":"q1","text":"apple"}`, "qrels.tsv": "q1\td1\t1",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text+"\n"), 0o600))
	}
	return dir
}

// evalAPI has the collection when it was imported.
func evalAPI(t *testing.T, answer string) *fakeAPI {
	t.Helper()
	return newFakeAPI(t).
		on("POST /api/admin/tenants", 201, `{}`).
		on("GET /api/stats", 200, `{"documents":{"total":0}}`).
		on("POST /api/documents/bulk", 202, `{"job_id":"j","accepted":1,"queued":1}`).
		on("GET /api/index/jobs/j", 200, `{"state":"completed","done":1,"total":1}`).
		on("POST /api/search", 200, answer)
}

func TestEvalAsksHybridWhenEveryPassageHasAVector(t *testing.T) {
	t.Parallel()
	api := evalAPI(t, `{"type":"hybrid","results":[{"external_id":"d1"}]}`).
		on("GET "+embeddingsPath, 200, `{"state":"training","reason":"the first model is made"}`).
		on("GET "+embeddingsPath, 200, `{"state":"active","coverage":{"chunks":1,"with_vectors":1}}`)
	out, errOut, err := api.run("eval", judged(t), "--type", "keyword,hybrid")
	require.NoError(t, err)
	require.Contains(t, errOut, "vectors: training: the first model is made")
	require.NotContains(t, out, "answered by")
	var order []string
	for _, r := range api.requests() {
		if r.what == "GET "+embeddingsPath || r.what == "POST /api/search" {
			order = append(order, r.what)
		}
	}
	require.Equal(t, []string{"GET " + embeddingsPath, "GET " + embeddingsPath, "POST /api/search", "POST /api/search"}, order)
}

func TestEvalSaysWhatAnsweredWhereThereAreNoVectors(t *testing.T) {
	t.Parallel()
	api := evalAPI(t, `{"type":"semantic","answered_by":"keyword","notice":"not trained yet","results":[{"external_id":"d1"}]}`).
		on("GET "+embeddingsPath, 200, `{"state":"cold","reason":"1 of 500 passages","minimum":500,"coverage":{"chunks":1}}`)
	out, errOut, err := api.run("eval", judged(t), "--type", "semantic")
	require.NoError(t, err)
	require.Contains(t, errOut, "vectors: 1 of 500 passages; asking all the same")
	require.Contains(t, out, "semantic (answered by keyword)")
	require.Contains(t, out, ", semantic (answered by keyword): not trained yet; 1 of 500 passages\n")
}

func TestEvalOfKeywordNeedsNoVectors(t *testing.T) {
	t.Parallel()
	api := evalAPI(t, `{"type":"keyword","results":[]}`)
	_, _, err := api.run("eval", judged(t))
	require.NoError(t, err)
	for _, r := range api.requests() {
		require.NotContains(t, r.what, embeddingsPath)
	}
}
