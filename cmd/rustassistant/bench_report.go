package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/rustassistant/rustassistant/internal/loadgen"
)

// table prints figures in columns.
type table struct{ w *tabwriter.Writer }

func newTable(w io.Writer, columns []string) *table {
	t := &table{tabwriter.NewWriter(w, 0, 4, 2, ' ', tabwriter.AlignRight)}
	t.row(columns...)
	return t
}

func (t *table) row(cells ...string) { fmt.Fprintln(t.w, strings.Join(cells, "\t")+"\t") }

func (t *table) flush() { _ = t.w.Flush() }

var searchColumns = []string{"search", "clients", "rate", "answers", "errors", "answers/s", "p50 ms", "p90", "p99", "p99.9", "max", "cache"}

func searchName(o loadgen.SearchOptions) string {
	return o.Type + ", " + string(o.Workload)
}

func searchRow(name string, o loadgen.SearchOptions, r *loadgen.SearchResult) []string {
	rate := "closed"
	if o.Rate > 0 {
		rate = fmt.Sprintf("%g/s", o.Rate)
	}
	failed := int64(0)
	for _, n := range r.Errors {
		failed += n
	}
	cells := []string{name, fmt.Sprint(o.Clients), rate, fmt.Sprint(r.Latency.TotalCount()), fmt.Sprint(failed), fmt.Sprintf("%.0f", r.Rate())}
	return append(append(cells, quantiles(r.Latency, 50, 90, 99, 99.9, 100)...), cacheShare(r))
}

// quantiles writes percentiles of microseconds in milliseconds.
func quantiles(h *hdrhistogram.Histogram, percentiles ...float64) []string {
	var cells []string
	for _, p := range percentiles {
		cells = append(cells, fmt.Sprintf("%.2f", float64(h.ValueAtQuantile(p))/1000))
	}
	return cells
}

// cacheShare tells where most answers came from.
func cacheShare(r *loadgen.SearchResult) string {
	best, most, all := "-", int64(0), int64(0)
	for state, n := range r.Cache {
		all += n
		if n > most {
			best, most = state, n
		}
	}
	if all == 0 {
		return best
	}
	return fmt.Sprintf("%.1f %% %s", 100*float64(most)/float64(all), best)
}

func printIndex(w io.Writer, r *loadgen.IndexResult) {
	t := newTable(w, []string{"import", "documents", "accepted s", "searchable s", "documents/s"})
	t.row("", fmt.Sprint(r.Documents), seconds(r.Accepted), seconds(r.Searchable), fmt.Sprintf("%.0f", r.Rate()))
	t.flush()
	for _, m := range r.Memory {
		fmt.Fprintf(w, "memory of %s: at most %d MB, at the end %d MB\n", m.Name, m.Peak>>20, m.Last>>20)
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()) }

func printLatency(w io.Writer, r *loadgen.LatencyResult) {
	t := newTable(w, []string{"one document", "count", "p50 ms", "p90", "p99", "max"})
	t.row(append([]string{"sent to accepted", fmt.Sprint(r.Accept.TotalCount())}, quantiles(r.Accept, 50, 90, 99, 100)...)...)
	t.row(append([]string{"accepted to searchable", fmt.Sprint(r.Searchable.TotalCount())}, quantiles(r.Searchable, 50, 90, 99, 100)...)...)
	t.flush()
}
