package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSearchSendsWhatItsFlagsSay(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t).on("POST /api/search", 200, `{"type":"hybrid"}`)
	_, _, err := api.run("search", "cheap", "car", "--weights", "0.5,1", "--fusion", "rrf", "--min-score", "0", "--language", "de",
		"--prefix", "never", "--typo-tolerance", "off", "--filter", "tags=a", "--sort", "created_at:desc", "--facet", "tags",
		"--group-by", "none", "--limit", "3", "--explain", "--no-cache", "--tenant", "acme")
	require.NoError(t, err)
	require.Len(t, api.requests(), 1)
	asked := api.requests()[0]
	require.JSONEq(t, `{"query":"cheap car","type":"hybrid","limit":3,"filters":{"tags":"a"},"sort":["created_at:desc"],
		"facets":[{"field":"tags"}],"group_by":"none","explain":true,"weights":{"keyword":0.5,"vector":1},"fusion":"rrf","min_score":0,
		"language":"de","prefix":"never","typo_tolerance":"off"}`, asked.body)
	require.Equal(t, "no-cache", asked.header.Get("Cache-Control"))
	require.Equal(t, "acme", asked.header.Get("X-Tenant"))
	require.Equal(t, "k", asked.header.Get("X-API-Key"))

	_, _, err = api.run("search", "car")
	require.NoError(t, err)
	require.JSONEq(t, `{"query":"car","type":"hybrid","limit":10}`, api.requests()[1].body, "what is not given is the server's choice")
}

func TestSearchRefusesBadFlagsBeforeItAsks(t *testing.T) {
	t.Parallel()
	for flags, problem := range map[string]string{
		"--weights 1": "give two numbers", "--weights 1,2,3": "give two numbers", "--weights 1,x": "weights", "--min-score low": "min-score",
		"--filter tags": "field=value",
	} {
		api := newFakeAPI(t)
		_, _, err := api.run(append([]string{"search", "q"}, strings.Fields(flags)...)...)
		require.ErrorContains(t, err, problem, flags)
		require.Empty(t, api.requests())
	}
}

func TestSearchTellsWhatTheServerRefuses(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t).on("POST /api/search", 422,
		`{"code":"invalid_argument","detail":"the request is not valid","errors":[{"field":"fusion","message":"must be minmax or rrf"}]}`)
	_, _, err := api.run("search", "q", "--fusion", "magic")
	require.ErrorContains(t, err, "fusion must be minmax or rrf")
}

func TestSearchTellsHowTheQueryWasUnderstood(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t).on("POST /api/search", 200, `{"type":"hybrid","answered_by":"keyword","notice":"not trained yet: 2 of 500 passages",
		"corrections":[{"word":"kuberntes","used":["kubernetes","kubernete"]}],"dropped_phrases":["no such"],
		"vectors":{"model":"m","covered":4,"chunks":9},"total_results":1,"total_relation":"gte","execution_time_ms":1.25,
		"results":[{"title":"A\u001b[31m","score":0.5,"content":"text","external_id":"e"}],
		"groups":[{"value":null,"total_results":2,"results":[]}],
		"facets":[{"field":"metadata.price","exact":false,"total_values":2,"values":[{"value":5,"count":3}],"stats":{"count":3,"min":1,"max":9,"avg":4.5}}]}`)
	out, _, err := api.run("search", "kuberntes")
	require.NoError(t, err)
	require.Equal(t, []string{
		"at least 1 documents in 1.2 ms (hybrid, answered by keyword)",
		"not trained yet: 2 of 500 passages",
		"kuberntes: also searched kubernetes, kubernete",
		`"no such" occurs nowhere as written: its words were searched`,
		"4 of 9 passages have vectors so far, the others are found by their words",
		"", " 1. A[31m  0.500", "    text", "    e",
		"", "-  2 documents",
		"", "metadata.price  2 values, not exact", "       3  5", "       3  from 1 to 9, on average 4.5",
	}, strings.Split(strings.TrimSpace(out), "\n"))
	out, _, err = api.run("search", "kuberntes", "--json")
	require.NoError(t, err)
	require.Contains(t, out, `"dropped_phrases":["no such"]`)
}

// explained returns what search --explain prints of score_details.
func explained(t *testing.T, details string) string {
	t.Helper()
	api := newFakeAPI(t).on("POST /api/search", 200, `{"type":"hybrid","results":[{"title":"T","score":0.9,"score_details":`+details+`}]}`)
	out, _, err := api.run("search", "q", "--explain")
	require.NoError(t, err)
	var lines []string
	for _, line := range strings.Split(out, "\n")[4:] {
		lines = append(lines, oneLine(line))
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

func TestExplainShowsEachBranch(t *testing.T) {
	t.Parallel()
	const passages = `"passages":[{"chunk_id":"c-0","weight":1,"score":2.5,"terms":[
		{"term":"car","field":"text","tf":1,"df":2,"idf":1.5,"length":10,"average_length":20,"contribution":2.5,"variant":"synonym","factor":0.8}]}]`
	terms := "passage c-0: 2.500 × 1.00\nterm field tf df idf length adds\ncar (synonym × 0.8) text 1 2 1.500 10 of ~20 2.500"
	require.Equal(t, terms, explained(t, `{"keyword":{"score":2.5,`+passages+`}}`), "one branch alone has nothing to join")
	require.Equal(t, strings.Join([]string{
		"branch rank score counted as weight adds",
		"keyword 3 2.500 0.500 of 0.000 to 5.000 0.80 0.4000",
		"vector - 0.250 0.000 of 0.400 to 0.900 0.20 0.0000",
		"joined by minmax: 0.4000", terms,
	}, "\n"), explained(t, `{"keyword":{"rank":3,"score":2.5,"low":0,"high":5,"normalized":0.5,"weight":0.8,"contribution":0.4,`+passages+`},
		"vector":{"rank":null,"score":0.25,"low":0.4,"high":0.9,"normalized":0,"weight":0.2,"contribution":0},"fusion":{"method":"minmax","score":0.4}}`))
	require.Equal(t, "branch rank score counted as weight adds\nvector 2 0.250 - 0.50 0.0081\njoined by rrf: 0.0081",
		explained(t, `{"vector":{"rank":2,"score":0.25,"weight":0.5,"contribution":0.00806},"fusion":{"method":"rrf","score":0.00806}}`))
	require.Equal(t, "branch rank score counted as weight adds\nvector 1 0.812 - - -",
		explained(t, `{"vector":{"rank":1,"score":0.812},"fusion":{"method":"none","score":0.812}}`))
	require.Contains(t, explained(t, `{"keyword":{"rank":null,"score":2.5,"passages":[]},"fusion":{"method":"minmax","score":0,"behind_pool":true}}`),
		"behind the results that were joined")
	require.Equal(t, "{\n\"other\": 1\n}", explained(t, `{"other":1}`), "what is not known is shown as it is")
}

func TestBenchSearchWarnsWhenKeywordAnswers(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t).on("POST /api/search", 200, `{"type":"hybrid","answered_by":"keyword","notice":"not trained yet","results":[]}`)
	args := []string{"bench", "search", "--queries", benchQueries(t), "--duration", "20ms", "--warmup", "0s", "--type"}
	_, errOut, err := api.run(append(args, "hybrid")...)
	require.NoError(t, err)
	require.Contains(t, errOut, "WARNING: hybrid is answered by keyword, so that is measured: not trained yet")
	_, errOut, err = api.run(append(args, "keyword")...)
	require.NoError(t, err)
	require.NotContains(t, errOut, "WARNING")
}
