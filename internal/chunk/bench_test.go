package chunk

import (
	"strings"
	"testing"
)

func BenchmarkSplit(b *testing.B) {
	short := prose("benchmark", 40)[:1024]
	markdown := strings.Repeat("# Part\n\n"+prose("text", 20)+"\n\n```go\nx := 1\n```\n\n- a\n- b\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n", 40)
	for _, c := range []struct {
		name string
		in   Input
	}{
		{"passage", Input{Content: short}},
		{"markdown", Input{Content: markdown, DocType: "markdown"}},
		{"text", Input{Content: prose("text", 800), DocType: "text"}},
		{"html", Input{Content: "<body>" + strings.Repeat("<h1>Part</h1><p>"+prose("text", 20)+"</p>", 40)}},
		{"code", Input{Content: strings.Repeat(goFile, 100), DocType: "code"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.in.Content)))
			b.ReportAllocs()
			for b.Loop() {
				Split(c.in)
			}
		})
	}
}
