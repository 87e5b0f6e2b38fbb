package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/store"
)

// settingsBody is what ten thousand synonyms of usual length need.
const settingsBody = 4 << 20

// SearchSettings are a tenant's choices about its searches.
type SearchSettings struct {
	DefaultLanguage string               `json:"default_language" doc:"Of queries that name none; empty: every language that documents have." example:"de"`
	Synonyms        []SearchSynonym      `json:"synonyms" nullable:"false"`
	StopWords       []string             `json:"stop_words" nullable:"false" doc:"Not scored, unless a query has no other words."`
	Ranking         SearchRanking        `json:"ranking"`
	Hybrid          SearchHybridSettings `json:"hybrid"`
	Version         int64                `json:"version" doc:"Counts the changes. Send it along, or as If-Match, to be refused when somebody else was faster."`
	UpdatedAt       *time.Time           `json:"updated_at" nullable:"true"`
}

// SearchSynonym is a set of expressions that mean the same (words), or one (from)
// that also finds others (to).
type SearchSynonym struct {
	Words []string `json:"words,omitempty" maxItems:"32" doc:"Each finds the others." example:"[\"car\",\"automobile\"]"`
	From  string   `json:"from,omitempty" maxLength:"128" doc:"Also finds what is in to, but not the other way around."`
	To    []string `json:"to,omitempty" maxItems:"32"`
}

// SearchRanking are the parameters of BM25; null is the default.
type SearchRanking struct {
	K1         *float64 `json:"k1,omitempty" minimum:"0" maximum:"10" doc:"1.2: how soon more occurrences stop to count."`
	B          *float64 `json:"b,omitempty" minimum:"0" maximum:"1" doc:"0.75: how much a long text counts less."`
	TitleBoost *float64 `json:"title_boost,omitempty" minimum:"0" maximum:"10" doc:"0.3: what the title's own score adds."`
}

// SearchHybridSettings are the weights of hybrid searches; null is the default.
type SearchHybridSettings struct {
	KeywordWeight *float64 `json:"keyword_weight,omitempty" minimum:"0" maximum:"1"`
	VectorWeight  *float64 `json:"vector_weight,omitempty" minimum:"0" maximum:"1"`
	Fusion        string   `json:"fusion,omitempty" enum:",minmax,rrf" doc:"How the branches are joined; empty: as fits the embedding model."`
}

func searchSettingsView(s *store.SearchSettings) SearchSettings {
	out := SearchSettings{
		DefaultLanguage: s.DefaultLanguage, Synonyms: make([]SearchSynonym, len(s.Synonyms)), StopWords: s.StopWords,
		Ranking: SearchRanking(s.Ranking), Hybrid: SearchHybridSettings(s.Hybrid), Version: s.Version,
	}
	for i, y := range s.Synonyms {
		out.Synonyms[i] = SearchSynonym(y)
	}
	if out.StopWords == nil {
		out.StopWords = []string{}
	}
	if !s.UpdatedAt.IsZero() {
		out.UpdatedAt = &s.UpdatedAt
	}
	return out
}

func synonymsOf(list []SearchSynonym) []index.Synonym {
	out := make([]index.Synonym, len(list))
	for i, y := range list {
		out[i] = index.Synonym(y)
	}
	return out
}

type searchSettingsOutput struct {
	ETag string `header:"ETag" doc:"The version, for If-Match."`
	Body SearchSettings
}

func settingsOutput(s *store.SearchSettings) *searchSettingsOutput {
	return &searchSettingsOutput{etag(s.Version), searchSettingsView(s)}
}

func etag(version int64) string { return strconv.Quote(strconv.FormatInt(version, 10)) }

// IfVersionInput names the version that a change is of.
type IfVersionInput struct {
	IfMatch string `header:"If-Match" maxLength:"32" doc:"The ETag that was read: the change is refused when there is a newer version."`
}

// version returns the version that a change is of, nil for any.
func (in *IfVersionInput) version(body *int64) (*int64, error) {
	text := strings.TrimPrefix(strings.TrimSpace(in.IfMatch), "W/")
	if text == "" || text == "*" {
		return body, nil
	}
	n, err := strconv.ParseInt(strings.Trim(text, `"`), 10, 64)
	if err != nil {
		return nil, settingsError("If-Match", `must be an ETag of these settings, such as "3"`)
	}
	if body != nil && *body != n {
		return nil, settingsError("version", "contradicts If-Match")
	}
	return &n, nil
}

func settingsError(field, message string) error {
	return &domain.Error{
		Code: domain.CodeInvalid, Message: "the request is not valid", Fields: []domain.FieldError{{Field: field, Message: message}},
	}
}

