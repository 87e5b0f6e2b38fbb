package index

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"
)

const (
	segmentSuffix = ".segment"
	tempPrefix    = ".tmp-"
	// staleTemp is the age from which a temporary file has no owner any more.
	staleTemp = time.Hour
	// touchAfter is how old a file's time of use may get before it is renewed.
	touchAfter = time.Hour
)

// cacheDir keeps segment files, and those of vectors and models:
// <dir>/<tenant>/<id>.segment, .vectors, .model. Several
// processes of a machine may share it: files appear by rename, complete, and
// are never changed; a file that is removed stays readable to those who have
// mapped it.
type cacheDir struct {
	root string
}

func newCacheDir(root string) (*cacheDir, error) {
	if root == "" {
		return nil, errors.New("the index cache needs a directory")
	}
	if err := os.MkdirAll(root, 0o750); err != nil {
		return nil, fmt.Errorf("create the index cache: %w", err)
	}
	c := &cacheDir{root: root}
	c.removeStaleTemps(time.Now())
	return c, nil
}

func (c *cacheDir) path(tenant, segment uuid.UUID) string {
	return filepath.Join(c.root, tenant.String(), segment.String()+segmentSuffix)
}

// put stores what write writes, or nothing.
func (c *cacheDir) put(tenant, segment uuid.UUID, write func(io.Writer) error) error {
	return c.putAt(c.path(tenant, segment), write)
}

func (c *cacheDir) putAt(path string, write func(io.Writer) error) error {
	return c.putOpened(path, write, func(string) error { return nil })
}

// putOpened is putAt for a file that open accepts before it gets its name. What
// open has opened stays, whoever removes the file after that.
func (c *cacheDir) putOpened(path string, write func(io.Writer) error, open func(temp string) error) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("create the index cache: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), tempPrefix+"*")
	if err != nil {
		return fmt.Errorf("create a cache file: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreNotExist(os.Remove(f.Name())))
		}
	}()
	if err = errors.Join(write(f), f.Close()); err != nil {
		return err
	}
	if err = open(f.Name()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("keep a cache file: %w", err)
	}
	return nil
}

// putFile stores a copy of a file, by a hard link where that is possible.
func (c *cacheDir) putFile(path, from string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("create the index cache: %w", err)
	}
	if err := os.Link(from, path); err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	return c.putAt(path, func(w io.Writer) error {
		f, err := os.Open(filepath.Clean(from))
		if err != nil {
			return fmt.Errorf("open the file to keep: %w", err)
		}
		defer f.Close()
		_, err = io.Copy(w, f)
		return err
	})
}

func ignoreNotExist(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// cachedFile is a file of the cache.
type cachedFile struct {
	path   string
	tenant uuid.UUID
	bytes  int64
	used   time.Time
}

// files lists the files of segments, vectors and models.
func (c *cacheDir) files() ([]cachedFile, error) {
	var files []cachedFile
	err := filepath.WalkDir(c.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return ignoreNotExist(err)
		}
		if d.IsDir() || !slices.Contains(cachedSuffixes, filepath.Ext(path)) {
			return nil
		}
		tenant, err := uuid.Parse(filepath.Base(filepath.Dir(path)))
		if err != nil {
			return nil //nolint:nilerr // not a file of ours
		}
		info, err := d.Info()
		if err != nil {
			return ignoreNotExist(err)
		}
		files = append(files, cachedFile{path, tenant, info.Size(), info.ModTime()})
		return nil
	})
	return files, err
}

// trim removes the files that were used longest ago, but none of a tenant that
// is in use, until the cache fits into max bytes.
func (c *cacheDir) trim(max int64, inUse func(tenant uuid.UUID) bool) error {
	files, err := c.files()
	if err != nil {
		return fmt.Errorf("list the index cache: %w", err)
	}
	total := int64(0)
	for _, f := range files {
		total += f.bytes
	}
	slices.SortFunc(files, func(a, b cachedFile) int { return cmp.Compare(a.used.UnixNano(), b.used.UnixNano()) })
	for _, f := range files {
		if total <= max {
			return nil
		}
		if inUse(f.tenant) {
			continue
		}
		if err := ignoreNotExist(os.Remove(f.path)); err != nil {
			return fmt.Errorf("trim the index cache: %w", err)
		}
		total -= f.bytes
	}
	return nil
}

// removeStaleTemps removes what a killed process has left.
func (c *cacheDir) removeStaleTemps(now time.Time) {
	// A pattern can only be wrong by its form, and these are constants.
	own, _ := filepath.Glob(filepath.Join(c.root, tempPrefix+"*"))
	tenants, _ := filepath.Glob(filepath.Join(c.root, "*", tempPrefix+"*"))
	for _, path := range slices.Concat(own, tenants) {
		if info, err := os.Stat(path); err == nil && now.Sub(info.ModTime()) > staleTemp {
			_ = os.Remove(path) // the next start tries again
		}
	}
}
