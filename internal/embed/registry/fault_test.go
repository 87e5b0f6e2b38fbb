package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/cache"
	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/embed"
	"github.com/rustassistant/rustassistant/internal/embed/builtin"
	"github.com/rustassistant/rustassistant/internal/index"
	"github.com/rustassistant/rustassistant/internal/search"
)

// corpus is a tenant with one segment, its vectors and the builtin model that made
// them: what the store is for a Manager.
type corpus struct {
	state index.State
	files map[uuid.UUID][]byte
	reads atomic.Int64 // of the model
}

func newCorpus(t testing.TB) *corpus {
	t.Helper()
	b := index.NewBuilder(index.Options{})
	var texts []string
	for i := range 60 {
		d := index.Document{ID: uuid.Must(uuid.NewV7()), Version: 1, ExternalID: fmt.Sprint(i), Title: fmt.Sprintf("engine%d", i%7)}
		d.Chunks = []index.Chunk{{Content: fmt.Sprintf("engine%d piston%d valve%d crank%d oil%d", i%7, i%7, i%7, i%5, i%3)}}
		require.NoError(t, b.Add(d))
		texts = append(texts, embed.ChunkText(d.Title, "", d.Chunks[0].Content))
	}
	segment, meta, err := b.Bytes()
	require.NoError(t, err)
	trained, err := builtin.Train(t.Context(), func(yield func(string, error) bool) {
		for _, text := range texts {
			if !yield(text, nil) {
				return
			}
		}
	}, builtin.Options{Seed: 1})
	require.NoError(t, err)
	var model, vectors bytes.Buffer
	_, err = trained.WriteTo(&model)
	require.NoError(t, err)
	m, err := builtin.OpenBytes(model.Bytes())
	require.NoError(t, err)
	made, err := m.EmbedDocuments(t.Context(), texts)
	require.NoError(t, err)
	vmeta, err := index.WriteVectors(&vectors, builtin.Dimensions, len(made), func(chunk int) []float32 { return made[chunk] })
	require.NoError(t, err)

	ref := index.SegmentRef{ID: uuid.New(), Bytes: meta.Bytes, Checksum: meta.Checksum, Docs: meta.Docs, Chunks: meta.Chunks, AppliedGeneration: 1}
	ref.Vectors = &index.VectorsRef{ID: uuid.New(), Bytes: vmeta.Bytes, Checksum: vmeta.Checksum, Chunks: vmeta.Chunks, Missing: vmeta.Missing}
	active := &index.ModelRef{
		ID: uuid.New(), Name: builtin.Identity(), Identity: builtin.Identity(), Provider: domain.ProviderBuiltin,
		Dimensions: builtin.Dimensions, Bytes: int64(model.Len()), Checksum: index.FileChecksum(model.Bytes()),
	}
	return &corpus{
		state: index.State{Generation: 1, Segments: []index.SegmentRef{ref}, Model: active},
		files: map[uuid.UUID][]byte{ref.ID: segment, ref.Vectors.ID: vectors.Bytes(), active.ID: model.Bytes()},
	}
}

func (c *corpus) IndexState(context.Context, uuid.UUID, uint64) (index.State, error) {
	return c.state, nil
}

func (c *corpus) ReadSegment(_ context.Context, _, id uuid.UUID, w io.Writer) error {
	_, err := w.Write(c.files[id])
	return err
}

func (c *corpus) ReadVectors(ctx context.Context, tenant, id uuid.UUID, w io.Writer) error {
	return c.ReadSegment(ctx, tenant, id, w)
}

func (c *corpus) ReadModel(ctx context.Context, tenant, id uuid.UUID, w io.Writer) error {
	c.reads.Add(1)
	return c.ReadSegment(ctx, tenant, id, w)
}

// A model file that is cut under a running process costs one search its vectors,
// not the process: words answer it, and the model is fetched again.
func TestAModelThatIsCutWhileOpenIsFetchedAgain(t *testing.T) {
	t.Parallel()
	c, models, tenant, dir := newCorpus(t), Builtin(), uuid.New(), t.TempDir()
	manager, err := index.NewManager(c, index.ManagerOptions{CacheDir: dir, OpenModel: models.OpenModel, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(manager.Close)
	off := cache.New(cache.Options{})
	t.Cleanup(off.Close)
	service := search.NewService(search.Deps{
		Index: manager, Cache: off, Embedder: models, Logger: slog.New(slog.DiscardHandler),
		Generations: func(context.Context, []uuid.UUID) (map[uuid.UUID]uint64, error) { return nil, nil },
	})
	type answer struct {
		AnsweredBy string            `json:"answered_by"`
		Notice     string            `json:"notice"`
		Results    []json.RawMessage `json:"results"`
	}
	ask := func() (a answer) {
		request, err := search.Decode([]byte(`{"query": "piston3 valve3", "type": "hybrid"}`))
		require.NoError(t, err)
		got, err := service.Search(t.Context(), tenant, request, search.Options{NoCache: true})
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(got.AppendJSON(nil), &a))
		require.NotEmpty(t, a.Results)
		return a
	}
	require.Empty(t, ask().AnsweredBy)
	var cut []string
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if info, statErr := d.Info(); statErr == nil && info.Size() == c.state.Model.Bytes {
			cut = append(cut, path)
		}
		return err
	}))
	require.Len(t, cut, 1)
	require.NoError(t, os.Truncate(cut[0], 0))
	a := ask()
	require.Equal(t, "keyword", a.AnsweredBy)
	require.Equal(t, "The embedding model is read again; this search was answered by keyword.", a.Notice)
	require.Eventually(t, func() bool { return ask().AnsweredBy == "" }, 10*time.Second, 5*time.Millisecond)
	require.EqualValues(t, 2, c.reads.Load(), "fetched once more, however many asked")
	again, err := os.ReadFile(cut[0])
	require.NoError(t, err)
	require.Equal(t, c.files[c.state.Model.ID], again)
}
