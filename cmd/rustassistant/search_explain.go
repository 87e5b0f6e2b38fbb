package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
)

// scoreDetails is the arithmetic of a score: a member for each branch that answered.
type scoreDetails struct {
	Keyword *keywordScore `json:"keyword"`
	Vector  *branchScore  `json:"vector"`
	Fusion  *struct {
		Method     string  `json:"method"`
		Score      float64 `json:"score"`
		BehindPool bool    `json:"behind_pool"`
	} `json:"fusion"`
}

// branchScore is the part of one branch. Weight and Contribution are nil where nothing was joined, Normalized also
// where ranks were.
type branchScore struct {
	Rank         *int     `json:"rank"`
	Score        float64  `json:"score"`
	Low          *float64 `json:"low"`
	High         *float64 `json:"high"`
	Normalized   *float64 `json:"normalized"`
	Weight       *float64 `json:"weight"`
	Contribution *float64 `json:"contribution"`
}

type keywordScore struct {
	branchScore
	Passages []passageScore `json:"passages"`
}

type passageScore struct {
	ChunkID string  `json:"chunk_id"`
	Weight  float64 `json:"weight"`
	Score   float64 `json:"score"`
	Terms   []struct {
		Term          string  `json:"term"`
		Field         string  `json:"field"`
		TF            int     `json:"tf"`
		DF            int     `json:"df"`
		IDF           float64 `json:"idf"`
		Length        int     `json:"length"`
		AverageLength float64 `json:"average_length"`
		Contribution  float64 `json:"contribution"`
		Variant       string  `json:"variant"`
		Factor        float64 `json:"factor"`
	} `json:"terms"`
}

// printExplanation shows the branches and the terms of each passage as tables, and what it does not know as JSON.
func printExplanation(w io.Writer, raw json.RawMessage) {
	var d scoreDetails
	if err := json.Unmarshal(raw, &d); err != nil || d.Keyword == nil && d.Vector == nil {
		var indented bytes.Buffer
		if json.Indent(&indented, raw, "    ", "  ") == nil {
			fmt.Fprintf(w, "    %s\n", indented.String())
		}
		return
	}
	if d.Fusion != nil {
		printBranches(w, &d)
	}
	if d.Keyword == nil {
		return
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, p := range d.Keyword.Passages {
		fmt.Fprintf(t, "    passage %s: %.3f × %.2f\n", printable(p.ChunkID), p.Score, p.Weight)
		fmt.Fprint(t, "      term\tfield\ttf\tdf\tidf\tlength\tadds\n")
		for _, term := range p.Terms {
			name := printable(term.Term)
			if term.Variant != "" {
				name += fmt.Sprintf(" (%s × %g)", printable(term.Variant), term.Factor)
			}
			fmt.Fprintf(t, "      %s\t%s\t%d\t%d\t%.3f\t%d of ~%.0f\t%.3f\n", name, term.Field, term.TF, term.DF,
				term.IDF, term.Length, term.AverageLength, term.Contribution)
		}
	}
	_ = t.Flush()
}

// printBranches shows the place and the score of the result in each branch, and what its own score got of them.
func printBranches(w io.Writer, d *scoreDetails) {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprint(t, "    branch\trank\tscore\tcounted as\tweight\tadds\n")
	row := func(name string, b *branchScore) {
		rank, counted := "-", "-"
		if b.Rank != nil {
			rank = fmt.Sprint(*b.Rank)
		}
		if b.Normalized != nil && b.Low != nil && b.High != nil {
			counted = fmt.Sprintf("%.3f of %.3f to %.3f", *b.Normalized, *b.Low, *b.High)
		}
		fmt.Fprintf(t, "    %s\t%s\t%.3f\t%s\t%s\t%s\n", name, rank, b.Score, counted, figure(b.Weight, 2), figure(b.Contribution, 4))
	}
	if d.Keyword != nil {
		row("keyword", &d.Keyword.branchScore)
	}
	if d.Vector != nil {
		row("vector", d.Vector)
	}
	_ = t.Flush()
	switch {
	case d.Fusion.BehindPool:
		fmt.Fprintln(w, "    behind the results that were joined, in the order of the keyword score")
	case d.Fusion.Method != "none":
		fmt.Fprintf(w, "    joined by %s: %.4f\n", printable(d.Fusion.Method), d.Fusion.Score)
	}
}

// figure writes a number that may be missing.
func figure(f *float64, digits int) string {
	if f == nil {
		return "-"
	}
	return fmt.Sprintf("%.*f", digits, *f)
}
