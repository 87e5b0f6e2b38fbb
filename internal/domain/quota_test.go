package domain

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLimitsAreTheOverridesOverTheTier(t *testing.T) {
	t.Parallel()
	five, none, zero := int64(5), int64(NoLimit), int64(0)
	limits := DefaultTiers().Limits(Plan{Tier: TierFree, Override: Quota{Documents: &five, Webhooks: &none, APIKeys: &zero}})
	require.Equal(t, int64(5), *limits.Documents)
	require.Nil(t, limits.Webhooks, "-1 takes the tier's limit away")
	require.Zero(t, *limits.APIKeys)
	require.Equal(t, int64(10_000), *limits.SearchesPerDay, "what is left out is the tier's")
	require.True(t, DefaultTiers().Limits(Plan{Tier: TierUnlimited}).IsZero())
}

func TestPlansThatMakeNoSenseAreRefusedByField(t *testing.T) {
	t.Parallel()
	minus, none, zero, huge := int64(-2), int64(NoLimit), int64(0), int64(1)<<62
	good := Plan{Tier: TierStandard, Override: Quota{Documents: &none, Webhooks: &zero}}
	require.NoError(t, good.Check())
	bad := Plan{Tier: "gold", Override: Quota{Documents: &minus, StorageBytes: &huge, RequestsPerMinute: &zero}}
	var e *Error
	require.ErrorAs(t, bad.Check(), &e)
	var fields []string
	for _, f := range e.Fields {
		fields = append(fields, f.Field)
	}
	require.Equal(t, []string{"tier", "quota.documents", "quota.storage_bytes", "quota.requests_per_minute"}, fields)
}

func TestTiersAreReadOverTheDefaults(t *testing.T) {
	t.Parallel()
	var tiers Tiers
	require.NoError(t, tiers.UnmarshalText([]byte(`{"free": {"documents": 7, "webhooks": null, "api_keys": -1}}`)))
	require.Equal(t, int64(7), *tiers[TierFree].Documents)
	require.Nil(t, tiers[TierFree].Webhooks)
	require.Nil(t, tiers[TierFree].APIKeys)
	require.Equal(t, DefaultTiers()[TierStandard], tiers[TierStandard])
	for _, bad := range []string{
		`[]`, `{"free": 1}`, `{"free": {"documents": "many"}}`, `{"gold": {}}`, `{"unlimited": {"documents": 1}}`, `{"free": {"docs": 1}}`,
		`{"free": {"documents": -2}}`, `{"free": {}} {}`, `{"free": {"documents": 1.5}}`,
	} {
		require.Error(t, tiers.UnmarshalText([]byte(bad)), bad)
	}
	var again Tiers
	require.NoError(t, tiers.UnmarshalText([]byte(`{"free": {"documents": 7, "webhooks": null}}`)))
	require.True(t, json.Valid([]byte(tiers.String())))
	require.NoError(t, again.UnmarshalText([]byte(tiers.String())))
	require.Equal(t, tiers, again)
}

func TestLevelsBeginAtFourFifthsAndAtTheLimit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		used, limit int64
		want        QuotaLevel
	}{
		{0, 0, QuotaBelow},
		{1, 0, QuotaFull},
		{0, 10, QuotaBelow},
		{7, 10, QuotaBelow},
		{8, 10, QuotaWarning},
		{9, 10, QuotaWarning},
		{10, 10, QuotaFull},
		{11, 10, QuotaFull},
		{2, 3, QuotaBelow},
		{3, 3, QuotaFull},
		{0, 1, QuotaBelow},
		{1, 1, QuotaFull},
		{4, 5, QuotaWarning},
		{maxQuota, maxQuota, QuotaFull},
	} {
		require.Equal(t, c.want, LevelOf(c.used, c.limit), "%d of %d", c.used, c.limit)
	}
}
