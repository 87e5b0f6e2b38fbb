package api

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/search"
)

// The types of this file are how POST /api/search looks in the OpenAPI document.
// The bytes themselves are read and written by internal/search; a test holds the
// two together.

// SearchRequest is the body of a search.
type SearchRequest struct {
	Query         string         `json:"query" minLength:"1" maxLength:"4096" doc:"What to search for, at most 4096 bytes." example:"rust async patterns"`
	Type          search.Type    `json:"type,omitempty" enum:"hybrid,keyword,semantic" default:"hybrid" doc:"Which branches of the index to ask."`
	SearchType    search.Type    `json:"search_type,omitempty" enum:"hybrid,keyword,semantic" doc:"Another name of type."`
	Limit         int            `json:"limit,omitempty" minimum:"1" maximum:"100" default:"10" doc:"Results on a page."`
	Cursor        string         `json:"cursor,omitempty" maxLength:"256" doc:"next_cursor of the page before; query, type, group_by, sort and filters must be the same."`
	Filters       *SearchFilters `json:"filters,omitempty" doc:"Conditions that all must hold."`
	Sort          []SearchSort   `json:"sort,omitempty" maxItems:"3" doc:"Order by fields instead of by score, then by document id. A list of objects or of texts as created_at:desc, or one text with commas."`
	Facets        []SearchFacet  `json:"facets,omitempty" maxItems:"20" doc:"Count the matching documents by the values of fields. A list of objects or of names."`
	Highlight     any            `json:"highlight,omitempty" doc:"true (default): add the pieces of the content that match. false: none. Or {\"fragments\": 1 to 10, \"size\": 20 to 2000 bytes}."`
	GroupBy       search.Group   `json:"group_by,omitempty" default:"document" doc:"document: one result a document, with its best passage. none: one result a passage. Or a field: doc_type, source_type, repo_id, language or metadata.<key>; limit then counts groups." example:"document"`
	GroupSize     int            `json:"group_size,omitempty" minimum:"1" maximum:"10" default:"3" doc:"Results of a group, when group_by is a field."`
	Include       []string       `json:"include,omitempty" doc:"Fields of the results, beside document_id, chunk_id and score; all by default. Without content answers get small."`
	Explain       bool           `json:"explain,omitempty" doc:"Add score_details."`
	Weights       *SearchWeights `json:"weights,omitempty" doc:"For hybrid: the shares of the branches, of which only the ratio counts. Default: the tenant's, else 0.8 and 0.2 with minmax, equal with rrf."`
	Fusion        string         `json:"fusion,omitempty" enum:"minmax,rrf" doc:"For hybrid: how the branches are joined. Default: the tenant's, else minmax for the builtin model, rrf for others."`
	MinScore      *float64       `json:"min_score,omitempty" doc:"Leave out results whose score is below. Scores of keyword have no upper bound, those of semantic are cosines, those of hybrid are from 0 to 1."`
	Language      string         `json:"language,omitempty" maxLength:"64" doc:"Language of the query, as a tag: de, de-AT, german. Left out: the tenant's default, and without one every language that documents have." example:"de"`
	Prefix        search.Prefix  `json:"prefix,omitempty" enum:"auto,always,never" default:"auto" doc:"When the last word is completed, if no space follows it: when it is found too little, always (for search as you type), or never."`
	TypoTolerance search.Typos   `json:"typo_tolerance,omitempty" enum:"auto,off" default:"auto" doc:"auto: a word that is found too little also finds words of similar spelling, after all exact matches; see corrections. off together with prefix never reads the query exactly as it is written."`
	UserID        string         `json:"user_id,omitempty" maxLength:"256" doc:"Your name for who searches. It does not change the answer."`
}

// SearchWeights are the shares of the branches of a hybrid search.
type SearchWeights struct {
	Keyword float64 `json:"keyword" minimum:"0" maximum:"1000"`
	Vector  float64 `json:"vector" minimum:"0" maximum:"1000"`
}

// SearchSort is a field to order by. Documents without it come last.
type SearchSort struct {
	Field string `json:"field" required:"true" doc:"_score, created_at, updated_at or metadata.<key>: its numbers, then its dates." example:"created_at"`
	Order string `json:"order,omitempty" enum:"asc,desc" doc:"asc by default, desc for _score."`
}

