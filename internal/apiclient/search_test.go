package apiclient

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
)

func TestSeveralSearchesHaveAnswersAndProblemsInTheirOrder(t *testing.T) {
	t.Parallel()
	c, seen := server(t, answer(200, `{"results":[
		{"cache":"hit","answer":{"type":"hybrid","answered_by":"keyword","total_results":2}},
		{"problem":{"status":422,"code":"invalid_argument","detail":"not valid","request_id":"r-9","errors":[{"field":"limit","message":"is 0"}]}}]}`))
	got, err := c.SearchMulti(t.Context(), []*SearchRequest{{Query: "a"}, {Query: "b", NoCache: true}})
	require.NoError(t, err)
	require.Len(t, got, 2)
	require.Nil(t, got[0].Problem)
	require.Equal(t, "HIT", got[0].Answer.Cache)
	require.Equal(t, "keyword", got[0].Answer.AnsweredBy)
	require.Equal(t, 2, got[0].Answer.TotalResults)
	require.Nil(t, got[1].Answer)
	require.Equal(t, &Error{
		Status: 422, Code: domain.CodeInvalid, Detail: "not valid", RequestID: "r-9", Fields: []domain.FieldError{{Field: "limit", Message: "is 0"}},
	}, got[1].Problem)
	require.Equal(t, "/api/search/multi", seen()[0].path)
	require.JSONEq(t, `{"searches":[{"query":"a"},{"query":"b"}]}`, seen()[0].body)
	require.Equal(t, "no-cache", seen()[0].header.Get("Cache-Control"))

	c, _ = server(t, answer(200, `{"results":[]}`))
	_, err = c.SearchMulti(t.Context(), []*SearchRequest{{Query: "a"}})
	require.ErrorContains(t, err, "answered 1 searches with 0 results")
}

func TestOptionsOfAQueryAreSentAsTheyAre(t *testing.T) {
	t.Parallel()
	c, seen := server(t, answer(200, `{"corrections":[{"word":"a","used":["b"]}],"dropped_phrases":["x y"],"vectors":{"model":"m","covered":1,"chunks":2}}`))
	zero := 0.0
	res, err := c.Search(t.Context(), &SearchRequest{
		Query: "q", Weights: &Weights{Keyword: 1}, Fusion: "rrf", MinScore: &zero, Language: "de", Prefix: "never", Typos: "off",
	})
	require.NoError(t, err)
	require.JSONEq(t, `{"query":"q","weights":{"keyword":1,"vector":0},"fusion":"rrf","min_score":0,"language":"de","prefix":"never","typo_tolerance":"off"}`, seen()[0].body)
	require.Equal(t, []Correction{{"a", []string{"b"}}}, res.Corrections)
	require.Equal(t, []string{"x y"}, res.DroppedPhrases)
	require.Equal(t, &Coverage{"m", 1, 2}, res.Vectors)
}

func TestSuggestKeepsTheSpaceAtTheEnd(t *testing.T) {
	t.Parallel()
	c, seen := server(t, answer(200, `{"suggestions":[{"kind":"word","text":"rust async","matches":[[0,4]]}]}`))
	got, err := c.Suggest(t.Context(), "rust & ", 3)
	require.NoError(t, err)
	require.Equal(t, []Suggestion{{Kind: "word", Text: "rust async", Matches: [][2]int{{0, 4}}}}, got)
	require.Equal(t, "/api/suggest?limit=3&q=rust+%26+", seen()[0].path)
}

func TestSettingsGoBackAsTheyCame(t *testing.T) {
	t.Parallel()
	const settings = `{"stop_words":["x"],"of_a_newer_server":{"a":1},"version":3,"updated_at":null}`
	c, seen := server(t, answer(200, settings), problem(503, "", `{}`), problem(409, "", `{"code":"conflict","detail":"at version 4 by now"}`))
	got, err := c.SearchSettings(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 3, got.Version)
	_, err = c.PutSearchSettings(t.Context(), got.Raw)
	require.True(t, IsConflict(err), "%v", err)
	require.Len(t, seen(), 3, "a conflict is not tried again, a server that is away is")
	for _, r := range seen()[1:] {
		require.Equal(t, "PUT", r.method)
		require.JSONEq(t, settings, r.body)
	}
}
