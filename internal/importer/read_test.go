package importer

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/apiclient"
)

func TestReadGivesDocumentsAsAnImportSendsThem(t *testing.T) {
	t.Parallel()
	lines := []byte(`{"_id":"a","title":"T","text":"content a"}` + "\n\n" + `{"external_id":"b","content":"content b"}`)
	encoder, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	dir := t.TempDir()
	for name, data := range map[string][]byte{"plain.jsonl": lines, "packed.jsonl.zst": encoder.EncodeAll(lines, nil)} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, data, 0o600))
		var got []apiclient.Document
		for doc, err := range Read(path) {
			require.NoError(t, err)
			got = append(got, doc)
		}
		require.Equal(t, []apiclient.Document{
			{ExternalID: "a", Title: "T", Content: "content a"}, {ExternalID: "b", Content: "content b"},
		}, got)
	}
	bad := filepath.Join(dir, "bad.jsonl")
	require.NoError(t, os.WriteFile(bad, []byte(`{"content":"fine"}`+"\nnonsense\n"+`{"content":"never reached"}`), 0o600))
	var errs []error
	for _, err := range Read(bad) {
		errs = append(errs, err)
	}
	require.Len(t, errs, 2)
	require.ErrorContains(t, errs[1], "line 2 of "+bad+" is no document")
	for _, err := range Read(filepath.Join(dir, "missing")) {
		require.ErrorIs(t, err, os.ErrNotExist)
	}
}
