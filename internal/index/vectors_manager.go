package index

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/google/uuid"
)

// modelFile is a model's file that was read once to compare its checksum.
type modelFile struct{ checksum []byte }

func (modelFile) Close() error { return nil }

func readModelFile(path string) (modelFile, error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return modelFile{}, err
	}
	defer f.Close()
	h := xxhash.New()
	if _, err := io.Copy(h, f); err != nil {
		return modelFile{}, fmt.Errorf("read model: %w", err)
	}
	return modelFile{binary.BigEndian.AppendUint64(nil, h.Sum64())}, nil
}

// openVectors opens the vectors of a segment from the cache; a file that is
// missing or broken there is fetched. Vectors that are broken in the store too, or
// are not of the model, are logged and left out: words are found without them, and
// a search says what its vectors cover.
func (m *Manager) openVectors(ctx context.Context, tenant uuid.UUID, ref SegmentRef, model *ModelRef) (*Vectors, error) {
	v, err := m.fetchVectors(ctx, tenant, ref.Vectors)
	if err == nil && (model == nil || v.dims != model.Dimensions || v.chunks != ref.Chunks) {
		err = errors.Join(corrupt("%d vectors of %d dimensions do not fit the segment and the model", v.chunks, v.dims), v.Close())
	}
	if errors.Is(err, ErrCorrupt) && ctx.Err() == nil {
		m.log.Error("a segment is loaded without its vectors", "tenant", tenant, "segment", ref.ID, "vectors", ref.Vectors.ID, "error", err)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

func (m *Manager) fetchVectors(ctx context.Context, tenant uuid.UUID, ref *VectorsRef) (*Vectors, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return openFile(m, vectorsFiles, cacheEntry{
		path: m.cache.vectorsPath(tenant, ref.ID), checksum: ref.Checksum, bytes: ref.Bytes,
		fetch: func(w io.Writer) error {
			return m.source.ReadVectors(ctx, tenant, ref.ID, &limitedWriter{w: w, left: ref.Bytes})
		},
	})
}

// openModel returns a handle to the active model, that of old when it is the same.
// A model that cannot be opened is logged and left out.
func (m *Manager) openModel(ctx context.Context, tenant uuid.UUID, old *Snapshot, ref *ModelRef) (*modelHandle, error) {
	if ref == nil || m.options.OpenModel == nil {
		return nil, nil
	}
	if old != nil && old.model != nil && old.model.ref.ID == ref.ID {
		old.model.acquire()
		return old.model, nil
	}
	opened := time.Now()
	model, err := m.loadModel(ctx, tenant, ref)
	for n := 1; errors.Is(err, fs.ErrNotExist) && n < maxReloads; n++ {
		model, err = m.loadModel(ctx, tenant, ref) // another process of the directory has removed it
	}
	var fetch *fetchError
	if errors.As(err, &fetch) && !errors.Is(err, ErrCorrupt) && !isFileError(err) {
		return nil, err
	}
	if err != nil {
		m.log.Error("a tenant is loaded without its model", "tenant", tenant, "model", ref.ID, "error", err)
		return nil, nil
	}
	return newModelHandle(*ref, model, opened), nil
}

// loadModel opens a model, whose file is brought into the cache first.
func (m *Manager) loadModel(ctx context.Context, tenant uuid.UUID, ref *ModelRef) (Model, error) {
	if ref.Bytes == 0 {
		return m.options.OpenModel(*ref, "")
	}
	entry := m.cache.modelEntry(tenant, ref)
	entry.fetch = func(w io.Writer) error {
		return m.source.ReadModel(ctx, tenant, ref.ID, &limitedWriter{w: w, left: ref.Bytes})
	}
	if _, err := openFile(m, modelFiles, entry); err != nil {
		return nil, err
	}
	return m.options.OpenModel(*ref, entry.path)
}

// removeUnused drops the files that only old needed.
func (m *Manager) removeUnused(tenant uuid.UUID, old, next *Snapshot) {
	kept := make(map[string]bool)
	for path := range next.files(m.cache, tenant) {
		kept[path] = true
	}
	for path := range old.files(m.cache, tenant) {
		if kept[path] {
			continue
		}
		if err := ignoreNotExist(os.Remove(path)); err != nil {
			m.log.Warn("an unused index file could not be removed", "tenant", tenant, "file", filepath.Base(path), "error", err)
		}
	}
}

// files yields the files of a snapshot in the cache.
func (s *Snapshot) files(c *cacheDir, tenant uuid.UUID) func(yield func(path string) bool) {
	return func(yield func(string) bool) {
		for _, v := range s.views {
			if !yield(c.path(tenant, v.ref.ID)) || v.vectors != nil && !yield(c.vectorsPath(tenant, v.vectors.id)) {
				return
			}
		}
		if s.model != nil {
			yield(c.modelPath(tenant, s.model.ref.ID))
		}
	}
}

// AdoptVectorsFile is AdoptFile for a vectors file.
func (m *Manager) AdoptVectorsFile(tenant, vectors uuid.UUID, path string) error {
	return m.cache.putFile(m.cache.vectorsPath(tenant, vectors), path)
}

// AdoptVectorsBytes is AdoptBytes for a vectors file.
func (m *Manager) AdoptVectorsBytes(tenant, vectors uuid.UUID, data []byte) error {
	return m.cache.putAt(m.cache.vectorsPath(tenant, vectors), func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}
