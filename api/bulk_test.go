package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/auth"
	"github.com/rustassistant/rustassistant/internal/domain"
)

const bulkPath = "/api/documents/bulk"

func (e *env) bulk(body io.Reader, headers ...string) answer {
	e.t.Helper()
	return e.do("POST", bulkPath, body, append([]string{"Content-Type", "application/x-ndjson"}, headers...)...)
}

// stored is how many documents the default tenant has.
func (e *env) stored() int64 {
	e.t.Helper()
	stats, err := e.store.TenantStats(context.Background(), e.tenant.ID)
	require.NoError(e.t, err)
	return stats.Documents
}

func zipped(t *testing.T, text string) *bytes.Buffer {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return &out
}

func lines(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "{\"external_id\":\"n%d\",\"title\":\"T\",\"content\":\"content %d\"}\n", i, i)
	}
	return b.String()
}

func TestBulkTakesGoodLinesAndNamesBadOnes(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	body := lines(1200) +
		"\n  \r\n" + // 1201, 1202: blank
		"{\"content\":}\n" + // 1203
		"{\"content\":\"x\",\"colour\":\"y\"}\n" + // 1204
		"{\"content\":\"a\\u0000b\"}\n" + // 1205
		"{\"content\":\"a\xffb\"}\n" + // 1206
		"{\"content\":\"\"}\n" + // 1207
		"{\"content\":\"without a name\"}\r\n" + // 1208
		"{\"content\":\"without a name\"}\n" + // 1209: a duplicate
		"{\"content\":\"newer\",\"external_id\":\"n0\"}" // 1210: no end of line
	for name, send := range map[string]func() answer{
		"plain": func() answer { return e.bulk(strings.NewReader(body)) },
		"again, gzip": func() answer {
			return e.bulk(zipped(t, body), "Content-Encoding", "gzip", "Content-Type", "application/json-lines")
		},
	} {
		var got BulkAccepted
		a := send()
		a.into(&got)
		require.Equal(t, 1203, got.Accepted, name)
		require.Equal(t, 5, got.RejectedCount, name)
		numbers := map[int]RejectedLine{}
		for _, r := range got.Rejected {
			numbers[r.Line] = r
		}
		require.Equal(t, domain.CodeMalformed, numbers[1203].Code)
		require.Contains(t, numbers[1203].Error, "column 12")
		require.Equal(t, "colour", numbers[1204].Field)
		require.Equal(t, "content", numbers[1205].Field)
		require.Equal(t, "content", numbers[1206].Field)
		require.Equal(t, "content", numbers[1207].Field)
	}
	require.Equal(t, int64(1201), e.stored())
	var list DocumentList
	e.do("GET", "/api/documents?external_id=n0", nil).into(&list)
	require.Equal(t, "newer", e.do("GET", "/api/documents/"+list.Documents[0].ID.String(), nil).json()["content"], "the last line wins")
	for _, job := range e.starter.started() {
		require.Equal(t, http.StatusOK, e.do("GET", "/api/index/jobs/"+job.ID.String(), nil).status)
	}
}

func TestBulkWithoutAGoodLineIsRefused(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.bulk(strings.NewReader("")).problem(422, domain.CodeInvalid)
	e.bulk(strings.NewReader("\n\n \n")).problem(422, domain.CodeInvalid)
	p := e.bulk(strings.NewReader("nonsense\n{\"title\":\"x\"}\n")).problem(422, domain.CodeInvalid)
	p.names(t, "line 1")
	p.names(t, "line 2: content")
	e.bulk(strings.NewReader("{}"), "Content-Type", "text/csv").problem(415, domain.CodeUnsupportedMedia)
	e.bulk(strings.NewReader("{}"), "Content-Encoding", "br").problem(415, domain.CodeUnsupportedMedia)
	e.bulk(strings.NewReader("{}"), "Content-Encoding", "gzip").problem(400, domain.CodeMalformed)
	require.Empty(t, e.starter.started())
}

func TestRejectedLinesAreCountedBeyondThoseThatAreNamed(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	var got BulkAccepted
	e.bulk(strings.NewReader(strings.Repeat("bad\n", 5000) + `{"content":"good"}`)).is(202).into(&got)
	require.Equal(t, 5000, got.RejectedCount)
	require.Len(t, got.Rejected, maxRejected)
	require.Equal(t, 1, got.Accepted)
}

