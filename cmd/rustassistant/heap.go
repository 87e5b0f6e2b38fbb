package main

import "os"

// heapFloorBytes is how much a server or worker may allocate between two
// collections however little lives in its heap. The index is mapped files, so
// that may be 10 MB: without the floor the collector would run after every few
// hundred searches, at some 8 % of their cost.
const heapFloorBytes = 64 << 20

// newHeapFloor returns memory that is never touched, and so takes none, but
// counts as alive for the pace of the collector. GOGC, if set, is left alone.
func newHeapFloor() []byte {
	if os.Getenv("GOGC") != "" {
		return nil
	}
	return make([]byte, heapFloorBytes)
}
