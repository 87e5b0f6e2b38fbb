package index

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"
)

const (
	usageFile = "usage.json"
	// usageHalfLife is how long it takes a use to count half: the tenants of
	// today go before those of last week.
	usageHalfLife = 24 * time.Hour
	// maxUsage bounds the tenants that are remembered.
	maxUsage = 10_000
)

// usage is how much a tenant was used, by the searches of all processes that
// share the directory. Like the segments it may be lost at any time.
type usage struct {
	Score float64   `json:"score"` // uses, each counted less the older it is
	At    time.Time `json:"at"`    // moment of Score
	Bytes int64     `json:"bytes"` // when it was loaded last
}

// uses are what is added to a usage.
type uses struct {
	count uint64
	bytes int64 // 0 when it is not loaded now
}

func (u usage) at(now time.Time) float64 {
	return u.Score * math.Exp2(-float64(max(0, now.Sub(u.At)))/float64(usageHalfLife))
}

// readUsage returns an empty map when there is no file, or none that makes sense.
func (c *cacheDir) readUsage() (map[uuid.UUID]usage, error) {
	all := make(map[uuid.UUID]usage)
	data, err := os.ReadFile(filepath.Join(c.root, usageFile))
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return all, fmt.Errorf("read the usage of tenants: %w", err)
	}
	if sound := json.Unmarshal(data, &all) == nil; !sound {
		clear(all)
	}
	return all, nil
}

// addUsage adds uses to the file. Processes that write at the same time may lose
// each other's, which only the order of the next warm start depends on.
func (c *cacheDir) addUsage(added map[uuid.UUID]uses, now time.Time) error {
	all, err := c.readUsage()
	if err != nil {
		return err
	}
	for id, u := range added {
		next := usage{Score: all[id].at(now) + float64(u.count), At: now, Bytes: u.bytes}
		if u.bytes == 0 {
			next.Bytes = all[id].Bytes
		}
		all[id] = next
	}
	for _, id := range busiest(all, now)[min(len(all), maxUsage):] {
		delete(all, id)
	}
	data, err := json.Marshal(all)
	if err != nil {
		return fmt.Errorf("encode the usage of tenants: %w", err)
	}
	f, err := os.CreateTemp(c.root, tempPrefix+"*")
	if err != nil {
		return fmt.Errorf("write the usage of tenants: %w", err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(c.root, usageFile))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write the usage of tenants: %w", err), ignoreNotExist(os.Remove(f.Name())))
	}
	return nil
}

// busiest lists tenants, the most used first.
func busiest(all map[uuid.UUID]usage, now time.Time) []uuid.UUID {
	return slices.SortedFunc(maps.Keys(all), func(a, b uuid.UUID) int {
		return cmp.Or(cmp.Compare(all[b].at(now), all[a].at(now)), cmp.Compare(a.String(), b.String()))
	})
}
