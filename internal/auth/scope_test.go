package auth

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
)

func TestScopesGrantWhatTheySay(t *testing.T) {
	t.Parallel()
	for _, held := range AllScopes() {
		for _, want := range AllScopes() {
			expected := held == want || held == ScopePlatform || held == ScopeAdmin && want != ScopePlatform
			require.Equal(t, expected, Scopes(held).Has(want), "%s for %s", held, want)
		}
		require.False(t, Scopes(held).Has("invented"), "an unknown scope is granted to nobody, not even to %s", held)
		require.False(t, ScopeSet(0).Has(held))
		require.False(t, (*Principal)(nil).Can(held))
	}
}

func TestScopeNamesAreReadAndWritten(t *testing.T) {
	t.Parallel()
	set, err := ParseScopes([]string{"documents:write", "search", "search"})
	require.NoError(t, err)
	require.Equal(t, []string{"search", "documents:write"}, set.Strings())
	for _, wrong := range [][]string{nil, {}, {""}, {"Search"}, {"search", "root"}, {strings.Repeat("x", 1000) + "\xff"}} {
		_, err := ParseScopes(wrong)
		var e *domain.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, domain.CodeInvalid, e.Code)
		require.Equal(t, "scopes", e.Fields[0].Field)
		require.Less(t, len(e.Error()), 300)
	}
	require.Equal(t, Scopes(ScopeSearch), StoredScopes([]string{"search", "of a newer version"}))
}

func TestOnlyThePlatformActsForOtherTenants(t *testing.T) {
	t.Parallel()
	home, away := uuid.New(), uuid.New()
	admin := &Principal{TenantID: home, TenantSlug: "home", Scopes: Scopes(ScopeAdmin)}
	same, err := admin.ForTenant(home, "home", domain.Quota{})
	require.NoError(t, err)
	require.Same(t, admin, same)
	_, err = admin.ForTenant(away, "away", domain.Quota{})
	require.Equal(t, domain.CodeNotFound, domain.CodeOf(err), "a foreign tenant does not exist")
	_, err = (*Principal)(nil).ForTenant(home, "home", domain.Quota{})
	require.Equal(t, domain.CodeNotFound, domain.CodeOf(err))

	platform := Development(uuid.New(), home, "home")
	acting, err := platform.ForTenant(away, "away", domain.Quota{})
	require.NoError(t, err)
	require.Equal(t, away, acting.TenantID)
	require.Equal(t, "away", acting.TenantSlug)
	require.True(t, acting.Development)
	require.Equal(t, home, platform.TenantID, "the shared principal is not changed")

	require.Same(t, acting, FromContext(WithPrincipal(t.Context(), acting)))
	require.Nil(t, FromContext(t.Context()))
}
