package search

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/index"
)

func TestConditionsAreReadInEveryForm(t *testing.T) {
	t.Parallel()
	n := func(v float64) *float64 { return &v }
	day, next := 1767225600000.0, 1767312000000.0 // 2026-01-01
	for in, want := range map[string]*index.Filter{
		`"doc_type": {"ne": "a"}`:                             index.Not(index.Eq("doc_type", index.String("a"))),
		`"tags": {"in": ["a", "b"]}`:                          index.In("tags", index.String("a"), index.String("b")),
		`"tags": {"not_in": ["a", "b"]}`:                      index.Not(index.In("tags", index.String("a"), index.String("b"))),
		`"repo_id": {"exists": false}`:                        index.Not(index.Exists("repo_id")),
		`"metadata": {"year": {"gte": 3, "lt": 5}}`:           index.Range("metadata.year", index.Bounds{GTE: n(3), LT: n(5)}),
		`"metadata": {"year": {"of": {"gt": 3}}}`:             index.Range("metadata.year.of", index.Bounds{GT: n(3)}),
		`"metadata": {"lt": {"gt": {"eq": 3}}}`:               index.Eq("metadata.lt.gt", index.Number(3)),
		`"metadata.year": {"eq": 3}`:                          index.Eq("metadata.year", index.Number(3)),
		`"metadata.day": {"gte": "2026-01-01"}`:               index.DateRange("metadata.day", index.Bounds{GTE: &day}),
		`"metadata.day": {"lt": "2026-01-02T01:00:00+01:00"}`: index.DateRange("metadata.day", index.Bounds{LT: &next}),
		`"metadata.day": {"lte": "2026-01-01"}`:               index.DateRange("metadata.day", index.Bounds{LTE: n(next - 1)}),
		`"metadata.day": {"gt": "2026-01-01"}`:                index.DateRange("metadata.day", index.Bounds{GT: n(next - 1)}),
		`"created_at": {"gte": "2026-01-01"}`:                 index.Range("created_at", index.Bounds{GTE: &day}),
		`"updated_at": {"lt": "2026-01-02"}`:                  index.Range("updated_at", index.Bounds{LT: &next}),
	} {
		r := decode(t, `{"query": "q", "filters": {`+in+`}}`)
		require.Equal(t, want, r.Filter, in)
		require.NoError(t, r.Filter.Validate())
	}
}

func TestSortAndFacetsAreReadInEveryForm(t *testing.T) {
	t.Parallel()
	want := []index.Sort{{Field: "created_at", Descending: true}, {Field: "metadata.a:b"}, {Field: "_score", Descending: true}}
	for _, in := range []string{
		`"created_at:desc, metadata.a:b:asc,_score"`, `["created_at:desc", "metadata.a:b:asc", "_score"]`,
		`[{"field": "created_at", "order": "desc"}, {"field": "metadata.a:b"}, {"field": "_score", "order": "desc"}]`,
	} {
		require.Equal(t, want, decode(t, `{"query": "q", "sort": `+in+`}`).Sort, in)
	}
	from, to := 1767225600000.0, 7.0
	r := decode(t, `{"query": "q", "facets": ["tags", {"field": "metadata.a", "limit": 5, "sort": "value", "exclude_own_filter": true,
		"ranges": [{"to": 7, "label": "few"}, {"from": "2026-01-01"}]}]}`)
	require.Equal(t, []index.Facet{{Field: "tags", Limit: 10}, {
		Field: "metadata.a", Limit: 5, ByValue: true, ExcludeOwnFilter: true,
		Ranges: []index.FacetRange{{Label: "few", To: &to}, {From: &from, Date: true}},
	}}, r.Facets)
}
