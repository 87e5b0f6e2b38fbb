// Package fault makes the reading of mapped files safe against their bytes.
package fault

import (
	"fmt"
	"runtime/debug"
)

// Guard makes a function that reads a mapped file return an error that wraps
// corrupt, instead of ending the process. Called as defer Guard(&err, corrupt)(),
// it catches
//
//   - an index out of range: bytes that make no sense lead anywhere;
//   - a fault: a mapped file that was cut is read behind its end, for which the
//     kernel would end the process.
//
// It covers the goroutine that calls it, and that one only. A checksum stands in
// front of all reading, so both are rare: bytes that were written wrong, or changed
// while they were mapped.
func Guard(err *error, corrupt error) (end func()) {
	fatal := debug.SetPanicOnFault(true)
	return func() {
		debug.SetPanicOnFault(fatal)
		if r := recover(); r != nil {
			*err = fmt.Errorf("%w: %v\n%s", corrupt, r, debug.Stack())
		}
	}
}
