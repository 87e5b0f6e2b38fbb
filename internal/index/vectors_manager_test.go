package index

import (
	"bytes"
	"errors"
	"os"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// fakeModel counts how often it was closed.
type fakeModel struct {
	ref    ModelRef
	file   []byte
	closed atomic.Int64
}

func (m *fakeModel) Close() error {
	m.closed.Add(1)
	return nil
}

// activate makes a model the tenant's active one.
func (f *fakeSource) activate(tenant uuid.UUID, dims int, file string) ModelRef {
	f.mu.Lock()
	defer f.mu.Unlock()
	ref := ModelRef{ID: uuid.New(), Name: file, Dimensions: dims, Bytes: int64(len(file)), Checksum: FileChecksum([]byte(file))}
	f.data[ref.ID] = []byte(file)
	s := f.states[tenant]
	s.Generation++
	s.Model = &ref
	f.states[tenant] = s
	return ref
}

// embed gives a segment vectors, which replace those it has.
func (f *fakeSource) embed(t testing.TB, tenant, segment uuid.UUID, dims int) uuid.UUID {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.states[tenant]
	s.Generation++
	s.Segments = append([]SegmentRef(nil), s.Segments...)
	for i := range s.Segments {
		ref := &s.Segments[i]
		if ref.ID != segment {
			continue
		}
		var out bytes.Buffer
		meta, err := WriteVectors(&out, dims, ref.Chunks, func(chunk int) []float32 {
			v := make([]float32, dims)
			v[chunk%dims] = 1
			return v
		})
		require.NoError(t, err)
		ref.Vectors = &VectorsRef{ID: uuid.New(), Bytes: meta.Bytes, Checksum: meta.Checksum, Chunks: meta.Chunks}
		f.data[ref.Vectors.ID] = out.Bytes()
		f.states[tenant] = s
		return ref.Vectors.ID
	}
	require.Fail(t, "no such segment")
	return uuid.Nil
}

func modelManager(t testing.TB, f *fakeSource, dir string) (*Manager, *[]*fakeModel) {
	t.Helper()
	var opened []*fakeModel
	m := newTestManager(t, f, ManagerOptions{CacheDir: dir, OpenModel: func(ref ModelRef, path string) (Model, error) {
		file, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if string(file) == "unreadable" {
			return nil, errors.New("not a model")
		}
		opened = append(opened, &fakeModel{ref: ref, file: file})
		return opened[len(opened)-1], nil
	}})
	return m, &opened
}

// Vectors that come later, and a change of the model, show with the generation that
// brings them; a snapshot in use keeps what it has, and nothing is read twice.
func TestVectorsAndModelsComeWithTheirGeneration(t *testing.T) {
	t.Parallel()
	f, tenant, dir := newFakeSource(), uuid.New(), t.TempDir()
	one, _ := f.commit(t, tenant, "alpha", "beta")
	m, opened := modelManager(t, f, dir)
	before := loaded(t, m, tenant)
	require.Zero(t, before.Stats().Vectors)
	_, model := before.Model()
	require.Nil(t, model)

	ref := f.activate(tenant, 3, "model one")
	first := f.embed(t, tenant, one, 3)
	two, _ := f.commit(t, tenant, "gamma")
	require.NoError(t, m.Refresh(t.Context(), tenant))
	middle := loaded(t, m, tenant)
	got, model := middle.Model()
	require.Equal(t, ref, got)
	require.Equal(t, "model one", string(model.(*fakeModel).file))
	require.Equal(t, 2, middle.Stats().Vectors)
	require.Equal(t, 3, middle.Stats().Chunks)
	require.Greater(t, middle.Stats().Bytes, before.Stats().Bytes+int64(len("model one"))+80)
	require.Zero(t, before.Stats().Vectors)
	result, err := middle.Search(t.Context(), Request{Mode: ModeSemantic, Vector: []float32{0, 1, 0}})
	require.NoError(t, err)
	require.Equal(t, Coverage{Used: true, Covered: 2, Chunks: 3}, result.Vectors)
	require.Equal(t, []string{"beta", "alpha"}, []string{result.Hits[0].ExternalID, result.Hits[1].ExternalID})

	f.activate(tenant, 2, "model two")
	f.embed(t, tenant, one, 2)
	f.embed(t, tenant, two, 2)
	require.NoError(t, m.Refresh(t.Context(), tenant))
	after := loaded(t, m, tenant)
	require.Equal(t, 2, after.Dimensions())
	require.Equal(t, 3, after.Stats().Vectors)
	require.Equal(t, 3, middle.Dimensions())
	require.EqualValues(t, 3, f.vectorReads.Load())
	require.EqualValues(t, 2, f.modelReads.Load())
	require.NoFileExists(t, m.cache.vectorsPath(tenant, first), "replaced vectors are removed")
	require.NoFileExists(t, m.cache.modelPath(tenant, ref.ID))
	require.Zero(t, (*opened)[0].closed.Load(), "a snapshot in use keeps its model")
	_, err = after.Search(t.Context(), Request{Mode: ModeSemantic, Vector: []float32{0, 1, 0}})
	require.Error(t, err, "a vector of another model's dimensions")
	middle.Release()
	require.EqualValues(t, 1, (*opened)[0].closed.Load())
	before.Release()
	after.Release()
	m.Close()
	require.EqualValues(t, 1, (*opened)[1].closed.Load())
}

func loaded(t testing.TB, m *Manager, tenant uuid.UUID) *Snapshot {
	t.Helper()
	s, err := m.Snapshot(t.Context(), tenant)
	require.NoError(t, err)
	return s
}

// A broken file in the cache is fetched again; one that is broken in the store, is
// of other dimensions, or a model that cannot be opened, costs the vectors and
// never the words.
func TestBrokenVectorsNeverCostTheWords(t *testing.T) {
	t.Parallel()
	f, tenant, dir := newFakeSource(), uuid.New(), t.TempDir()
	one, _ := f.commit(t, tenant, "alpha", "beta")
	ref := f.activate(tenant, 3, "model")
	id := f.embed(t, tenant, one, 3)
	load := func() (*Snapshot, func()) {
		m, _ := modelManager(t, f, dir)
		s := loaded(t, m, tenant)
		result, err := s.Search(t.Context(), Request{Query: "alpha", Mode: ModeHybrid, Vector: []float32{1, 0, 0}})
		require.NoError(t, err)
		require.Equal(t, "alpha", result.Hits[0].ExternalID)
		require.Equal(t, s.Stats().Vectors > 0, result.Vectors.Used)
		return s, func() { s.Release(); m.Close() }
	}
	s, done := load()
	require.Equal(t, 2, s.Stats().Vectors)
	done()
	path := filepathOf(dir, tenant, id, vectorsSuffix)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	data[70] ^= 1
	require.NoError(t, os.WriteFile(path, data, 0o600))
	require.NoError(t, os.WriteFile(filepathOf(dir, tenant, ref.ID, modelSuffix), []byte("mod"), 0o600))
	s, done = load()
	require.Equal(t, 2, s.Stats().Vectors)
	_, model := s.Model()
	require.Equal(t, "model", string(model.(*fakeModel).file))
	done()
	require.EqualValues(t, 2, f.vectorReads.Load())
	require.EqualValues(t, 2, f.modelReads.Load())

	f.embed(t, tenant, one, 4) // not the model's
	s, done = load()
	require.Zero(t, s.Stats().Vectors)
	done()
	broken := f.embed(t, tenant, one, 3)
	f.mu.Lock()
	f.data[broken] = data
	f.mu.Unlock()
	f.activate(tenant, 3, "unreadable")
	s, done = load()
	require.Zero(t, s.Stats().Vectors)
	_, model = s.Model()
	require.Nil(t, model)
	done()
}

func filepathOf(dir string, tenant, id uuid.UUID, suffix string) string {
	return dir + "/" + tenant.String() + "/" + id.String() + suffix
}

// Merged segments keep their vectors, without making one anew.
func TestMergedVectorsAreThoseOfTheirChunks(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	l.dims = 100
	for i := range 3 {
		var docs []Document
		for k := range 700 {
			docs = append(docs, Document{ID: testID(k*3 + i), Version: uint64(1 + k%5), Chunks: []Chunk{{Content: "a"}, {Ordinal: 4, Content: "b"}}})
		}
		l.commit(docs...)
	}
	l.remove(testID(5), 9)
	l.fill()
	l.merge([]int{0, 1, 2})
	merged := l.bytes[l.refs[0].Vectors.ID]
	l.embed(0)
	require.Equal(t, l.bytes[l.refs[0].Vectors.ID], merged)
	inputs, err := l.current.MergeInputs(l.refs[0].ID)
	require.NoError(t, err)
	small, _ := writeVectors(t, 3, [][]float32{{1, 2, 3}})
	inputs[0].Vectors, err = OpenVectorsBytes(small)
	require.NoError(t, err)
	_, _, err = MergeWithVectors(t.Context(), inputs, &bytes.Buffer{}, &bytes.Buffer{})
	require.ErrorIs(t, err, ErrCorrupt, "vectors of another segment")
}
