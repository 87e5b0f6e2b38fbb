package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// report is what a run found.
type report struct {
	At      time.Time      `json:"at"`
	CPUs    int            `json:"cpus"`
	Go      string         `json:"go"`
	File    string         `json:"file"`
	Clients []int          `json:"clients"`
	Seconds float64        `json:"seconds_each"`
	Engines []engineReport `json:"engines"`
}

// engineReport is a line of the table.
type engineReport struct {
	Name         string         `json:"name"`
	Documents    int            `json:"documents"` // indexed in this run
	IndexSeconds float64        `json:"index_seconds"`
	Searches     []searchReport `json:"searches"`
	Error        string         `json:"error,omitempty"`
}

// searchReport is one measurement; latencies are milliseconds.
type searchReport struct {
	Queries   string  `json:"queries"`
	Clients   int     `json:"clients"`
	Answers   int64   `json:"answers"`
	Errors    int64   `json:"errors"`
	PerSecond float64 `json:"answers_per_second"`
	P50       float64 `json:"p50_ms"`
	P90       float64 `json:"p90_ms"`
	P99       float64 `json:"p99_ms"`
	Max       float64 `json:"max_ms"`
}

func newSearchReport(queries string, clients int, m *measured) searchReport {
	ms := func(percentile float64) float64 { return float64(m.latency.ValueAtQuantile(percentile)) / 1000 }
	return searchReport{
		Queries: queries, Clients: clients, Answers: m.latency.TotalCount(), Errors: m.errors, PerSecond: m.rate(),
		P50: ms(50), P90: ms(90), P99: ms(99), Max: ms(100),
	}
}

func newReport(f *flags) *report {
	return &report{
		At: time.Now().UTC().Truncate(time.Second), CPUs: runtime.NumCPU(), Go: runtime.Version(),
		File: f.corpus.path, Clients: f.clients, Seconds: f.duration.Seconds(),
	}
}

// documentsPerSecond is 0 where nothing was indexed.
func (e *engineReport) documentsPerSecond() float64 {
	if e.IndexSeconds <= 0 {
		return 0
	}
	return float64(e.Documents) / e.IndexSeconds
}

func (e *engineReport) find(queries string, clients int) *searchReport {
	for i := range e.Searches {
		if s := &e.Searches[i]; s.Queries == queries && s.Clients == clients {
			return s
		}
	}
	return nil
}

// table has a line for each engine: index speed, latencies with the fewest
// clients for each file of queries, and answers a second with the most.
func (r *report) table() (rows [][]string) {
	few, many := r.Clients[0], r.Clients[len(r.Clients)-1]
	var sets []string
	for _, e := range r.Engines {
		if len(e.Searches) > len(sets)*len(r.Clients) || sets == nil {
			sets = setsOf(e.Searches)
		}
	}
	head := []string{"engine", "documents/s"}
	for _, set := range sets {
		head = append(head, fmt.Sprintf("%s p50 / p99 ms, %s", set, clientsText(few)))
	}
	for _, set := range sets {
		head = append(head, fmt.Sprintf("%s answers/s, %s", set, clientsText(many)))
	}
	rows = append(rows, head)
	for i := range r.Engines {
		rows = append(rows, r.Engines[i].cells(sets, few, many))
	}
	return rows
}

func setsOf(searches []searchReport) (sets []string) {
	for _, s := range searches {
		if len(sets) == 0 || sets[len(sets)-1] != s.Queries {
			sets = append(sets, s.Queries)
		}
	}
	return sets
}

func (e *engineReport) cells(sets []string, few, many int) []string {
	speed := "-"
	if e.Documents > 0 {
		speed = fmt.Sprintf("%.0f", e.documentsPerSecond())
	}
	cells := []string{e.Name, speed}
	for _, set := range sets {
		cell := "-"
		if s := e.find(set, few); s != nil {
			cell = fmt.Sprintf("%.2f / %.2f%s", s.P50, s.P99, errorMark(s))
		}
		cells = append(cells, cell)
	}
	for _, set := range sets {
		cell := "-"
		if s := e.find(set, many); s != nil {
			cell = fmt.Sprintf("%.0f%s", s.PerSecond, errorMark(s))
		}
		cells = append(cells, cell)
	}
	return cells
}

// errorMark keeps a measurement with errors from looking like one without.
func errorMark(s *searchReport) string {
	if s.Errors == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d errors)", s.Errors)
}

func clientsText(n int) string {
	if n == 1 {
		return "1 client"
	}
	return fmt.Sprintf("%d clients", n)
}

// write prints the report as JSON, as a Markdown table or as columns.
func (r *report) write(w io.Writer, format string) error {
	switch format {
	case formatJSON:
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	case formatMarkdown:
		for i, row := range r.table() {
			fmt.Fprintln(w, "| "+strings.Join(row, " | ")+" |")
			if i == 0 {
				fmt.Fprintln(w, "|"+strings.Repeat("---|", len(row)))
			}
		}
	default:
		t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
		for _, row := range r.table() {
			fmt.Fprintln(t, strings.Join(row, "\t"))
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	for _, e := range r.Engines {
		if e.Error != "" {
			fmt.Fprintf(w, "%s: %s\n", e.Name, e.Error)
		}
	}
	return nil
}
