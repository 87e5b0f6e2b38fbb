package index

import (
	"bytes"
	"math"
)

// A document's score is 20 times its best chunk, 6 times the next and 3 times
// the third: the weights 1.0, 0.3 and 0.15 in whole numbers.
const (
	weightFirst  = 20
	weightSecond = 6
	weightThird  = 3
)

// candidate is a hit before its fields are read.
type candidate struct {
	score   int64
	segment int
	chunk   uint32 // the hit's chunk, the best of its document
	key     []byte // document id, in the segment
	ordinal int
}

// before reports whether c ranks before o.
func (c *candidate) before(o *candidate) bool {
	if c.score != o.score {
		return c.score > o.score
	}
	if d := bytes.Compare(c.key, o.key); d != 0 {
		return d < 0
	}
	return c.ordinal < o.ordinal
}

// topK keeps the best candidates in a heap whose root is the worst.
type topK struct {
	k     int
	heap  []candidate
	after *candidate // only what ranks behind it
	least int64      // only what scores as much
}

func (t *topK) reset(k int, after *candidate) {
	t.k, t.heap, t.after, t.least = k, t.heap[:0], after, math.MinInt64
}

func (t *topK) full() bool { return len(t.heap) >= t.k }

// need returns the least score with which a candidate of the documents from
// key on can still enter.
func (t *topK) need(key []byte) int64 {
	if !t.full() {
		return max(1, t.least)
	}
	worst := &t.heap[0]
	if bytes.Compare(key, worst.key) <= 0 { // by id, or by ordinal, it may still win a tie
		return worst.score
	}
	return worst.score + 1
}

// offer adds a candidate if it is good enough.
func (t *topK) offer(c candidate) {
	if c.score < t.least || t.after != nil && !t.after.before(&c) {
		return
	}
	if !t.full() {
		t.heap = append(t.heap, c)
		t.up(len(t.heap) - 1)
		return
	}
	if t.k == 0 || !c.before(&t.heap[0]) {
		return
	}
	t.heap[0] = c
	t.down(0)
}

func (t *topK) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !t.heap[parent].before(&t.heap[i]) {
			return
		}
		t.heap[parent], t.heap[i] = t.heap[i], t.heap[parent]
		i = parent
	}
}

func (t *topK) down(i int) {
	for {
		worst := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(t.heap); child++ {
			if t.heap[worst].before(&t.heap[child]) {
				worst = child
			}
		}
		if worst == i {
			return
		}
		t.heap[worst], t.heap[i] = t.heap[i], t.heap[worst]
		i = worst
	}
}

// sorted empties the heap into dst, best first.
func (t *topK) sorted(dst []candidate) []candidate {
	n := len(t.heap)
	dst = append(dst[:0], t.heap...)
	for i := n - 1; i >= 0; i-- {
		dst[i] = t.heap[0]
		last := len(t.heap) - 1
		t.heap[0] = t.heap[last]
		t.heap = t.heap[:last]
		t.down(0)
	}
	return dst
}
