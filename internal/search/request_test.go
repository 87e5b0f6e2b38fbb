package search

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index"
)

func decode(t testing.TB, body string) *Request {
	t.Helper()
	r, err := Decode([]byte(body))
	require.NoError(t, err, body)
	return r
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	r := decode(t, `{"query": "rust", "filters": null, "limit": null}`)
	require.Equal(t, NewRequest("rust"), r)
	require.Equal(t, TypeHybrid, r.Type)
	require.Equal(t, 10, r.Limit)
	require.True(t, r.Highlight)
}

func TestEveryFieldIsRead(t *testing.T) {
	t.Parallel()
	r := decode(t, `{"query": "q", "search_type": "keyword", "type": "keyword", "limit": 100, "highlight": false,
		"group_by": "none", "explain": true, "user_id": "u", "filters": {
			"doc_type": "guide", "tags": ["b", "a", "b"], "metadata.lang": ["go", 1, true],
			"metadata": {"author": {"name": "x"}}, "metadata.year": {"gte": 2020, "exists": true},
			"date_from": "2026-01-02", "date_to": "2026-01-02", "or": [{"repo_id": "r"}, {"not": {"source_type": "web"}}]}}`)
	from, to, year := float64(1767312000000), float64(1767398399999), 2020.0
	want := index.And(
		index.In("doc_type", index.String("guide")),
		index.In("tags", index.String("a"), index.String("b")),
		index.In("metadata.lang", index.String("go"), index.Number(1), index.Bool(true)),
		index.In("metadata.author.name", index.String("x")),
		index.And(index.Range("metadata.year", index.Bounds{GTE: &year}), index.Exists("metadata.year")),
		index.Or(index.In("repo_id", index.String("r")), index.Not(index.In("source_type", index.String("web")))),
		index.Range("created_at", index.Bounds{GTE: &from, LTE: &to}),
	)
	normalize(want)
	require.Equal(t, want, r.Filter)
	require.NoError(t, r.Filter.Validate())
	require.Equal(t, Request{
		Query: "q", Type: TypeKeyword, Limit: 100, GroupBy: GroupNone, Explain: true, UserID: "u", Filter: want,
		Prefix: PrefixAuto, Typos: TyposAuto,
	}, *r)
}

