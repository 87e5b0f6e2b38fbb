package importer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

// tree writes files, and returns their folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		write(t, dir, name, content)
	}
	return dir
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

// jsonl makes n documents.
func jsonl(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"_id":"d%d","title":"Title %d","text":"content %d"}`+"\n", i, i, i)
	}
	return b.String()
}

func mustRun(t *testing.T, o Options) *Summary {
	t.Helper()
	o.pollEvery = 5 * time.Millisecond
	s, err := Run(t.Context(), o)
	require.NoError(t, err)
	return s
}

func TestFolderIsImportedAndTheSecondRunSendsOnlyChanges(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t)
	dir := tree(t, map[string]string{
		"a.md": "# Alpha\n\ntext", "sub/b.html": "<title>Beta</title><p>x", "sub/c.go": "package c", "d.txt": "plain",
		"e.png": "png", "empty.md": " \n", "bin.txt": "a\x00b", "latin.txt": "caf\xe9", "node_modules/x.md": "no", ".git/y.md": "no",
	})
	o := Options{Client: f.client(t), Path: dir, StateDir: t.TempDir()}
	s := mustRun(t, o)
	require.Equal(t, 4, s.Accepted)
	require.Equal(t, 4, s.Searchable)
	require.Zero(t, s.Rejected+s.Failed)
	require.Empty(t, s.FailuresFile)
	require.Equal(t, map[string]string{"a.md": "# Alpha\n\ntext", "sub/b.html": "<title>Beta</title><p>x", "sub/c.go": "package c", "d.txt": "plain"}, f.docs)
	reasons := map[string]int{}
	for _, k := range s.Skipped {
		reasons[k.Reason] = k.Count
	}
	require.Equal(t, map[string]int{"of another type": 1, "empty": 1, "binary": 1, "neither UTF-8 nor UTF-16": 1}, reasons)

	f.seen()
	s = mustRun(t, o)
	require.Equal(t, 4, s.Known)
	require.Equal(t, 4, s.Searchable)
	requests, _ := f.seen()
	require.Zero(t, requests)

	write(t, dir, "d.txt", "changed")
	write(t, dir, "new.md", "new")
	s = mustRun(t, o)
	require.Equal(t, 2, s.Accepted)
	require.Equal(t, 3, s.Known)
	_, lines := f.seen()
	require.Equal(t, 2, lines)
	require.Equal(t, "changed", f.docs["d.txt"])

	write(t, dir, "d.txt", "plain") // back to what was sent first
	s = mustRun(t, o)
	require.Equal(t, 1, s.Accepted)
	require.Equal(t, "plain", f.docs["d.txt"])

	o.Restart = true
	s = mustRun(t, o)
	require.Equal(t, 5, s.Unchanged)
}

func TestSelectionOfFiles(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		".gitignore": "*.log\nbuild/\n/secret.md\n", "a.md": "a", "x.log": "x", "build/b.md": "b", "secret.md": "s", "sub/secret.md": "s2",
		"sub/.gitignore": "!keep.log\n*.txt\n", "sub/keep.log": "k", "sub/c.txt": "c", "d.txt": "d", "conf.ini": "i", "docs/z.md": "z",
	}
	for _, c := range []struct {
		name string
		o    Options
		want []string
	}{
		{"default", Options{}, []string{"a.md", "sub/secret.md", "d.txt", "docs/z.md"}},
		{"all", Options{NoGitignore: true}, []string{"a.md", "build/b.md", "secret.md", "sub/secret.md", "sub/c.txt", "d.txt", "docs/z.md"}},
		{"include", Options{Include: []string{"*.ini", "docs/**"}}, []string{"conf.ini", "docs/z.md"}},
		{"exclude", Options{Exclude: []string{"docs/", "d.txt"}}, []string{"a.md", "sub/secret.md"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFakeServer(t)
			c.o.Client, c.o.Path = f.client(t), tree(t, files)
			mustRun(t, c.o)
			var got []string
			for id := range f.docs {
				got = append(got, id)
			}
			require.ElementsMatch(t, c.want, got)
		})
	}
}

func TestNDJSONPlainAndCompressed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "a.jsonl", jsonl(25))
	gz, err := os.Create(filepath.Join(dir, "a.ndjson.gz"))
	require.NoError(t, err)
	z := gzip.NewWriter(gz)
	_, _ = z.Write([]byte(jsonl(25)))
	require.NoError(t, z.Close())
	require.NoError(t, gz.Close())
	zst, err := os.Create(filepath.Join(dir, "a.jsonl.zst"))
	require.NoError(t, err)
	w, err := zstd.NewWriter(zst)
	require.NoError(t, err)
	_, _ = w.Write([]byte(jsonl(25)))
	require.NoError(t, w.Close())
	require.NoError(t, zst.Close())
	for _, name := range []string{"a.jsonl", "a.ndjson.gz", "a.jsonl.zst"} {
		f := newFakeServer(t)
		s := mustRun(t, Options{Client: f.client(t), Path: filepath.Join(dir, name), BatchLines: 10})
		require.Equal(t, 25, s.Searchable, name)
		requests, _ := f.seen()
		require.Equal(t, 3, requests)
		require.Equal(t, "content 7", f.docs["d7"])
	}
	f := newFakeServer(t)
	s := mustRun(t, Options{Client: f.client(t), Path: "-", Stdin: strings.NewReader(jsonl(3))})
	require.Equal(t, 3, s.Searchable)
}

func TestEachFailureIsReported(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t)
	dir := t.TempDir()
	write(t, dir, "a.jsonl", jsonl(2)+"\n{broken\n"+`{"external_id":"bad","content":"BAD"}`+"\n"+`{"external_id":"sick","content":"POISON"}`+"\n"+jsonl(1))
	o := Options{Client: f.client(t), Path: filepath.Join(dir, "a.jsonl"), StateDir: t.TempDir()}
	s := mustRun(t, o)
	require.Equal(t, 3, s.Accepted)
	require.Equal(t, 2, s.Searchable-s.Unchanged)
	require.Equal(t, 2, s.Rejected)
	require.Equal(t, 1, s.Failed)
	require.Equal(t, []Failure{
		{Source: o.Path, Line: 4, Code: "malformed_request", Reason: "is no JSON"},
		{Source: o.Path, Line: 5, ExternalID: "bad", Code: "invalid_argument", Reason: "content is bad"},
		{Source: "job", ExternalID: "sick", Code: "poison", Reason: "cannot be indexed"},
	}, s.Failures)
	raw, err := os.ReadFile(s.FailuresFile)
	require.NoError(t, err)
	require.Equal(t, 3, strings.Count(string(raw), "\n"))

	f.seen()
	write(t, dir, "a.jsonl", jsonl(2)) // mended
	s = mustRun(t, o)
	require.Zero(t, s.Rejected+s.Failed)
	require.Empty(t, s.FailuresFile)
	require.NoFileExists(t, strings.TrimSuffix(statePath(o.StateDir, f.url, "t", o.Path), ".jsonl")+".failures.jsonl")
}

func TestFilesThatFailedAreSentAgain(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t)
	dir := tree(t, map[string]string{"good.md": "good", "bad.md": "BAD", "sick.md": "POISON"})
	o := Options{Client: f.client(t), Path: dir, StateDir: t.TempDir()}
	s := mustRun(t, o)
	require.Equal(t, []int{2, 1, 1}, []int{s.Accepted, s.Rejected, s.Failed})
	f.seen()
	s = mustRun(t, o)
	require.Equal(t, []int{1, 1, 1}, []int{s.Known, s.Rejected, s.Failed})
	_, lines := f.seen()
	require.Equal(t, 2, lines)
}

func TestInterruptedImportGoesOn(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t)
	ctx, interrupt := context.WithCancel(t.Context())
	f.onBulk = func(n int) int {
		if n == 4 {
			interrupt()
		}
		return 0
	}
	dir := t.TempDir()
	write(t, dir, "a.jsonl", jsonl(100))
	o := Options{Client: f.client(t), Path: filepath.Join(dir, "a.jsonl"), StateDir: t.TempDir(), BatchLines: 10}
	s, err := Run(ctx, o)
	require.NoError(t, err)
	require.True(t, s.Interrupted)
	sent := s.Accepted
	require.GreaterOrEqual(t, sent, 40)
	require.Less(t, sent, 100)

	f.seen()
	s = mustRun(t, o)
	require.Equal(t, sent, s.Known)
	require.Equal(t, 100, s.Searchable)
	_, lines := f.seen()
	require.Equal(t, 100-sent, lines)
	require.Len(t, f.docs, 100)
}

func TestBatchWhoseAnswerWasLostIsNotAcceptedTwice(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t)
	f.afterBulk = func(int) bool { return true }
	dir := tree(t, map[string]string{"a.md": "a"})
	c := f.client(t)
	o := Options{Client: c, Path: dir, StateDir: t.TempDir()}
	ctx, cancel := context.WithCancel(t.Context())
	var once sync.Once
	f.afterBulk = func(int) bool { once.Do(cancel); return true }
	_, err := runUntil(ctx, o)
	require.Error(t, err)
	require.Len(t, f.jobs, 1)
	f.afterBulk = nil
	s := mustRun(t, o)
	require.Equal(t, 1, s.Accepted, "the first answer is replayed")
	require.Len(t, f.jobs, 1)
	require.Positive(t, f.replays)
}

// runUntil runs and gives up at once when ctx ends, as a process does that is killed.
func runUntil(ctx context.Context, o Options) (*Summary, error) {
	o.defaults()
	im := &importer{Options: o}
	if err := im.prepare(ctx); err != nil {
		return nil, err
	}
	defer im.state.close()
	for b, err := range batches(im.source.records(), o.BatchLines, o.BatchBytes) {
		if err != nil {
			return nil, err
		}
		if err := im.sendBatch(ctx, b); err != nil {
			return nil, err
		}
	}
	return im.summary(), nil
}

func TestBusyServerIsAskedAgain(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t)
	f.onBulk = func(n int) int {
		if n%2 == 1 {
			return 503
		}
		return 0
	}
	s := mustRun(t, Options{Client: f.client(t), Path: "-", Stdin: strings.NewReader(jsonl(20)), BatchLines: 5})
	require.Equal(t, 20, s.Searchable)
}

func TestServerThatRefusesEndsTheImport(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t)
	f.onBulk = func(int) int { return 403 }
	s, err := Run(t.Context(), Options{Client: f.client(t), Path: "-", Stdin: strings.NewReader(jsonl(2000)), BatchLines: 5, Parallel: 3})
	require.ErrorContains(t, err, "403")
	require.Zero(t, s.Accepted)
}

func TestLastLineForAnIDWins(t *testing.T) {
	t.Parallel()
	for range 5 {
		f := newFakeServer(t)
		var b strings.Builder
		for i := range 60 {
			fmt.Fprintf(&b, `{"external_id":"same","content":"version %d"}`+"\n", i)
		}
		mustRun(t, Options{Client: f.client(t), Path: "-", Stdin: strings.NewReader(b.String()), BatchLines: 1, Parallel: 8})
		require.Equal(t, "version 59", f.docs["same"])
	}
}

func TestStateOfAnotherDatabaseIsDropped(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t)
	dir := tree(t, map[string]string{"a.md": "a"})
	o := Options{Client: f.client(t), Path: dir, StateDir: t.TempDir()}
	mustRun(t, o)
	f.docs, f.jobs = map[string]string{}, map[string]*fakeJob{}
	s := mustRun(t, o)
	require.Equal(t, 1, s.Accepted)
}

func TestNoWaitLeavesTheJobsToTheNextRun(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t)
	o := Options{Client: f.client(t), Path: tree(t, map[string]string{"a.md": "a"}), StateDir: t.TempDir(), NoWait: true}
	s := mustRun(t, o)
	require.Equal(t, []int{1, 0}, []int{s.Accepted, s.Searchable})
	o.NoWait = false
	s = mustRun(t, o)
	require.Equal(t, []int{1, 1}, []int{s.Known, s.Searchable})
}

func TestDryRunSendsNothing(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t)
	state := t.TempDir()
	s := mustRun(t, Options{Client: f.client(t), Path: "-", Stdin: strings.NewReader(jsonl(3) + "{x\n"), DryRun: true, StateDir: state})
	require.Equal(t, []int{3, 1}, []int{s.Accepted, s.Rejected})
	requests, _ := f.seen()
	require.Zero(t, requests)
	entries, err := os.ReadDir(state)
	require.NoError(t, err)
	require.Empty(t, entries)
}

func TestSingleFileIsReadWhateverItsType(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t)
	dir := tree(t, map[string]string{"notes.cfg": "a = 1", "other.md": "x"})
	s := mustRun(t, Options{Client: f.client(t), Path: filepath.Join(dir, "notes.cfg")})
	require.Equal(t, 1, s.Searchable)
	require.Equal(t, map[string]string{"notes.cfg": "a = 1"}, f.docs)
}

func TestPathThatIsNotThere(t *testing.T) {
	t.Parallel()
	_, err := Run(t.Context(), Options{Client: newFakeServer(t).client(t), Path: "/nowhere/at/all"})
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestProgressIsShown(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t)
	dir := t.TempDir()
	write(t, dir, "a.jsonl", jsonl(1500))
	var plain, drawn strings.Builder
	for _, d := range []Display{NewLines(&plain), NewBar(&drawn)} {
		mustRun(t, Options{Client: f.client(t), Path: filepath.Join(dir, "a.jsonl"), Display: d})
	}
	require.Contains(t, plain.String(), "100 %  accepted 1,500  searchable 1,500")
	require.Contains(t, drawn.String(), "searchable 1,500")
}

func TestConvert(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, docType, want, id string }{
		{`{"external_id":"a","content":"c"}`, "", `{"external_id":"a","content":"c"}`, "a"},
		{`{"_id":"a","text":"c","title":"t"}`, "", `{"content":"c","external_id":"a","title":"t"}`, "a"},
		{`{"_id":7,"text":"","title":"t","metadata":{"k":1}}`, "", `{"content":"t","external_id":"7","metadata":{"k":1},"title":"t"}`, "7"},
		{`{"_id":"x","external_id":"a","content":"c"}`, "", `{"content":"c","external_id":"a"}`, "a"},
		{`{"content":"c"}`, "faq", `{"content":"c","doc_type":"faq"}`, ""},
		{`{"content":"c","doc_type":"own"}`, "faq", `{"content":"c","doc_type":"own"}`, ""},
		{`{"content":"has \"text\" in it","x":1}`, "", `{"content":"has \"text\" in it","x":1}`, ""},
	} {
		out, id, err := convert([]byte(c.in), c.docType)
		require.NoError(t, err)
		require.JSONEq(t, c.want, string(out))
		require.Equal(t, c.id, id)
	}
	for _, bad := range []string{"{", "[1]", "null", `"x"`, `{"_id"`, `{"text":}`} {
		out, _, err := convert([]byte(bad), "")
		if bad != "null" {
			require.Error(t, err, bad)
		}
		require.Equal(t, bad, string(out), "what cannot be read is left to the server")
	}
}

func TestTitles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ format, content, want string }{
		{"markdown", "---\ntitle: \"Pods & co\"\n---\n# Other", "Pods & co"},
		{"markdown", "```sh\n# comment\n```\n\n## Install `x` on [Linux](/l) ##\n", "Install x on Linux"},
		{"markdown", "Setext\n======\n", "Setext"},
		{"markdown", "no heading", "file.x"},
		{"markdown", "- item\n---\n", "file.x"},
		{"html", "<html><head><title> A &amp;\n B </title></head><h1>C</h1>", "A & B"},
		{"html", "<p>x<h1>C <b>d</b></h1>", "C d"},
		{"html", "<p>", "file.x"},
		{"rst", ".. comment\n\n=====\nGuide\n=====\n", "Guide"},
		{"text", "# no", "file.x"},
		{"code", "# no", "file.x"},
		{"markdown", "# " + strings.Repeat("é", 2000), strings.Repeat("é", 512)},
	} {
		require.Equal(t, c.want, titleOf(c.format, "dir/file.x", c.content), c.content[:min(20, len(c.content))])
	}
}

