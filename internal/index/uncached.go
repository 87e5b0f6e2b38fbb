package index

import (
	"bytes"
	"errors"
	"fmt"
	"io"
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
func withoutFile[T any](
	m *Manager, path string, size int64, cause error, fetch func(io.Writer) error,
	open func() (T, error), inMemory func(data []byte, closed func()) (T, error),
) (none T, err error) {
	m.log.Error("the index cache cannot be written", "file", path, "error", cause)
	if m.cache.trim(0, m.isLoaded) == nil && m.cache.putAt(path, fetch) == nil {
		return open()
	}
	if m.uncached.Add(size) > m.options.MaxUncachedBytes {
		m.uncached.Add(-size)
		return none, fmt.Errorf("keep a file of %d bytes: %w", size, cause)
	}
	var buf bytes.Buffer
	file := none
	if err = fetch(&buf); err == nil {
		file, err = inMemory(buf.Bytes(), func() { m.uncached.Add(-size) })
	}
	if err != nil {
		m.uncached.Add(-size)
		return none, err
	}
	return file, nil
}

func uncachedSegment(ref SegmentRef) func([]byte, func()) (*Segment, error) {
	return func(data []byte, closed func()) (*Segment, error) {
		s, err := OpenBytes(data)
		if err != nil {
			return nil, err
		}
		s.closed = closed
		return s, sameChecksum(s.file.Checksum, ref.Checksum)
	}
}

func uncachedVectors(ref *VectorsRef) func([]byte, func()) (*Vectors, error) {
	return func(data []byte, closed func()) (*Vectors, error) {
		v, err := OpenVectorsBytes(data)
		if err != nil {
			return nil, err
		}
		v.closed = closed
		return v, sameChecksum(v.file.Checksum, ref.Checksum)
	}
}

func sameChecksum(got, want []byte) error {
	if !bytes.Equal(got, want) {
		return corrupt("checksum %x, not %x", got, want)
	}
	return nil
}
