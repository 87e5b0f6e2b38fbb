package api

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
)

// shelf is a search environment with five documents of different kinds.
func shelf(t *testing.T) *searchEnv {
	t.Helper()
	e := newSearchEnv(t)
	lines := `{"title":"Go channels","content":"concurrency with channels","doc_type":"guide","tags":["go"],"metadata":{"price":30,"lang":"en","day":"2026-01-01"}}
{"title":"Rust async","content":"concurrency with futures","doc_type":"guide","tags":["rust","async"],"metadata":{"price":10,"lang":"de","day":"2026-01-03"}}
{"title":"Rust threads","content":"concurrency with threads","doc_type":"api","tags":["rust"],"metadata":{"price":20,"lang":"en"}}
{"title":"Java locks","content":"concurrency with locks","doc_type":"api","metadata":{"price":"on request","lang":7}}
{"title":"Cooking","content":"no such thing"}
`
	bulk := e.do("POST", "/api/documents/bulk", lines, "Content-Type", "application/x-ndjson").is(202).json()
	e.commit(e.tenant.ID, uuid.MustParse(bulk["job_id"].(string)))
	return e
}

func titles(results []SearchResult) (all []string) {
	for _, r := range results {
		all = append(all, r.Title)
	}
	return all
}

func TestSortedPagesAreStable(t *testing.T) {
	t.Parallel()
	e := shelf(t)
	var all []string
	cursor := ""
	for pages := 0; ; pages++ {
		require.Less(t, pages, 5)
		_, out := e.search(`{"query": "concurrency", "sort": [{"field": "metadata.price", "order": "desc"}], "limit": 2` + cursor + `}`)
		require.EqualValues(t, 4, out.TotalResults)
		require.Equal(t, "keyword", out.AnsweredBy)
		all = append(all, titles(out.Results)...)
		if out.NextCursor == nil {
			break
		}
		cursor = `, "cursor": "` + *out.NextCursor + `"`
	}
	require.Equal(t, []string{"Go channels", "Rust threads", "Rust async", "Java locks"}, all)
	e.do("POST", "/api/search", `{"query": "concurrency", "sort": "metadata.price"`+cursor+`}`).problem(422, domain.CodeInvalid).names(t, "cursor")
	_, out := e.search(`{"query": "concurrency", "sort": "metadata.day:desc", "limit": 2}`)
	require.Equal(t, []string{"Rust async", "Go channels"}, titles(out.Results))
}

func TestFacetsGroupsAndConditionsThroughTheAPI(t *testing.T) {
	t.Parallel()
	e := shelf(t)
	a, out := e.search(`{"query": "concurrency", "filters": {"doc_type": "guide", "metadata": {"price": {"gte": 5}}}, "facets": ["tags",
		{"field": "doc_type", "exclude_own_filter": true}, {"field": "metadata.price", "ranges": [{"to": 20, "label": "cheap"}, {"from": 20}]}, "created_at"]}`)
	require.ElementsMatch(t, []string{"Go channels", "Rust async"}, titles(out.Results))
	require.Equal(t, []SearchFacetValue{{"async", 1}, {"go", 1}, {"rust", 1}}, out.Facets[0].Values)
	require.Equal(t, []SearchFacetValue{{"guide", 2}, {"api", 1}}, out.Facets[1].Values)
	require.Equal(t, []SearchFacetValue{{10.0, 1}, {30.0, 1}}, out.Facets[2].Values)
	require.Equal(t, []int{1, 1}, []int{out.Facets[2].Ranges[0].Count, out.Facets[2].Ranges[1].Count})
	require.InDelta(t, 20, *out.Facets[2].Stats.Avg, 1e-9)
	require.IsType(t, "", out.Facets[3].Stats.Min)
	requireDocumented(t, a.body)

	a, out = e.search(`{"query": "concurrency", "group_by": "metadata.lang", "group_size": 1, "limit": 2}`)
	requireDocumented(t, a.body)
	require.Empty(t, out.Results)
	require.Equal(t, 3, out.TotalGroups)
	require.Len(t, out.Groups, 2)
	first := out.Groups
	_, out = e.search(`{"query": "concurrency", "group_by": "metadata.lang", "group_size": 1, "limit": 2, "cursor": "` + *out.NextCursor + `"}`)
	require.Len(t, out.Groups, 1)
	require.Nil(t, out.NextCursor)
	require.ElementsMatch(t, []any{"en", "de", 7.0}, []any{first[0].Value, first[1].Value, out.Groups[0].Value})

	for filter, want := range map[string]int{
		`"doc_type": {"ne": "guide"}`: 2, `"tags": {"exists": false}`: 1, `"metadata.lang": {"in": ["en", 7]}`: 3,
		`"metadata.lang": "7"`: 0, `"metadata.day": {"gte": "2026-01-02"}`: 1, `"created_at": {"gte": "2020-01-01"}`: 4,
		`"metadata": {"price": {"lt": 30, "ne": 10}}`: 1,
	} {
		_, out := e.search(`{"query": "concurrency", "filters": {` + filter + `}}`)
		require.EqualValues(t, want, out.TotalResults, filter)
	}
	deep := strings.Repeat(`{"not":`, 50) + `{"tags": "a"}` + strings.Repeat("}", 50)
	e.do("POST", "/api/search", `{"query": "q", "filters": `+deep+`}`).problem(422, domain.CodeInvalid)
}