// SearchFacet asks for the counts of one field.
type SearchFacet struct {
	Field            string             `json:"field" required:"true" doc:"doc_type, tags, source_type, repo_id, language, metadata.<key>; created_at and updated_at for ranges." example:"tags"`
	Limit            int                `json:"limit,omitempty" minimum:"1" maximum:"100" default:"10" doc:"Values at most."`
	Sort             string             `json:"sort,omitempty" enum:"count,value" default:"count"`
	Ranges           []SearchFacetRange `json:"ranges,omitempty" maxItems:"50" doc:"Count numbers or dates by ranges, too."`
	ExcludeOwnFilter bool               `json:"exclude_own_filter,omitempty" doc:"Count as if filters had no condition on this field, so that the other choices keep their counts."`
}

// SearchFacetRange is from its beginning up to and without its end; either may be open.
type SearchFacetRange struct {
	Label string `json:"label,omitempty"`
	From  any    `json:"from,omitempty" doc:"A number, or a date as 2026-01-31 or 2026-01-31T12:00:00Z."`
	To    any    `json:"to,omitempty" doc:"Of the same kind."`
}

// SearchFilters are conditions on documents. Where a list is given, one of its
// values must match. Instead of a value or a list every field takes an object of
// conditions: eq, ne, in, not_in, exists, and gt, gte, lt, lte for dates and
// metadata. Beside these fields, metadata.<path> does the same.
type SearchFilters struct {
	DocType    []string        `json:"doc_type,omitempty" doc:"A text or a list of texts, as for all fields here."`
	Tags       []string        `json:"tags,omitempty" doc:"One of these tags."`
	SourceType []string        `json:"source_type,omitempty" doc:"One of these source types."`
	RepoID     []string        `json:"repo_id,omitempty" doc:"One of these repositories."`
	ExternalID []string        `json:"external_id,omitempty" doc:"One of these external ids."`
	Language   []string        `json:"language,omitempty" doc:"One of these languages."`
	Metadata   map[string]any  `json:"metadata,omitempty" doc:"Values of metadata fields, nested as in the document; or flat, beside this field, as \"metadata.author.name\"."`
	CreatedAt  *SearchDates    `json:"created_at,omitempty"`
	UpdatedAt  *SearchDates    `json:"updated_at,omitempty"`
	DateFrom   string          `json:"date_from,omitempty" doc:"Made at or after: 2026-01-31 or 2026-01-31T12:00:00Z."`
	DateTo     string          `json:"date_to,omitempty" doc:"Made at or before; a day is meant to its end, in UTC."`
	And        []SearchFilters `json:"and,omitempty" doc:"All of these must hold."`
	Or         []SearchFilters `json:"or,omitempty" doc:"One of these must hold."`
	Not        *SearchFilters  `json:"not,omitempty" doc:"This must not hold."`
}

// SearchDates are conditions on a date: 2026-01-31, the whole day in UTC, or
// 2026-01-31T12:00:00Z.
type SearchDates struct {
	GT  string `json:"gt,omitempty"`
	GTE string `json:"gte,omitempty"`
	LT  string `json:"lt,omitempty"`
	LTE string `json:"lte,omitempty"`
}

// SearchAnswer is the answer to a search.
type SearchAnswer struct {
	QueryID         uuid.UUID          `json:"query_id" doc:"Names this search."`
	Query           string             `json:"query" doc:"As it was asked."`
	ExecutionTimeMS float64            `json:"execution_time_ms" doc:"Milliseconds to find the answer."`
	Cached          bool               `json:"cached" doc:"The answer was kept from an earlier search."`
	Stale           bool               `json:"stale,omitempty" doc:"The answer may not be the newest."`
	Type            search.Type        `json:"type" enum:"hybrid,keyword,semantic" doc:"As it was asked."`
	AnsweredBy      string             `json:"answered_by,omitempty" enum:"keyword" doc:"The branch that answered, when it is not the type that was asked for."`
	Notice          string             `json:"notice,omitempty" doc:"Why that is."`
	Corrections     []SearchCorrection `json:"corrections,omitempty" doc:"Words of the query that were also searched by another spelling."`
	DroppedPhrases  []string           `json:"dropped_phrases,omitempty" doc:"Quoted phrases that occur nowhere; their words were searched instead."`
	Vectors         *SearchVectors     `json:"vectors,omitempty" doc:"What vectors cover, while some passages have none yet."`
	Results         []SearchResult     `json:"results" nullable:"false" doc:"In their order. Empty when group_by is a field."`
	Groups          []SearchGroup      `json:"groups,omitempty" doc:"When group_by is a field: ranked by their first result."`
	TotalGroups     int                `json:"total_groups,omitempty" doc:"Groups on all pages."`
	Facets          []SearchFacetCount `json:"facets,omitempty" doc:"In the order they were asked for."`
	TotalResults    int64              `json:"total_results" doc:"Results on all pages."`
	TotalRelation   string             `json:"total_relation" enum:"eq,gte" doc:"gte: there are at least so many."`
	NextCursor      *string            `json:"next_cursor" doc:"For the next page; null on the last one."`
	Generation      uint64             `json:"generation" doc:"The commit of the index that answered."`
}

