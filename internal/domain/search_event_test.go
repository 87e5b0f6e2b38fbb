package domain_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/domain"
)

func TestASampleIsTheShareAskedForAndNeverChanges(t *testing.T) {
	t.Parallel()
	sampled := func(rate float64) domain.SearchEvents {
		return domain.SearchEvents{Emission: domain.SearchesSampled, SampleRate: rate}
	}
	const searches = 20_000
	told := 0
	for range searches {
		id := uuid.Must(uuid.NewV7())
		require.True(t, sampled(1).Tells(id))
		require.False(t, sampled(0).Tells(id))
		if sampled(0.1).Tells(id) {
			told++
			require.True(t, sampled(0.2).Tells(id), "a larger sample holds the smaller one")
		}
	}
	require.InDelta(t, searches/10, told, searches/100)
}