// requireDocumented says that an answer has nothing but what the OpenAPI document has.
func requireDocumented(t *testing.T, body []byte) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	require.NoError(t, dec.Decode(&SearchAnswer{}), "%s", body)
}

func TestOnlyWhatIsIncludedIsThere(t *testing.T) {
	t.Parallel()
	e := shelf(t)
	a, _ := e.search(`{"query": "channels", "include": ["title", "highlights"], "highlight": {"fragments": 1, "size": 20}}`)
	var out struct{ Results []map[string]any }
	a.into(&out)
	var names []string
	for name := range out.Results[0] {
		names = append(names, name)
	}
	require.ElementsMatch(t, []string{"document_id", "chunk_id", "score", "title", "highlights"}, names)
	require.Len(t, out.Results[0]["highlights"], 1)
}

func TestSeveralSearchesEachWithItsOutcome(t *testing.T) {
	t.Parallel()
	e := shelf(t)
	a := e.do("POST", "/api/search/multi", `{"searches": [{"query": "rust"}, {"query": "q", "limit": 0}, {"query": "cooking"}]}`).is(200)
	var out MultiSearchAnswer
	a.into(&out)
	require.Len(t, out.Results, 3)
	require.EqualValues(t, 2, out.Results[0].Answer.TotalResults)
	require.Equal(t, "MISS", out.Results[0].Cache)
	require.Equal(t, domain.CodeInvalid, out.Results[1].Problem.Code)
	require.Equal(t, "limit", out.Results[1].Problem.Errors[0].Field)
	require.Equal(t, []string{"Cooking"}, titles(out.Results[2].Answer.Results))
	require.EqualValues(t, 2, e.do("GET", "/api/stats", nil).is(200).json()["search"].(map[string]any)["requests"])
	e.do("POST", "/api/search/multi", `{"searches": []}`).problem(422, domain.CodeInvalid).names(t, "searches")
	e.do("POST", "/api/search/multi", `{"searches": [{"query": "q"}]}`, "X-API-Key", e.key(e.tenant, auth.ScopeDocumentsRead)).problem(403, domain.CodePermissionDenied)
}

func TestSuggestThroughTheAPI(t *testing.T) {
	t.Parallel()
	e := shelf(t)
	suggest := func(q string, headers ...string) []any {
		return e.do("GET", "/api/suggest?limit=5&q="+url.QueryEscape(q), nil, headers...).is(200).json()["suggestions"].([]any)
	}
	var texts []string
	for _, s := range suggest("rust a") {
		texts = append(texts, s.(map[string]any)["text"].(string))
	}
	require.Equal(t, []string{"Rust async"}, texts)
	require.Equal(t, "concurrency", suggest("concurren")[0].(map[string]any)["text"])
	require.Empty(t, suggest("concurren", "X-API-Key", e.foreign), "nothing of another tenant")
	require.Empty(t, suggest("💥"))
	for _, bad := range []string{"", "%20", "%00", "%ff", strings.Repeat("x", 257)} {
		e.do("GET", "/api/suggest?q="+bad, nil).problem(422, domain.CodeInvalid).names(t, "q")
	}
	e.do("GET", "/api/suggest?q=x&limit=21", nil).problem(422, domain.CodeInvalid).names(t, "limit")
}