// SearchGroup is the results with one value of group_by's field.
type SearchGroup struct {
	Value        any            `json:"value" doc:"A text, a number, true or false; null for documents without one."`
	TotalResults int            `json:"total_results" doc:"Matching documents of the group."`
	Results      []SearchResult `json:"results" nullable:"false" doc:"The first group_size of them."`
}

// SearchFacetCount is the answer to a facet. Documents are counted, never passages.
type SearchFacetCount struct {
	Field       string                  `json:"field"`
	Exact       bool                    `json:"exact" doc:"false when there were too many different values to add all up: counts may be too low."`
	TotalValues int                     `json:"total_values" doc:"Different values; at least so many unless exact."`
	Values      []SearchFacetValue      `json:"values" nullable:"false"`
	Ranges      []SearchFacetRangeCount `json:"ranges,omitempty"`
	Stats       *SearchFacetStats       `json:"stats,omitempty" doc:"Of numbers, and of created_at and updated_at."`
}

// SearchFacetValue is a value with the number of documents that have it.
type SearchFacetValue struct {
	Value any `json:"value" doc:"A text, a number, true or false."`
	Count int `json:"count"`
}

// SearchFacetRangeCount is a range with the number of documents in it.
type SearchFacetRangeCount struct {
	SearchFacetRange
	Count int `json:"count"`
}

// SearchFacetStats are of all numbers of the matching documents.
type SearchFacetStats struct {
	Count int      `json:"count"`
	Min   any      `json:"min"`
	Max   any      `json:"max"`
	Avg   *float64 `json:"avg,omitempty" doc:"Not of dates."`
}

// SearchVectors says what of the tenant vectors cover.
type SearchVectors struct {
	Model   string `json:"model" doc:"The embedding model."`
	Covered int    `json:"covered" doc:"Passages that the model has seen, of chunks."`
	Chunks  int    `json:"chunks"`
}

// SearchResult is a document with its best passage, or a passage. What include does
// not name is left out.
type SearchResult struct {
	DocumentID   uuid.UUID           `json:"document_id"`
	ExternalID   string              `json:"external_id" required:"false"`
	ChunkID      string              `json:"chunk_id" doc:"The passage."`
	Title        string              `json:"title" required:"false" doc:"Title of the document."`
	Heading      string              `json:"heading" required:"false" doc:"Headings above the passage."`
	Content      string              `json:"content" required:"false" doc:"Text of the passage."`
	Highlights   []SearchHighlight   `json:"highlights" required:"false" nullable:"false" doc:"The pieces of content that match best. Plain text, never HTML."`
	Score        float64             `json:"score"`
	ScoreDetails *SearchScoreDetails `json:"score_details,omitempty" doc:"With explain: the arithmetic of the score."`
	DocType      string              `json:"doc_type" required:"false"`
	Tags         []string            `json:"tags" required:"false" nullable:"false"`
	Metadata     map[string]any      `json:"metadata" required:"false"`
	SourceURL    string              `json:"source_url" required:"false"`
	SourceType   string              `json:"source_type" required:"false"`
	RepoID       string              `json:"repo_id" required:"false"`
	Language     string              `json:"language" required:"false"`
	CreatedAt    time.Time           `json:"created_at" required:"false"`
	UpdatedAt    time.Time           `json:"updated_at" required:"false"`
}

// SearchCorrection is a word and what was searched beside it.
type SearchCorrection struct {
	Word string   `json:"word" doc:"As it was asked." example:"kuberntes"`
	Used []string `json:"used" nullable:"false" example:"[\"kubernetes\"]"`
}