func TestOneLineThatIsTooLongIsRejectedAlone(t *testing.T) {
	t.Parallel()
	e := newEnv(t, func(d *Deps) { d.MaxDocumentBytes = 1 << 20 })
	body := io.MultiReader(strings.NewReader("{\"content\":\"a\"}\n{\"content\":\""), io.LimitReader(endless{}, 50<<20),
		strings.NewReader("\"}\n{\"content\":\""+strings.Repeat("y", 1<<20+1)+"\"}\n{\"content\":\"b\"}\n"))
	var got BulkAccepted
	e.bulk(body).is(202).into(&got)
	require.Equal(t, 2, got.Accepted)
	require.Equal(t, domain.CodeTooLarge, got.Rejected[0].Code)
	require.Equal(t, 2, got.Rejected[0].Line)
	require.Equal(t, "content", got.Rejected[1].Field)
	require.Equal(t, 3, got.Rejected[1].Line)
}

func TestAStreamThatBreaksLeavesNothing(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	whole := lines(3000)
	// The client is cut in the middle of a chunked body, after several batches.
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(e.http.URL, "http://"))
	require.NoError(t, err)
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nX-API-Key: %s\r\nTransfer-Encoding: chunked\r\n\r\n", bulkPath, e.admin)
	fmt.Fprintf(conn, "%x\r\n%s\r\n", len(whole), whole)
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	reply, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.Contains(t, string(reply), "400 Bad Request")
	require.NoError(t, conn.Close())
	// A gzip stream that ends too early.
	cut := zipped(t, whole).Bytes()
	e.bulk(bytes.NewReader(cut[:len(cut)-20]), "Content-Encoding", "gzip").problem(400, domain.CodeMalformed)
	damaged := bytes.Clone(cut)
	damaged[len(damaged)-6] ^= 1
	e.bulk(bytes.NewReader(damaged), "Content-Encoding", "gzip").problem(400, domain.CodeMalformed)
	require.Zero(t, e.stored())
	require.Empty(t, e.starter.started())
	e.bulk(strings.NewReader(whole)).is(202)
	require.Equal(t, int64(3000), e.stored())
}

func TestBulkIsBoundedAfterDecompression(t *testing.T) {
	t.Parallel()
	e := newEnv(t, func(d *Deps) { d.MaxBulkBytes = 1 << 20 })
	e.bulk(strings.NewReader(strings.Repeat(lines(1000), 30))).problem(413, domain.CodeTooLarge)
	e.bulk(zipped(t, strings.Repeat(lines(1000), 30)), "Content-Encoding", "gzip").problem(413, domain.CodeTooLarge)
	require.Zero(t, e.stored())
}

func TestAGzipBombIsRefusedByItsRatio(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	var bomb bytes.Buffer
	w := gzip.NewWriter(&bomb)
	_, err := io.WriteString(w, `{"content":"first"}`+"\n")
	require.NoError(t, err)
	_, err = io.CopyN(w, endless{}, 200<<20)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.Less(t, bomb.Len(), 1<<20)
	e.bulk(&bomb, "Content-Encoding", "gzip").problem(413, domain.CodeTooLarge)
	require.Zero(t, e.stored())
}

func TestBulkWithOneIdempotencyKeyIsAcceptedOnce(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	body := lines(1500)
	answers := make([]answer, 4)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = e.bulk(strings.NewReader(body), "Idempotency-Key", "import-1") })
	}
	all.Wait()
	for _, a := range answers {
		require.Equal(t, http.StatusAccepted, a.status, string(a.body))
		require.JSONEq(t, string(answers[0].body), string(a.body))
	}
	require.Len(t, e.starter.started(), 1)
	e.bulk(strings.NewReader(body+"\n"), "Idempotency-Key", "import-1").problem(422, domain.CodeIdempotencyMismatch)
	e.bulk(strings.NewReader(body), "Idempotency-Key", strings.Repeat("k", 256)).problem(422, domain.CodeInvalid)
}

func TestBulkRequestsAtOnceAreLimited(t *testing.T) {
	t.Parallel()
	e := newEnv(t, func(d *Deps) { d.MaxBulkRequests = 1 })
	pipe, feed := io.Pipe()
	first := make(chan answer, 1)
	go func() { first <- e.bulk(pipe) }()
	_, err := io.WriteString(feed, `{"content":"slow"}`+"\n")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(e.server.bulkSlots) == 1 }, 10*time.Second, time.Millisecond)
	second := e.bulk(strings.NewReader(`{"content":"x"}`))
	second.problem(429, domain.CodeRateLimited)
	require.NotEmpty(t, second.header.Get("Retry-After"))
	require.NoError(t, feed.Close())
	require.Equal(t, http.StatusAccepted, (<-first).status)
	e.bulk(strings.NewReader(`{"content":"x"}`)).is(202)
}

