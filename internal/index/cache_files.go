package index

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
)

// vectorsSuffix and modelSuffix name the other files of a cacheDir.
const (
	vectorsSuffix = ".vectors"
	modelSuffix   = ".model"
)

var cachedSuffixes = []string{segmentSuffix, vectorsSuffix, modelSuffix}

func (c *cacheDir) vectorsPath(tenant, vectors uuid.UUID) string {
	return filepath.Join(c.root, tenant.String(), vectors.String()+vectorsSuffix)
}

func (c *cacheDir) modelPath(tenant, model uuid.UUID) string {
	return filepath.Join(c.root, tenant.String(), model.String()+modelSuffix)
}

// fileKind is how the files of one kind are opened.
type fileKind[T interface{ Close() error }] struct {
	open      func(path string) (T, error)
	openBytes func(data []byte) (T, error)
	checksum  func(T) []byte
	onClose   func(file T, closed func()) // arranges that Close calls closed
}

var (
	segmentFiles = fileKind[*Segment]{
		open: Open, openBytes: OpenBytes,
		checksum: func(s *Segment) []byte { return s.file.Checksum },
		onClose:  func(s *Segment, closed func()) { s.closed = closed },
	}
	vectorsFiles = fileKind[*Vectors]{
		open: OpenVectors, openBytes: OpenVectorsBytes,
		checksum: func(v *Vectors) []byte { return v.file.Checksum },
		onClose:  func(v *Vectors, closed func()) { v.closed = closed },
	}
	modelFiles = fileKind[modelFile]{open: readModelFile, checksum: func(f modelFile) []byte { return f.checksum }}
)

// cacheEntry is a file that the store has and the cache should have.
type cacheEntry struct {
	path     string
	checksum []byte
	bytes    int64
	fetch    func(io.Writer) error // writes it
}

// same closes a file that is not what its entry says.
func (k fileKind[T]) same(file T, e cacheEntry) error {
	if got := k.checksum(file); !bytes.Equal(got, e.checksum) {
		return errors.Join(corrupt("checksum %x, not %x", got, e.checksum), file.Close())
	}
	return nil
}

// cached opens a file of the cache. It returns fs.ErrNotExist for one that is
// not there, and removes one that is not what its entry says.
func (k fileKind[T]) cached(e cacheEntry) (none T, err error) {
	now := time.Now()
	file, err := k.open(e.path)
	if err == nil {
		err = k.same(file, e)
	}
	if errors.Is(err, ErrCorrupt) {
		return none, errors.Join(err, ignoreNotExist(os.Remove(e.path)))
	}
	if err != nil {
		return none, err
	}
	if info, err := os.Stat(e.path); err == nil && time.Since(info.ModTime()) > touchAfter {
		// Only the order of eviction depends on it. The moment is from before the
		// check, so that it does not look like a change of the file.
		_ = os.Chtimes(e.path, now, now)
	}
	return file, nil
}

// fetched brings a file into the cache and opens it.
func (k fileKind[T]) fetched(c *cacheDir, e cacheEntry) (file T, err error) {
	opened := false
	err = c.putOpened(e.path, e.fetch, func(temp string) error {
		f, err := k.open(temp)
		if err == nil {
			err = k.same(f, e)
		}
		file, opened = f, err == nil
		return err
	})
	if err != nil && opened {
		err = errors.Join(err, file.Close())
	}
	return file, err
}

// openFile opens a file from the cache; one that is missing or broken there is
// fetched.
func openFile[T interface{ Close() error }](m *Manager, kind fileKind[T], e cacheEntry) (none T, err error) {
	file, err := kind.cached(e)
	if err == nil {
		return file, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		m.log.Warn("a file of the index cache is fetched again", "file", e.path, "error", err)
	}
	file, err = kind.fetched(m.cache, e)
	if isFileError(err) && kind.openBytes != nil {
		return withoutFile(m, kind, e, err)
	}
	if err != nil {
		return none, &fetchError{filepath.Base(e.path), err}
	}
	return file, nil
}

// fetchError is returned for a file that could not be brought into the cache.
type fetchError struct {
	file  string
	cause error
}

func (e *fetchError) Error() string { return fmt.Sprintf("fetch %s: %v", e.file, e.cause) }

func (e *fetchError) Unwrap() error { return e.cause }

// modelEntry is the entry of a model, without the way to fetch it.
func (c *cacheDir) modelEntry(tenant uuid.UUID, ref *ModelRef) cacheEntry {
	return cacheEntry{path: c.modelPath(tenant, ref.ID), checksum: ref.Checksum, bytes: ref.Bytes}
}