func TestBadRequestsNameTheirFields(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, fields string }{
		"no query":         {`{}`, "query"},
		"blank query":      {`{"query": " \t\n"}`, "query"},
		"long query":       {`{"query": "` + strings.Repeat("x", 100<<10) + `"}`, "query"},
		"NUL":              {`{"query": "a\u0000b"}`, "query"},
		"UTF-8":            {"{\"query\": \"a\xffb\"}", "query"},
		"number as query":  {`{"query": 7}`, "query"},
		"unknown":          {`{"query": "q", "qeury": 1}`, "qeury"},
		"case":             {`{"query": "q", "Limit": 1}`, "Limit"},
		"twice":            {`{"query": "q", "query": "p"}`, "query"},
		"all at once":      {`{"query": "", "limit": 0, "type": "fuzzy", "group_by": "x"}`, "query type limit group_by"},
		"sort":             {`{"query": "q", "sort": [{"field": "title"}]}`, "sort"},
		"sort order":       {`{"query": "q", "sort": ["created_at:up"]}`, "sort[0]"},
		"sort object":      {`{"query": "q", "sort": [{"field": "created_at", "direction": "asc"}]}`, "sort[0].direction"},
		"sort number":      {`{"query": "q", "sort": [1]}`, "sort[0]"},
		"sort twice":       {`{"query": "q", "sort": "created_at:asc,created_at:desc"}`, "sort"},
		"sorts":            {`{"query": "q", "sort": "_score,created_at,updated_at,metadata.a"}`, "sort"},
		"empty sort":       {`{"query": "q", "sort": ""}`, "sort"},
		"facet":            {`{"query": "q", "facets": ["title"]}`, "facets"},
		"facet twice":      {`{"query": "q", "facets": ["tags", "tags"]}`, "facets[1]"},
		"facet without":    {`{"query": "q", "facets": [{"limit": 5}]}`, "facets[0].field facets"},
		"facet limit":      {`{"query": "q", "facets": [{"field": "tags", "limit": 101}]}`, "facets[0].limit"},
		"facet sort":       {`{"query": "q", "facets": [{"field": "tags", "sort": "name"}]}`, "facets[0].sort"},
		"facet part":       {`{"query": "q", "facets": [{"field": "tags", "size": 1}]}`, "facets[0].size"},
		"facet range":      {`{"query": "q", "facets": [{"field": "metadata.a", "ranges": [{"from": 2, "to": 1}]}]}`, "facets[0].ranges[0].from"},
		"facet mixed":      {`{"query": "q", "facets": [{"field": "metadata.a", "ranges": [{"from": 1, "to": "2026-01-01"}]}]}`, "facets[0].ranges[0]"},
		"facet date":       {`{"query": "q", "facets": [{"field": "created_at", "ranges": [{"from": 1}]}]}`, "facets[0].ranges[0]"},
		"facets":           {`{"query": "q", "facets": {"field": "tags"}}`, "facets"},
		"group size":       {`{"query": "q", "group_by": "doc_type", "group_size": 11}`, "group_size"},
		"group size alone": {`{"query": "q", "group_size": 2}`, "group_size"},
		"group by tags":    {`{"query": "q", "group_by": "tags"}`, "group_by"},
		"highlight":        {`{"query": "q", "highlight": {"fragments": 0, "size": 1, "colour": 1}}`, "highlight.fragments highlight.colour highlight.size"},
		"highlights":       {`{"query": "q", "highlight": "yes"}`, "highlight"},
		"include":          {`{"query": "q", "include": ["title", "body"]}`, "include[1]"},
		"mixed bounds":     {`{"query": "q", "filters": {"metadata.a": {"gt": 1, "lt": "2026-01-01"}}}`, "filters.metadata.a"},
		"range of texts":   {`{"query": "q", "filters": {"doc_type": {"gt": 1}}}`, "filters.doc_type.gt"},
		"date by number":   {`{"query": "q", "filters": {"created_at": {"gt": 1}}}`, "filters.created_at.gt"},
		"date as value":    {`{"query": "q", "filters": {"created_at": "2026-01-01"}}`, "filters.created_at"},
		"bound":            {`{"query": "q", "filters": {"metadata.a": {"gt": "ten"}}}`, "filters.metadata.a.gt"},
		"very deep": {
			`{"query": "q", "filters": ` + strings.Repeat(`{"and":[`, 50) + `{"tags": "a"}` + strings.Repeat("]}", 50) + `}`,
			"filters" + strings.Repeat(".and[0]", 9),
		},
		"limit":             {`{"query": "q", "limit": 101}`, "limit"},
		"limit as text":     {`{"query": "q", "limit": "7"}`, "limit"},
		"limit as fraction": {`{"query": "q", "limit": 1.5}`, "limit"},
		"types disagree":    {`{"query": "q", "type": "keyword", "search_type": "hybrid"}`, "search_type"},
		"cursor":            {`{"query": "q", "cursor": "x"}`, "cursor"},
		"filters":           {`{"query": "q", "filters": []}`, "filters"},
		"filter":            {`{"query": "q", "filters": {"colour": "red"}}`, "filters.colour"},
		"filter twice":      {`{"query": "q", "filters": {"tags": "a", "tags": "b"}}`, "filters.tags"},
		"filter value":      {`{"query": "q", "filters": {"tags": [1]}}`, "filters.tags"},
		"no values":         {`{"query": "q", "filters": {"tags": []}}`, "filters.tags"},
		"NUL value":         {`{"query": "q", "filters": {"tags": ["\u0000"]}}`, "filters.tags"},
		"many values":       {`{"query": "q", "filters": {"tags": ["a"` + strings.Repeat(`,"a"`, 256) + `]}}`, "filters.tags"},
		"metadata":          {`{"query": "q", "filters": {"metadata": 1}}`, "filters.metadata"},
		"metadata null":     {`{"query": "q", "filters": {"metadata": {"a": [null]}}}`, "filters.metadata.a"},
		"metadata range":    {`{"query": "q", "filters": {"metadata.a": {"above": 1}}}`, "filters.metadata.a.above"},
		"metadata no name":  {`{"query": "q", "filters": {"metadata.": 1}}`, "filters.metadata."},
		"huge number":       {`{"query": "q", "filters": {"metadata.a": 1e999}}`, "filters.metadata.a"},
		"date":              {`{"query": "q", "filters": {"date_from": "yesterday"}}`, "filters.date_from"},
		"dates":             {`{"query": "q", "filters": {"date_from": "2026-02-01", "date_to": "2026-01-01"}}`, "filters.date_from"},
		"empty group":       {`{"query": "q", "filters": {"or": [{"tags": "a"}, {}]}}`, "filters.or[1]"},
		"group":             {`{"query": "q", "filters": {"and": {"tags": "a"}}}`, "filters.and"},
		"deep": {
			`{"query": "q", "filters": ` + strings.Repeat(`{"not":`, 10) + `{"tags": "a"}` + strings.Repeat("}", 10) + `}`,
			"filters" + strings.Repeat(".not", 9),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := Decode([]byte(c.body))
			require.Nil(t, r)
			var invalid *domain.Error
			require.ErrorAs(t, err, &invalid)
			require.Equal(t, domain.CodeInvalid, invalid.Code)
			var fields []string
			for _, f := range invalid.Fields {
				fields = append(fields, f.Field)
			}
			require.Equal(t, c.fields, strings.Join(fields, " "))
			require.Less(t, len(err.Error()), 400)
		})
	}
}

