package index

import (
	"runtime/debug"
	"sync/atomic"
	"time"
)

// protect makes a function that reads segments safe against their bytes. Called
// as defer protect(&err)(), it turns into ErrCorrupt
//
//   - an index out of range: everything here checks its bounds, the dictionary
//     and bitmap libraries do not on all paths;
//   - a fault: a mapped file that was cut is read behind its end, for which the
//     kernel would end the process.
//
// It covers the goroutine that calls it. A checksum stands in front of all
// reading, so both are rare: bytes that were written wrong, or changed while
// they were mapped.
func protect(err *error) (end func()) {
	fatal := debug.SetPanicOnFault(true)
	return func() {
		debug.SetPanicOnFault(fatal)
		if r := recover(); r != nil {
			*err = corrupt("%v\n%s", r, debug.Stack())
		}
	}
}

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
