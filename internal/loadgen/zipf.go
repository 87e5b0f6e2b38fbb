package loadgen

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Workload says which queries are asked, and whether the cache may answer.
type Workload string

// The workloads.
const (
	// WorkloadUncached asks the queries in turn, past the cache.
	WorkloadUncached Workload = "uncached"
	// WorkloadCached asks each query before, then some more often than others.
	WorkloadCached Workload = "cached"
	// WorkloadZipf asks as users do: from the first moment some queries more often
	// than others, and the cache has what was asked before.
	WorkloadZipf Workload = "zipf"
)

// check says what the options lack.
func (o *SearchOptions) check() error {
	switch {
	case len(o.Queries) == 0:
		return errors.New("there are no queries")
	case o.Workload == "":
		o.Workload = WorkloadUncached
	}
	switch o.Workload {
	case WorkloadUncached, WorkloadCached, WorkloadZipf:
	default:
		return fmt.Errorf("there is no workload %q: use uncached, cached or zipf", o.Workload)
	}
	if o.Workload != WorkloadUncached && o.Zipf <= 1 {
		return fmt.Errorf("the exponent of the distribution is %g, it must be above 1", o.Zipf)
	}
	return nil
}

// Distinct returns n different queries: those given, and, when they are fewer,
// queries with one or two words of others added to their end. The same seed
// gives the same queries. It returns fewer where the words do not suffice.
func Distinct(queries []string, n int, seed uint64) []string {
	seen := make(map[string]bool, n)
	out := make([]string, 0, n)
	add := func(q string) {
		if q != "" && !seen[q] && len(out) < n {
			seen[q] = true
			out = append(out, q)
		}
	}
	var words []string
	for _, q := range queries {
		add(q)
		words = append(words, strings.Fields(q)...)
	}
	if len(words) == 0 {
		return out
	}
	r := rand.New(rand.NewPCG(seed, 3))
	for tries := 0; len(out) < n && tries < 20*n; tries++ {
		q := queries[r.IntN(len(queries))] + " " + words[r.IntN(len(words))]
		if r.IntN(2) == 0 {
			q += " " + words[r.IntN(len(words))]
		}
		add(q)
	}
	return out
}

// HitRate is the share of answers that came from the cache, 0 to 1.
func (r *SearchResult) HitRate() float64 {
	hits, all := r.Hits.TotalCount(), r.Latency.TotalCount()
	if all == 0 {
		return 0
	}
	return float64(hits) / float64(all)
}

// Faster is by which share hits are faster than misses at a percentile: 0.77
// when a hit takes 23 % of a miss's time. It is 0 where one of both is missing.
func (r *SearchResult) Faster(percentile float64) float64 {
	return faster(r.Hits, r.Misses, percentile)
}

func faster(hits, misses *hdrhistogram.Histogram, percentile float64) float64 {
	if hits.TotalCount() == 0 || misses.TotalCount() == 0 {
		return 0
	}
	return 1 - float64(hits.ValueAtQuantile(percentile))/float64(misses.ValueAtQuantile(percentile))
}