func (s *Server) getSearchSettings(ctx context.Context, _ *struct{}) (*searchSettingsOutput, error) {
	found, err := s.deps.Store.SearchSettings(ctx, caller(ctx).TenantID)
	if err != nil {
		return nil, err
	}
	return settingsOutput(&found), nil
}

// changeSettings applies a change of any of the endpoints.
func (s *Server) changeSettings(
	ctx context.Context, in *IfVersionInput, version *int64, change func(*index.Settings),
) (*store.SearchSettings, error) {
	version, err := in.version(version)
	if err != nil {
		return nil, err
	}
	changed, err := s.deps.Store.ChangeSearchSettings(ctx, caller(ctx).TenantID, version, change)
	if err != nil {
		return nil, err
	}
	return &changed, nil
}

type putSearchSettingsBody struct {
	DefaultLanguage string               `json:"default_language,omitempty" maxLength:"64"`
	Synonyms        []SearchSynonym      `json:"synonyms,omitempty" maxItems:"10000"`
	StopWords       []string             `json:"stop_words,omitempty" maxItems:"1000"`
	Ranking         SearchRanking        `json:"ranking,omitempty"`
	Hybrid          SearchHybridSettings `json:"hybrid,omitempty"`
	Version         *int64               `json:"version,omitempty" doc:"The version that was read; left out: any."`
	UpdatedAt       *time.Time           `json:"updated_at,omitempty" doc:"Ignored, so that what was read can be sent back."`
}

type putSearchSettingsInput struct {
	IfVersionInput
	Body body[putSearchSettingsBody]
}

func (s *Server) putSearchSettings(ctx context.Context, in *putSearchSettingsInput) (*searchSettingsOutput, error) {
	b := &in.Body.Value
	changed, err := s.changeSettings(ctx, &in.IfVersionInput, b.Version, func(to *index.Settings) {
		*to = index.Settings{
			DefaultLanguage: b.DefaultLanguage, Synonyms: synonymsOf(b.Synonyms), StopWords: b.StopWords,
			Ranking: index.Ranking(b.Ranking), Hybrid: index.Hybrid(b.Hybrid),
		}
	})
	if err != nil {
		return nil, err
	}
	return settingsOutput(changed), nil
}

type patchSearchSettingsBody struct {
	DefaultLanguage optional[string]               `json:"default_language,omitempty" doc:"null clears it."`
	Synonyms        optional[[]SearchSynonym]      `json:"synonyms,omitempty" doc:"Replaces the whole list."`
	StopWords       optional[[]string]             `json:"stop_words,omitempty" doc:"Replaces the whole list."`
	Ranking         optional[SearchRanking]        `json:"ranking,omitempty" doc:"Replaces all its parameters."`
	Hybrid          optional[SearchHybridSettings] `json:"hybrid,omitempty" doc:"Replaces all its parameters."`
	Version         *int64                         `json:"version,omitempty" doc:"The version that was read; left out: any."`
}

type patchSearchSettingsInput struct {
	IfVersionInput
	Body body[patchSearchSettingsBody]
}

func (s *Server) patchSearchSettings(ctx context.Context, in *patchSearchSettingsInput) (*searchSettingsOutput, error) {
	b := &in.Body.Value
	changed, err := s.changeSettings(ctx, &in.IfVersionInput, b.Version, func(to *index.Settings) {
		if b.DefaultLanguage.Given {
			to.DefaultLanguage = b.DefaultLanguage.Value
		}
		if b.Synonyms.Given {
			to.Synonyms = synonymsOf(b.Synonyms.Value)
		}
		if b.StopWords.Given {
			to.StopWords = b.StopWords.Value
		}
		if b.Ranking.Given {
			to.Ranking = index.Ranking(b.Ranking.Value)
		}
		if b.Hybrid.Given {
			to.Hybrid = index.Hybrid(b.Hybrid.Value)
		}
	})
	if err != nil {
		return nil, err
	}
	return settingsOutput(changed), nil
}

// SearchSynonyms are the synonyms alone.
type SearchSynonyms struct {
	Synonyms []SearchSynonym `json:"synonyms" nullable:"false" maxItems:"10000"`
	Version  *int64          `json:"version,omitempty" doc:"Of all settings together."`
}

type searchSynonymsOutput struct {
	ETag string `header:"ETag" doc:"The version, for If-Match."`
	Body SearchSynonyms
}

func synonymsOutput(s *store.SearchSettings) *searchSynonymsOutput {
	return &searchSynonymsOutput{etag(s.Version), SearchSynonyms{searchSettingsView(s).Synonyms, &s.Version}}
}