func TestWhatIsNoJSONObjectIsMalformed(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		"", " ", "null", "[]", `"q"`, "{", `{"query"`, `{"query":`, `{"query": "q"`, `{"query": "q",}`,
		`{"query": "q"} {}`, `{"query": "q"}x`, `{query: "q"}`, `{"query": 'q'}`, `{"query" "q"}`,
		`{"query": "q", "filters": ` + strings.Repeat("[", 20000) + `}`, "\xff",
	} {
		_, err := Decode([]byte(body))
		require.Equal(t, domain.CodeMalformed, domain.CodeOf(err), "%.40q: %v", body, err)
	}
}

func TestManyViolationsAreCut(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&b, `"f%d": 1, `, i)
	}
	_, err := Decode([]byte("{" + b.String() + `"query": "q"}`))
	var invalid *domain.Error
	require.ErrorAs(t, err, &invalid)
	require.Len(t, invalid.Fields, maxViolations)

	leaves := strings.Repeat(`{"tags": "a"},`, MaxFilterLeaves-1) + `{"tags": ["a"], "doc_type": "b"}`
	_, err = Decode([]byte(`{"query": "q", "filters": {"or": [` + leaves + `]}}`))
	require.ErrorAs(t, err, &invalid)
	require.Contains(t, invalid.Fields[0].Message, "too many")
}

func TestSpellingsOfOneRequestShareAHash(t *testing.T) {
	t.Parallel()
	base := decode(t, `{"query": "q", "filters": {"doc_type": ["a", "b"], "tags": "t", "metadata": {"x": {"y": 1}}}}`)
	for _, same := range []string{
		`{"filters": {"metadata.x.y": 1.0, "tags": ["t", "t"], "doc_type": ["b", "a", "b"]}, "query": "q", "limit": 10}`,
		`{"query": "\u0071", "type": "hybrid", "user_id": "somebody", "filters": {"doc_type": ["a", "b"], "tags": "t", "metadata": {"x": {"y": 1}}}}`,
		`{"query": "q", "highlight": true, "explain": null, "filters": {"and": [{"doc_type": ["a", "b"], "tags": "t", "metadata.x.y": [1]}]}}`,
	} {
		require.Equal(t, base.hash(), decode(t, same).hash(), same)
	}
}