func TestFilesOfAFormBecomeDocuments(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	require.NoError(t, w.WriteField("note", "no file"))
	for _, f := range [][2]string{
		{"docs/guide.md", "intro\n\n# The *Guide* #\n\ntext"},
		{"page.html", "<html><title>A &amp; B</title><p>x</p>"},
		{"src/main.go", "package main\n"},
		{"notes.txt", "some notes"},
		{"photo.png", "\x89PNG"},
		{"empty.md", ""},
		{`a\b\..\c.md`, "# C"},
		{"bad.txt", "\xff\xfe"},
	} {
		part, err := w.CreateFormFile("files", f[0])
		require.NoError(t, err)
		_, err = io.WriteString(part, f[1])
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	whole := form.Bytes()
	e.bulk(bytes.NewReader(whole[:len(whole)-30]), "Content-Type", w.FormDataContentType()).problem(400, domain.CodeMalformed)
	require.Zero(t, e.stored())
	var got BulkAccepted
	e.bulk(bytes.NewReader(whole), "Content-Type", w.FormDataContentType()).is(202).into(&got)
	require.Equal(t, 5, got.Accepted)
	require.Equal(t, 3, got.RejectedCount)
	require.Equal(t, "photo.png", got.Rejected[0].File)
	require.Equal(t, domain.CodeUnsupportedMedia, got.Rejected[0].Code)
	titles := map[string]string{}
	var list DocumentList
	e.do("GET", "/api/documents", nil).into(&list)
	for _, d := range list.Documents {
		titles[d.ExternalID] = d.Title
	}
	require.Equal(t, map[string]string{
		"docs/guide.md": "The *Guide*", "page.html": "A & B", "src/main.go": "main.go", "notes.txt": "notes.txt", "a/c.md": "C",
	}, titles)
	e.bulk(strings.NewReader("x"), "Content-Type", "multipart/form-data").problem(400, domain.CodeMalformed)
}

func TestBulkNeedsTheWriteScope(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.bulk(strings.NewReader(`{"content":"x"}`), "X-API-Key", e.key(e.tenant, auth.ScopeDocumentsRead)).problem(403, domain.CodePermissionDenied)
}

//nolint:paralleltest // measures the memory of the whole process
func TestMemoryIsBoundedWhateverTheLengthOfABulk(t *testing.T) {
	e := newEnv(t)
	// Lines that are rejected: the database would take longer than the reading.
	line := `{"title":"` + strings.Repeat("x ", 20_000) + `","content":"x"}` + "\n"
	in := io.MultiReader(strings.NewReader(lines(2000)), &repeated{text: line, left: 4000})
	done := make(chan answer, 1)
	runtime.GC()
	var base, now runtime.MemStats
	runtime.ReadMemStats(&base)
	go func() { done <- e.bulk(in) }()
	peak := uint64(0)
	for {
		select {
		case a := <-done:
			a.is(202)
			require.Less(t, peak, base.HeapAlloc+200<<20, "160 MB went through")
			return
		case <-time.After(20 * time.Millisecond):
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapAlloc)
		}
	}
}

// repeated yields a text many times.
type repeated struct {
	text string
	left int
	at   int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.text[r.at:])
	if r.at += n; r.at == len(r.text) {
		r.at = 0
		r.left--
	}
	return n, nil
}

func BenchmarkBulkLines(b *testing.B) {
	var body strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&body, `{"external_id":"n%d","title":"A title of some words","content":"%s","tags":["a","b"],"metadata":{"n":%d}}`+"\n",
			i, strings.Repeat("some words of a passage ", 40), i)
	}
	s := &Server{deps: Deps{}.withDefaults()}
	b.SetBytes(int64(body.Len()))
	b.ReportAllocs()
	for b.Loop() {
		in := bulkIntake{source: &lineSource{server: s, lines: newLineReader(strings.NewReader(body.String()), s.maxLineBytes())}}
		for !in.done {
			if err := in.fill(); err != nil {
				b.Fatal(err)
			}
		}
	}
}