func (s *Server) getSynonyms(ctx context.Context, _ *struct{}) (*searchSynonymsOutput, error) {
	found, err := s.deps.Store.SearchSettings(ctx, caller(ctx).TenantID)
	if err != nil {
		return nil, err
	}
	return synonymsOutput(&found), nil
}

type putSynonymsInput struct {
	IfVersionInput
	Body body[SearchSynonyms]
}

func (s *Server) putSynonyms(ctx context.Context, in *putSynonymsInput) (*searchSynonymsOutput, error) {
	b := &in.Body.Value
	changed, err := s.changeSettings(ctx, &in.IfVersionInput, b.Version, func(to *index.Settings) { to.Synonyms = synonymsOf(b.Synonyms) })
	if err != nil {
		return nil, err
	}
	return synonymsOutput(changed), nil
}

// SearchStopWords are the stop words alone.
type SearchStopWords struct {
	StopWords []string `json:"stop_words" nullable:"false" maxItems:"1000"`
	Version   *int64   `json:"version,omitempty" doc:"Of all settings together."`
}

type searchStopWordsOutput struct {
	ETag string `header:"ETag" doc:"The version, for If-Match."`
	Body SearchStopWords
}

func stopWordsOutput(s *store.SearchSettings) *searchStopWordsOutput {
	return &searchStopWordsOutput{etag(s.Version), SearchStopWords{searchSettingsView(s).StopWords, &s.Version}}
}

func (s *Server) getStopWords(ctx context.Context, _ *struct{}) (*searchStopWordsOutput, error) {
	found, err := s.deps.Store.SearchSettings(ctx, caller(ctx).TenantID)
	if err != nil {
		return nil, err
	}
	return stopWordsOutput(&found), nil
}

type putStopWordsInput struct {
	IfVersionInput
	Body body[SearchStopWords]
}

func (s *Server) putStopWords(ctx context.Context, in *putStopWordsInput) (*searchStopWordsOutput, error) {
	b := &in.Body.Value
	changed, err := s.changeSettings(ctx, &in.IfVersionInput, b.Version, func(to *index.Settings) { to.StopWords = b.StopWords })
	if err != nil {
		return nil, err
	}
	return stopWordsOutput(changed), nil
}

// searchSettingsRoutes are the rows about a tenant's search settings.
func (s *Server) searchSettingsRoutes() []route {
	const base = "/api/admin/search-settings"
	changes := []int{http.StatusConflict}
	return []route{
		{
			method: http.MethodGet, path: base, id: "getSearchSettings", scope: auth.ScopeAdmin, tag: tagAdmin, summary: "Get the search settings",
			endpoint: typed[struct{}, searchSettingsOutput](s.getSearchSettings),
		},
		{
			method: http.MethodPut, path: base, id: "putSearchSettings", scope: auth.ScopeAdmin, bodyLimit: settingsBody, tag: tagAdmin,
			errors: changes, summary: "Replace the search settings", description: "What is left out goes back to its default. In force within a second; nothing is indexed anew.",
			endpoint: typed[putSearchSettingsInput, searchSettingsOutput](s.putSearchSettings),
		},
		{
			method: http.MethodPatch, path: base, id: "patchSearchSettings", scope: auth.ScopeAdmin, bodyLimit: settingsBody, tag: tagAdmin,
			errors: changes, summary: "Change some search settings", description: "What is left out stays; null goes back to the default.",
			endpoint: typed[patchSearchSettingsInput, searchSettingsOutput](s.patchSearchSettings),
		},
		{
			method: http.MethodGet, path: base + "/synonyms", id: "getSearchSynonyms", scope: auth.ScopeAdmin, tag: tagAdmin, summary: "Get the synonyms",
			endpoint: typed[struct{}, searchSynonymsOutput](s.getSynonyms),
		},
		{
			method: http.MethodPut, path: base + "/synonyms", id: "putSearchSynonyms", scope: auth.ScopeAdmin, bodyLimit: settingsBody, tag: tagAdmin,
			errors: changes, summary: "Replace the synonyms", endpoint: typed[putSynonymsInput, searchSynonymsOutput](s.putSynonyms),
		},
		{
			method: http.MethodGet, path: base + "/stop-words", id: "getSearchStopWords", scope: auth.ScopeAdmin, tag: tagAdmin, summary: "Get the stop words",
			endpoint: typed[struct{}, searchStopWordsOutput](s.getStopWords),
		},
		{
			method: http.MethodPut, path: base + "/stop-words", id: "putSearchStopWords", scope: auth.ScopeAdmin, bodyLimit: settingsBody, tag: tagAdmin,
			errors: changes, summary: "Replace the stop words", endpoint: typed[putStopWordsInput, searchStopWordsOutput](s.putStopWords),
		},
	}
}