func TestWhateverMayChangeTheAnswerChangesTheHash(t *testing.T) {
	t.Parallel()
	seen := map[[32]byte]string{}
	cursor := string(appendCursor(nil, index.Cursor{Score: 1}, 0, decode(t, `{"query": "q"}`).binding()))
	for _, body := range []string{
		`{"query": "q"}`, `{"query": "q "}`, `{"query": " q"}`, `{"query": "Q"}`, `{"query": "q", "limit": 9}`,
		`{"query": "q", "type": "keyword"}`, `{"query": "q", "type": "semantic"}`, `{"query": "q", "highlight": false}`,
		`{"query": "q", "explain": true}`, `{"query": "q", "group_by": "none"}`, `{"query": "q", "cursor": "` + cursor + `"}`,
		`{"query": "q", "filters": {"tags": "a"}}`, `{"query": "q", "filters": {"doc_type": "a"}}`,
		`{"query": "q", "filters": {"not": {"tags": "a"}}}`, `{"query": "q", "filters": {"tags": ["a", "b"]}}`,
		`{"query": "q", "filters": {"and": [{"tags": "a"}, {"tags": "b"}]}}`,
		`{"query": "q", "filters": {"or": [{"tags": "a"}, {"tags": "b"}]}}`,
		`{"query": "q", "filters": {"metadata.a": 1}}`, `{"query": "q", "filters": {"metadata.a": "1"}}`,
		`{"query": "q", "filters": {"metadata.a": true}}`, `{"query": "q", "filters": {"metadata.a": false}}`,
		`{"query": "q", "filters": {"metadata.a": {"gt": 1}}}`, `{"query": "q", "filters": {"metadata.a": {"gte": 1}}}`,
		`{"query": "q", "filters": {"metadata.a": {"lt": 1}}}`, `{"query": "q", "filters": {"metadata.a": {"exists": true}}}`,
		`{"query": "q", "filters": {"date_from": "2026-01-01"}}`, `{"query": "q", "filters": {"date_to": "2026-01-01"}}`,
		`{"query": "q", "filters": {"metadata.a": {"gt": 1767225600000}}}`, `{"query": "q", "filters": {"metadata.a": {"gte": "2026-01-01"}}}`,
		`{"query": "q", "sort": "created_at"}`, `{"query": "q", "sort": "created_at:desc"}`, `{"query": "q", "sort": "created_at,_score"}`,
		`{"query": "q", "sort": "_score,created_at"}`, `{"query": "q", "group_by": "doc_type"}`, `{"query": "q", "group_by": "repo_id"}`,
		`{"query": "q", "group_by": "doc_type", "group_size": 2}`, `{"query": "q", "facets": ["tags"]}`, `{"query": "q", "facets": ["tags", "doc_type"]}`,
		`{"query": "q", "facets": [{"field": "tags", "limit": 5}]}`, `{"query": "q", "facets": [{"field": "tags", "sort": "value"}]}`,
		`{"query": "q", "facets": [{"field": "tags", "exclude_own_filter": true}]}`,
		`{"query": "q", "facets": [{"field": "metadata.a", "ranges": [{"from": 1}]}]}`, `{"query": "q", "facets": [{"field": "metadata.a", "ranges": [{"to": 1}]}]}`,
		`{"query": "q", "facets": [{"field": "metadata.a", "ranges": [{"to": 1, "label": "x"}]}]}`,
		`{"query": "q", "highlight": {"fragments": 1}}`, `{"query": "q", "highlight": {"size": 100}}`,
		`{"query": "q", "include": ["title"]}`, `{"query": "q", "include": ["title", "tags"]}`, `{"query": "q", "include": []}`,
	} {
		h := decode(t, body).hash()
		require.NotContains(t, seen, h, "%s hashes as %s", body, seen[h])
		seen[h] = body
	}
}

func TestDaysAndMoments(t *testing.T) {
	t.Parallel()
	ms := func(s string) float64 {
		at, err := time.Parse(time.RFC3339Nano, s)
		require.NoError(t, err)
		return float64(at.UnixMilli())
	}
	for in, want := range map[string]index.Bounds{
		`"date_from": "2026-01-31T13:00:00+01:00"`: {GTE: new(ms("2026-01-31T12:00:00Z"))},
		`"date_from": "2026-01-31T12:00:00.0001Z"`: {GTE: new(ms("2026-01-31T12:00:00.001Z"))},
		`"date_to": "2026-01-31T12:00:00.0019Z"`:   {LTE: new(ms("2026-01-31T12:00:00.001Z"))},
		`"date_to": "2024-02-28"`:                  {LTE: new(ms("2024-02-28T23:59:59.999Z"))},
	} {
		r := decode(t, `{"query": "q", "filters": {`+in+`}}`)
		require.Equal(t, index.Range("created_at", want), r.Filter, in)
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"query": "q"}`, `{"query": "q", "filters": {"or": [{"tags": ["a", "b"]}, {"not": {"metadata": {"a": 1}}}]}}`,
		`{"query": "q", "filters": {"date_from": "2026-01-31", "metadata.a": {"gte": 1}}, "cursor": "AAAA"}`, `{`, `[]`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := Decode(body)
		if err != nil {
			var e *domain.Error
			if !errors.As(err, &e) || r != nil {
				t.Fatalf("%v is not a domain error", err)
			}
			return
		}
		if !json.Valid(body) {
			t.Fatal("accepted what is not JSON")
		}
		if r.Filter != nil {
			if err := r.Filter.Validate(); err != nil {
				t.Fatalf("the index refuses the filter: %v", err)
			}
		}
		before := r.hash()
		if err := r.Validate(); err != nil || r.hash() != before {
			t.Fatalf("the normal form is not stable: %v", err)
		}
	})
}
