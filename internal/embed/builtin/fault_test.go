package builtin

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A mapped file that is cut raises a fault where it is read, which must not end the
// process, whether the reader has read in it before or not.
func TestAModelThatIsCutWhileOpenSaysThatItIsCorrupt(t *testing.T) {
	t.Parallel()
	data := smallModel(t)
	path := filepath.Join(t.TempDir(), "model")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	m, err := Open(path)
	require.NoError(t, err)
	texts := zipfTexts(8, 40, 12, 30)
	v, err := m.EmbedQuery(t.Context(), texts[0])
	require.NoError(t, err)
	require.NotNil(t, v)
	require.NoError(t, m.Verify())
	require.NoError(t, os.Truncate(path, 0))

	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			if v, err := m.EmbedQuery(t.Context(), texts[i]); v != nil || err == nil {
				t.Errorf("%v, %v", v, err)
			}
		})
	}
	wait.Wait()
	_, err = m.EmbedQuery(t.Context(), texts[0])
	require.ErrorIs(t, err, ErrCorrupt)
	vectors, err := m.EmbedDocuments(t.Context(), texts)
	require.ErrorIs(t, err, ErrCorrupt)
	require.Nil(t, vectors, "none, rather than some")
	require.ErrorIs(t, m.Verify(), ErrCorrupt)
	require.NoError(t, m.Close())

	require.NoError(t, os.WriteFile(path, data, 0o600))
	m, err = Open(path)
	require.NoError(t, err)
	again, err := m.EmbedQuery(t.Context(), texts[0])
	require.NoError(t, err)
	require.Equal(t, v, again)
	require.NoError(t, m.Close())
}