func TestLongLinesAreBounded(t *testing.T) {
	t.Parallel()
	lines := newLineReader(strings.NewReader("a\n\n"+strings.Repeat("x", 1<<20)+"\nb\n"+strings.Repeat("y", 600<<10)+"\nc"), 700<<10)
	var got []string
	for {
		line, err := lines.next()
		if errors.Is(err, errLongLine) {
			got = append(got, fmt.Sprintf("long %d", lines.number))
			continue
		}
		if err != nil {
			break
		}
		got = append(got, fmt.Sprintf("%d %s", lines.number, line[:1]))
	}
	require.Equal(t, []string{"1 a", "long 3", "4 b", "5 y", "6 c"}, got)
}

func TestUTF16IsRead(t *testing.T) {
	t.Parallel()
	s, err := decodeText([]byte{0xFF, 0xFE, 'h', 0, 'i', 0})
	require.NoError(t, err)
	require.Equal(t, "hi", s)
	s, err = decodeText([]byte("\uFEFFbom"))
	require.NoError(t, err)
	require.Equal(t, "bom", s)
}

func TestStateFileThatIsBrokenIsStartedOver(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s.jsonl")
	for _, content := range []string{"", "garbage", `{"version":99}` + "\n" + `{"sent":"h","slot":0}`, `{"version":1}` + "\n" + `{"sent":"h","slot":0,"job":"j"}` + "\n{half"} {
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		s, err := openState(path, stateEntry{}, false)
		require.NoError(t, err)
		require.Equal(t, strings.Contains(content, "half"), s.knowsSlot(0, "h"))
		require.NoError(t, s.close())
	}
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	first, _, _ := strings.Cut(string(raw), "\n")
	require.True(t, json.Valid([]byte(first)))
}
