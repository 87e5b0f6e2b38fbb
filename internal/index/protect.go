package index

import (
	"sync/atomic"
	"time"

	"github.com/rustassistant/rustassistant/internal/fault"
)

// protect makes a function that reads segments return ErrCorrupt for what
// fault.Guard catches. Everything here checks its bounds; the dictionary and bitmap
// libraries do not on all paths.
func protect(err *error) (end func()) { return fault.Guard(err, ErrCorrupt) }

// Verify reads all bytes of the segment again. It returns ErrCorrupt when they
// are not those that were opened.
func (s *Segment) Verify() error { return verifyAgain(s.data, &s.checked) }

// Verify does the same for vectors.
func (v *Vectors) Verify() error { return verifyAgain(v.data, &v.checked) }

func verifyAgain(data []byte, checked *atomic.Int64) (err error) {
	defer protect(&err)()
	now := time.Now().UnixNano()
	if err := verifyBytes(data); err != nil {
		return err
	}
	checked.Store(now)
	return nil
}
