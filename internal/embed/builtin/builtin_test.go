package builtin

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

func sampleOf(texts ...string) Sample {
	return func(yield func(string, error) bool) {
		for _, t := range texts {
			if !yield(t, nil) {
				return
			}
		}
	}
}

func TestTrainWriteOpenEmbed(t *testing.T) {
	t.Parallel()
	var texts []string
	for range 20 {
		texts = append(texts, "cats purr and meow", "dogs bark and growl", "engines burn petrol", "motors need fuel")
	}
	trained, err := Train(t.Context(), sampleOf(texts...), Options{Seed: 1})
	require.NoError(t, err)
	var file bytes.Buffer
	n, err := trained.WriteTo(&file)
	require.NoError(t, err)
	require.EqualValues(t, file.Len(), n)
	m, err := OpenBytes(file.Bytes())
	require.NoError(t, err)
	v, err := m.EmbedDocuments(context.Background(), []string{"cats meow", "xyz"})
	require.NoError(t, err)
	require.Len(t, v[0], Dimensions)
	require.Nil(t, v[1])
}
