package builtin

import (
	"context"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// blockRows is how many rows one step of a parallel loop takes. Sums are made
// per block and then over the blocks in order, so that the number of workers
// does not change a bit of the result.
const blockRows = 512

// workers runs the loops of a training.
type workers struct {
	ctx      context.Context
	n        int
	progress func(stage string, done, total int)
	mu       sync.Mutex
	partial  []float32 // scratch of gram
}

// blocks calls f for each block [start, end) of n rows; worker tells the
// goroutines apart, from 0. It stops early when the context is done.
func (w *workers) blocks(n int, f func(worker, block, start, end int)) error {
	count := (n + blockRows - 1) / blockRows
	var next atomic.Int64
	var g errgroup.Group
	for worker := range min(w.n, count) {
		g.Go(func() error {
			for {
				block := int(next.Add(1)) - 1
				if block >= count {
					return nil
				}
				if err := w.ctx.Err(); err != nil {
					return err
				}
				f(worker, block, block*blockRows, min(n, (block+1)*blockRows))
			}
		})
	}
	return g.Wait()
}

// report passes progress on, one call at a time.
func (w *workers) report(stage string, done, total int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.progress(stage, done, total)
}
