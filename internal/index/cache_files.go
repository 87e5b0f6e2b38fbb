package index

import (
	"bytes"
	"errors"
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

// openCached opens a file of the cache. It returns fs.ErrNotExist for one that is
// not there, and removes one that is not what its entry says.
func openCached[T interface{ Close() error }](
	path string, checksum []byte, open func(path string) (T, error), checksumOf func(T) []byte,
) (none T, err error) {
	now := time.Now()
	file, err := open(path)
	if err == nil && !bytes.Equal(checksumOf(file), checksum) {
		err = errors.Join(corrupt("checksum %x, not %x", checksumOf(file), checksum), file.Close())
	}
	if errors.Is(err, ErrCorrupt) {
		return none, errors.Join(err, os.Remove(path))
	}
	if err != nil {
		return none, err
	}
	if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > touchAfter {
		// Only the order of eviction depends on it. The moment is from before the
		// check, so that it does not look like a change of the file.
		_ = os.Chtimes(path, now, now)
	}
	return file, nil
}

// openVectors is open for the vectors of a segment.
func (c *cacheDir) openVectors(tenant uuid.UUID, ref *VectorsRef) (*Vectors, error) {
	return openCached(c.vectorsPath(tenant, ref.ID), ref.Checksum, OpenVectors, func(v *Vectors) []byte { return v.file.Checksum })
}

// verifyModel reads the file of a model, and removes one that is not what ref
// says. It returns fs.ErrNotExist for one that is not there.
func (c *cacheDir) verifyModel(tenant uuid.UUID, ref *ModelRef) error {
	_, err := openCached(c.modelPath(tenant, ref.ID), ref.Checksum, readModelFile, func(f modelFile) []byte { return f.checksum })
	return err
}
