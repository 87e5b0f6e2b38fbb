package index

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/google/uuid"
)

// isFileError reports whether it is the cache directory that failed: a full or
// read-only disk, missing rights.
func isFileError(err error) bool {
	var path *fs.PathError
	var link *os.LinkError
	return errors.As(err, &path) || errors.As(err, &link)
}

// withoutFile opens a segment whose file could not be written. Room is made by
// removing what no loaded tenant uses; if that does not help, the segment is kept
// in memory, as long as all that is kept so stays below MaxUncachedBytes.
func (m *Manager) withoutFile(tenant uuid.UUID, ref SegmentRef, fetch func(io.Writer) error, cause error) (*Segment, error) {
	m.log.Error("the index cache cannot be written", "tenant", tenant, "segment", ref.ID, "error", cause)
	if err := m.cache.trim(0, m.isLoaded); err == nil {
		if err = m.cache.put(tenant, ref.ID, fetch); err == nil {
			return m.cache.open(tenant, ref)
		}
	}
	if m.uncached.Add(ref.Bytes) > m.options.MaxUncachedBytes {
		m.uncached.Add(-ref.Bytes)
		return nil, fmt.Errorf("keep segment %s of %d bytes: %w", ref.ID, ref.Bytes, cause)
	}
	s, err := openFetched(ref, fetch)
	if err != nil {
		m.uncached.Add(-ref.Bytes)
		return nil, fmt.Errorf("fetch segment %s: %w", ref.ID, err)
	}
	s.closed = func() { m.uncached.Add(-ref.Bytes) }
	return s, nil
}

func openFetched(ref SegmentRef, fetch func(io.Writer) error) (*Segment, error) {
	var buf bytes.Buffer
	if err := fetch(&buf); err != nil {
		return nil, err
	}
	s, err := OpenBytes(buf.Bytes())
	if err == nil && !bytes.Equal(s.file.Checksum, ref.Checksum) {
		err = corrupt("checksum %x, not %x", s.file.Checksum, ref.Checksum)
	}
	return s, err
}
