package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/auth"
)

const settingsPath = "/api/admin/search-settings"

func TestSearchSettingsAreKeptByVersion(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	var s SearchSettings
	e.do("GET", settingsPath, nil).is(http.StatusOK).into(&s)
	require.Zero(t, s.Version)
	require.Empty(t, s.Synonyms)

	before, err := e.store.IndexState(t.Context(), e.tenant.ID, 0)
	require.NoError(t, err)
	e.do("PUT", settingsPath, `{"default_language":"de","stop_words":["wie"],"ranking":{"k1":0.9},"synonyms":[{"words":["car","automobile"]}]}`).
		is(http.StatusOK).into(&s)
	require.Equal(t, int64(1), s.Version)
	require.NotNil(t, s.UpdatedAt)
	after, err := e.store.IndexState(t.Context(), e.tenant.ID, 0)
	require.NoError(t, err)
	require.Equal(t, before.Generation+1, after.Generation, "kept answers become unreachable")
	require.Contains(t, string(after.Settings), "automobile")

	e.do("PUT", settingsPath+"/synonyms", `{"synonyms":[{"from":"k8s","to":["kubernetes"]}],"version":1}`).is(http.StatusOK)
	e.do("PUT", settingsPath+"/stop-words", `{"stop_words":[],"version":1}`).is(http.StatusConflict)
	e.do("PUT", settingsPath+"/stop-words", `{"stop_words":["how"]}`, "If-Match", `"1"`).is(http.StatusConflict)
	e.do("PUT", settingsPath+"/stop-words", `{"stop_words":["how"]}`, "If-Match", `"2"`).is(http.StatusOK)
	s = SearchSettings{}
	e.do("PATCH", settingsPath, `{"default_language":null}`).is(http.StatusOK).into(&s)
	require.Equal(t, int64(4), s.Version)
	require.Empty(t, s.DefaultLanguage)
	require.Equal(t, []string{"how"}, s.StopWords)
	require.Equal(t, []SearchSynonym{{From: "k8s", To: []string{"kubernetes"}}}, s.Synonyms)
	require.InDelta(t, 0.9, *s.Ranking.K1, 0)
	var words SearchStopWords
	e.do("GET", settingsPath+"/stop-words", nil).is(http.StatusOK).into(&words)
	require.Equal(t, []string{"how"}, words.StopWords)

	other, err := e.store.CreateTenant(t.Context(), "other-settings", "")
	require.NoError(t, err)
	theirs, err := e.store.SearchSettings(t.Context(), other.ID)
	require.NoError(t, err)
	require.Zero(t, theirs.Version, "of another tenant")
}

func TestSearchSettingsThatMakeNoSenseNameTheField(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	for field, body := range map[string]string{
		"default_language":     `{"default_language":"klingon"}`,
		"synonyms[1]":          `{"synonyms":[{"words":["a","b"]},{}]}`,
		"synonyms[0].words[1]": `{"synonyms":[{"words":["a","--"]}]}`,
		"stop_words[0]":        `{"stop_words":["two words"]}`,
		"ranking.k1":           `{"ranking":{"k1":-1}}`,
		"hybrid.fusion":        `{"hybrid":{"fusion":"sum"}}`,
		"colour":               `{"colour":"red"}`,
		"ranking.k2":           `{"ranking":{"k1":1,"k2":1}}`,
		"hybrid.vector":        `{"hybrid":{"vector":0.2}}`,
		"hybrid.vector_weight": `{"hybrid":{"vector_weight":0.2,"vector_weight":0.3}}`,
	} {
		a := e.do("PUT", settingsPath, body).is(http.StatusUnprocessableEntity)
		require.Contains(t, string(a.body), field)
	}
	require.Contains(t, string(e.do("PATCH", settingsPath, `{"ranking":{"boost":2}}`).is(http.StatusUnprocessableEntity).body), "ranking.boost")
	var s SearchSettings
	e.do("PATCH", settingsPath, `{"ranking":{"b":0.5},"hybrid":null}`).is(http.StatusOK).into(&s)
	require.InDelta(t, 0.5, *s.Ranking.B, 0)
	e.do("PUT", settingsPath, `{}`, "If-Match", "yesterday").is(http.StatusUnprocessableEntity)
	e.do("PUT", settingsPath, `{"stop_words":["`+strings.Repeat("x", settingsBody)+`"]}`).is(http.StatusRequestEntityTooLarge)
	e.do("GET", settingsPath, nil, "X-API-Key", e.key(e.tenant, auth.ScopeSearch)).is(http.StatusForbidden)
}
