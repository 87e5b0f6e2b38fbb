package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSuggestShowsKindsAndWhatWasTyped(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t).on("GET /api/suggest", 200, `{"suggestions":[{"kind":"query","text":"rust async","matches":[[0,4]]},
		{"kind":"title","text":"Rust\n\u0007book","document_id":"d","matches":[]}]}`)
	out, _, err := api.run("suggest", "rust ", "--limit", "3")
	require.NoError(t, err)
	require.Equal(t, "query  **rust** async\ntitle  Rust book\n", out)
	require.Equal(t, "GET /api/suggest?limit=3&q=rust+", api.requests()[0].what, "the space at the end says that the word is complete")
	out, _, err = api.run("suggest", "rust", "--json")
	require.NoError(t, err)
	require.Contains(t, out, `"document_id": "d"`)

	out, _, err = newFakeAPI(t).on("GET /api/suggest", 200, `{"suggestions":[]}`).run("suggest", "zzz")
	require.NoError(t, err)
	require.Equal(t, "no suggestions\n", out)
}

const settingsPath = " /api/admin/search-settings"

func TestSettingsAreReadAndSetByTheirVersion(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t).
		on("GET"+settingsPath, 200, `{"stop_words":["please"],"version":3,"updated_at":null}`).
		on("PUT"+settingsPath, 200, `{"stop_words":["please"],"version":4}`)
	out, _, err := api.run("settings", "get", "--tenant", "acme")
	require.NoError(t, err)
	require.JSONEq(t, `{"stop_words":["please"],"version":3,"updated_at":null}`, out)
	require.Contains(t, out, "\n  \"version\": 3,\n", "to be read and edited")
	file := filepath.Join(t.TempDir(), "settings.json")
	require.NoError(t, os.WriteFile(file, []byte(out), 0o600))
	for _, c := range []struct{ path, stdin string }{{file, ""}, {"-", out}} {
		said, _, err := api.runWith(c.stdin, "settings", "set", c.path, "--tenant", "acme")
		require.NoError(t, err)
		require.Equal(t, "the settings are at version 4, in force within a second\n", said)
	}
	require.Len(t, api.requests(), 3)
	for _, r := range api.requests()[1:] {
		require.JSONEq(t, out, r.body, "with the version that was read")
		require.Equal(t, "acme", r.header.Get("X-Tenant"))
	}
}

func TestSettingsOfAnOldVersionChangeNothing(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t).on("PUT"+settingsPath, 409, `{"code":"conflict","detail":"the search settings are at version 5 by now; read them again"}`)
	_, _, err := api.runWith(`{"version":3}`, "settings", "set", "-")
	require.ErrorContains(t, err, "nothing was changed: the settings are not those of version 3 any more")
	require.ErrorContains(t, err, "at version 5 by now")
	require.Len(t, api.requests(), 1, "a conflict is not tried again")
}

func TestSettingsThatAreNoneAreNotSent(t *testing.T) {
	t.Parallel()
	api := newFakeAPI(t).on("PUT"+settingsPath, 200, `{}`)
	for _, content := range []string{"", "null", "[]", `"x"`, `{"version":"x"}`, `{"a":1} {"b":2}`, `{`} {
		_, _, err := api.runWith(content, "settings", "set", "-")
		require.ErrorContains(t, err, "does not hold settings as a JSON object", content)
	}
	_, _, err := api.runWith(strings.Repeat(" ", maxSettingsBytes+1), "settings", "set", "-")
	require.ErrorContains(t, err, "larger than 16 MB")
	_, _, err = api.run("settings", "set", filepath.Join(t.TempDir(), "none.json"))
	require.ErrorIs(t, err, os.ErrNotExist)
	require.Empty(t, api.requests())
}
