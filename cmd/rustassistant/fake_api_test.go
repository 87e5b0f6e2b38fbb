package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// fakeAPI answers "METHOD /path" with what it was told to, one answer after the other and the last one for ever, and
// keeps what it was asked. A healthy server is what it is without being told.
type fakeAPI struct {
	t       *testing.T
	url     string
	mu      sync.Mutex
	answers map[string][]fakeAnswer
	asked   []fakeRequest
}

type fakeAnswer struct {
	status int
	body   string
}

// fakeRequest has the method with the path and the query.
type fakeRequest struct {
	what, body string
	header     http.Header
}

func newFakeAPI(t *testing.T) *fakeAPI {
	t.Helper()
	f := &fakeAPI{t: t, answers: map[string][]fakeAnswer{"GET /api/health": {{200, `{"status":"ok"}`}}}}
	ts := httptest.NewServer(f)
	t.Cleanup(ts.Close)
	f.url = ts.URL
	return f
}

// on adds an answer.
func (f *fakeAPI) on(what string, status int, body string) *fakeAPI {
	f.answers[what] = append(f.answers[what], fakeAnswer{status, body})
	return f
}

// ServeHTTP implements http.Handler.
func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	defer f.mu.Unlock()
	what := r.Method + " " + r.URL.Path
	answers := f.answers[what]
	if len(answers) == 0 {
		http.NotFound(w, r)
		return
	}
	if len(answers) > 1 {
		f.answers[what] = answers[1:]
	}
	if what != "GET /api/health" {
		f.asked = append(f.asked, fakeRequest{r.Method + " " + r.URL.RequestURI(), string(body), r.Header})
	}
	if answers[0].status >= 400 {
		w.Header().Set("Content-Type", "application/problem+json")
	}
	w.WriteHeader(answers[0].status)
	fmt.Fprint(w, answers[0].body)
}

// requests returns what was asked so far.
func (f *fakeAPI) requests() []fakeRequest {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]fakeRequest(nil), f.asked...)
}

// run runs a command against the fake server.
func (f *fakeAPI) run(args ...string) (out, errOut string, err error) {
	f.t.Helper()
	return f.runWith("", args...)
}

func (f *fakeAPI) runWith(stdin string, args ...string) (out, errOut string, err error) {
	f.t.Helper()
	var stdout, stderr bytes.Buffer
	root := newRootCommand()
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	root.SetIn(strings.NewReader(stdin))
	root.SetArgs(append(args, "--server", f.url, "--api-key", "k"))
	err = root.ExecuteContext(f.t.Context())
	return stdout.String(), stderr.String(), err
}