// SearchHighlight is a piece of a result's content.
type SearchHighlight struct {
	Text    string   `json:"text"`
	Start   int      `json:"start" doc:"Where text begins in content, in bytes of UTF-8."`
	Matches [][2]int `json:"matches" nullable:"false" doc:"Ranges [from, to) of text that match, in bytes of UTF-8."`
}

// SearchScoreDetails has one member for each branch of the index that answered.
type SearchScoreDetails struct {
	Keyword *SearchKeywordScore `json:"keyword,omitempty" doc:"Not with semantic, which does not ask this branch."`
	Vector  *SearchBranchScore  `json:"vector,omitempty" doc:"Missing where the result has no vector or was not compared."`
	Fusion  *SearchFusion       `json:"fusion,omitempty" doc:"How the score came of the branches, when vectors had a part in the answer."`
}

// SearchBranchScore is the part of one branch. All but rank and score are of hybrid
// only.
type SearchBranchScore struct {
	Rank         *int    `json:"rank,omitempty" doc:"Place in the branch, from 1; null beyond its first 200."`
	Score        float64 `json:"score" doc:"The branch's own score: BM25 of keyword, the cosine of vector."`
	Low          float64 `json:"low,omitempty" doc:"With minmax: the score that counts 0."`
	High         float64 `json:"high,omitempty" doc:"With minmax: the score that counts 1."`
	Normalized   float64 `json:"normalized,omitempty" doc:"With minmax: the score between low and high, from 0 to 1."`
	Weight       float64 `json:"weight,omitempty" doc:"The branch's share."`
	Contribution float64 `json:"contribution,omitempty" doc:"What the result's score got."`
}

// SearchFusion says how the branches were joined.
type SearchFusion struct {
	Method     string  `json:"method" enum:"none,minmax,rrf"`
	Score      float64 `json:"score" doc:"The sum of the contributions."`
	BehindPool bool    `json:"behind_pool,omitempty" doc:"The result is behind those that were fused, in the order of its keyword score."`
}

// SearchKeywordScore is a score of BM25: the sum of the passages, each times its weight.
type SearchKeywordScore struct {
	SearchBranchScore
	Passages []SearchPassageScore `json:"passages" nullable:"false"`
}

// SearchPassageScore is the share of one passage.
type SearchPassageScore struct {
	ChunkID string            `json:"chunk_id"`
	Weight  float64           `json:"weight" doc:"1, 0.3 or 0.15, by rank within the document."`
	Score   float64           `json:"score"`
	Terms   []SearchTermScore `json:"terms" nullable:"false"`
}

// SearchTermScore is the share of one term in one field.
type SearchTermScore struct {
	Term          string  `json:"term"`
	Field         string  `json:"field" enum:"text,title"`
	TF            int     `json:"tf" doc:"How often the term is in the field."`
	DF            int     `json:"df" doc:"In how many passages, or titles, of docs it is."`
	Docs          int     `json:"docs"`
	IDF           float64 `json:"idf"`
	Length        int     `json:"length" doc:"Words of the field."`
	AverageLength float64 `json:"average_length"`
	QueryWeight   float64 `json:"query_weight"`
	Contribution  float64 `json:"contribution" doc:"What the score got."`
	Variant       string  `json:"variant,omitempty" enum:"synonym,prefix,typo" doc:"Why this term stands for a word of the query; left out for the word itself."`
	Factor        float64 `json:"factor,omitempty" doc:"The share of the score that the variant gets."`
	Lead          float64 `json:"lead,omitempty" doc:"The part of contribution that puts the word itself before its corrections."`
}

func documentSearch(api huma.API, op *huma.Operation) {
	op.RequestBody = &huma.RequestBody{
		Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: schemaOf[SearchRequest](api)}},
	}
	text := func(description string) *huma.Param {
		return &huma.Param{Description: description, Schema: &huma.Schema{Type: huma.TypeString}}
	}
	op.Responses["200"] = &huma.Response{
		Description: http.StatusText(http.StatusOK),
		Headers: map[string]*huma.Param{
			"X-Cache": text("HIT, MISS, STALE or BYPASS."), "Server-Timing": text("Milliseconds in the cache, the index, to embed the query, and in total."),
		},
		Content: map[string]*huma.MediaType{"application/json": {Schema: schemaOf[SearchAnswer](api)}},
	}
}
