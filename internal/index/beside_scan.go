package index

import "sync"

// besideScan runs the vector branch while the keyword branch is evaluated. It only
// does so where what is eligible is known before: without filters, phrases and
// exclusions.
type besideScan struct {
	running bool
	done    sync.WaitGroup
	err     error
	sets    []bitset // eligible chunks by view; nil for all
}

// start begins the scan of a hybrid search, if that is worth it. What it started
// must be waited for before the search ends.
func (b *besideScan) start(q *search) {
	r, p := q.request, q.plan
	if r.Mode != ModeHybrid || r.Filter != nil || len(p.required) > 0 || len(p.excluded) > 0 ||
		q.snapshot.stats.Vectors < r.depthOf().beside {
		return
	}
	b.sets = b.sets[:0]
	for _, v := range q.snapshot.views {
		b.sets = append(b.sets, v.live)
	}
	b.running, b.err = true, nil
	b.done.Go(func() { b.err = b.run(q) })
}

func (b *besideScan) run(q *search) (err error) {
	defer protect(&err)()
	q.fused.branch.run(q, b.sets, q.request.depthOf())
	return nil
}

// wait returns when no scan is running, with the error of the one that was.
func (b *besideScan) wait() error {
	if !b.running {
		return nil
	}
	b.done.Wait()
	b.running = false
	clear(b.sets)
	return b.err
}
