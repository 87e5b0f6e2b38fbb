package index

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// isFileError reports whether it is the cache directory that failed: a full or
// read-only disk, missing rights.
func isFileError(err error) bool {
	var path *fs.PathError
	var link *os.LinkError
	return errors.As(err, &path) || errors.As(err, &link)
}

// withoutFile opens what could not be written to the cache. Room is made by
// removing what no loaded tenant uses; if that does not help, it is kept in
// memory, as long as all that is kept so stays below MaxUncachedBytes.
func withoutFile[T interface{ Close() error }](m *Manager, kind fileKind[T], e cacheEntry, cause error) (none T, err error) {
	m.log.Error("the index cache cannot be written", "file", e.path, "error", cause)
	if m.cache.trim(0, m.isLoaded) == nil {
		if file, err := kind.fetched(m.cache, e); err == nil {
			return file, nil
		}
	}
	giveBack := func() { m.uncached.Add(-e.bytes) }
	if m.uncached.Add(e.bytes) > m.options.MaxUncachedBytes {
		giveBack()
		return none, fmt.Errorf("keep a file of %d bytes: %w", e.bytes, cause)
	}
	file, err := inMemory(kind, e)
	if err != nil {
		giveBack()
		return none, err
	}
	kind.onClose(file, giveBack)
	return file, nil
}

func inMemory[T interface{ Close() error }](kind fileKind[T], e cacheEntry) (none T, err error) {
	var buf bytes.Buffer
	if err := e.fetch(&buf); err != nil {
		return none, err
	}
	file, err := kind.openBytes(buf.Bytes())
	if err != nil {
		return none, err
	}
	return file, kind.same(file, e)
}
