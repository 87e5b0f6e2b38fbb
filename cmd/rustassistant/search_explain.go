package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
)

// scoreDetails is the arithmetic of a score by keyword.
type scoreDetails struct {
	Keyword *struct {
		Score    float64 `json:"score"`
		Passages []struct {
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
			} `json:"terms"`
		} `json:"passages"`
	} `json:"keyword"`
}

// printExplanation shows the terms of each passage as a table, and what it does not know as JSON.
func printExplanation(w io.Writer, raw json.RawMessage) {
	var d scoreDetails
	if err := json.Unmarshal(raw, &d); err != nil || d.Keyword == nil {
		var indented bytes.Buffer
		if json.Indent(&indented, raw, "    ", "  ") == nil {
			fmt.Fprintf(w, "    %s\n", indented.String())
		}
		return
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, p := range d.Keyword.Passages {
		fmt.Fprintf(t, "    passage %s: %.3f × %.2f\n", printable(p.ChunkID), p.Score, p.Weight)
		fmt.Fprint(t, "      term\tfield\ttf\tdf\tidf\tlength\tadds\n")
		for _, term := range p.Terms {
			fmt.Fprintf(t, "      %s\t%s\t%d\t%d\t%.3f\t%d of ~%.0f\t%.3f\n", printable(term.Term), term.Field, term.TF, term.DF,
				term.IDF, term.Length, term.AverageLength, term.Contribution)
		}
	}
	_ = t.Flush()
}
