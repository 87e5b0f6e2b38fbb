package importer

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/rustassistant/rustassistant/internal/apiclient"
)

// fakeServer accepts documents as the API does. A document whose content holds "BAD" is rejected, one with "POISON" is
// accepted and fails to be indexed.
type fakeServer struct {
	mu       sync.Mutex
	docs     map[string]string // content by external id
	jobs     map[string]*fakeJob
	replies  map[string]string // by idempotency key
	requests int
	lines    int
	replays  int
	// onBulk, if set, is called before a bulk request is handled; an answer other than 0 is sent instead.
	onBulk func(n int) (status int)
	// afterBulk, if set, is called when a bulk request was handled and before it is answered; true loses the answer.
	afterBulk func(n int) (lose bool)
	url       string
}

type fakeJob struct {
	total, polls int
	failed       []string
}

func newFakeServer(t *testing.T) *fakeServer {
	t.Helper()
	f := &fakeServer{docs: map[string]string{}, jobs: map[string]*fakeJob{}, replies: map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/documents/bulk", f.bulk)
	mux.HandleFunc("GET /api/index/jobs/{id}", f.job)
	mux.HandleFunc("GET /api/index/jobs/{id}/items", f.items)
	ts := httptest.NewServer(mux)
	t.Cleanup(ts.Close)
	f.url = ts.URL
	return f
}

func (f *fakeServer) client(t *testing.T) *apiclient.Client {
	t.Helper()
	c, err := apiclient.New(apiclient.Options{BaseURL: f.url, Tenant: "t", RetryFor: 5 * time.Second})
	require.NoError(t, err)
	return c
}

func (f *fakeServer) bulk(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests++
	if f.onBulk != nil {
		if status := f.onBulk(f.requests); status != 0 {
			w.WriteHeader(status)
			return
		}
	}
	key := r.Header.Get("Idempotency-Key")
	reply, replayed := f.replies[key]
	if replayed {
		f.replays++
	} else {
		reply = f.accept(r)
		f.replies[key] = reply
	}
	if f.afterBulk != nil && f.afterBulk(f.requests) {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(http.StatusAccepted)
	fmt.Fprint(w, reply)
}

func (f *fakeServer) accept(r *http.Request) string {
	var out apiclient.BulkResult
	job := &fakeJob{}
	lines := bufio.NewScanner(r.Body)
	lines.Buffer(nil, 64<<20)
	for n := 1; lines.Scan(); n++ {
		f.lines++
		var d apiclient.Document
		switch err := json.Unmarshal(lines.Bytes(), &d); {
		case err != nil:
			out.Rejected = append(out.Rejected, apiclient.RejectedLine{Line: n, Code: "malformed_request", Error: "is no JSON"})
		case d.Content == "" || strings.Contains(d.Content, "BAD"):
			out.Rejected = append(out.Rejected, apiclient.RejectedLine{Line: n, Code: "invalid_argument", Error: "content is bad"})
		case f.docs[d.ExternalID] == d.Content:
			out.Accepted++
			out.Unchanged++
		default:
			out.Accepted++
			out.Queued++
			f.docs[d.ExternalID] = d.Content
			job.total++
			if strings.Contains(d.Content, "POISON") {
				job.failed = append(job.failed, d.ExternalID)
			}
		}
	}
	out.RejectedCount = len(out.Rejected)
	if job.total > 0 {
		out.JobID = fmt.Sprintf("job-%d", len(f.jobs)+1)
		f.jobs[out.JobID] = job
	}
	raw, _ := json.Marshal(out)
	return string(raw)
}

// job answers that it runs at the first question, and has ended at the second.
func (f *fakeServer) job(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	j := f.jobs[r.PathValue("id")]
	if j == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	j.polls++
	out := apiclient.Job{ID: r.PathValue("id"), State: "running", Total: j.total}
	if j.polls > 1 {
		out.State, out.Done, out.Failed = "completed", j.total-len(j.failed), len(j.failed)
		if out.Failed > 0 {
			out.State = "completed_with_errors"
		}
	}
	_ = json.NewEncoder(w).Encode(out)
}

func (f *fakeServer) items(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var page struct {
		Items []apiclient.JobItem `json:"items"`
	}
	for _, id := range f.jobs[r.PathValue("id")].failed {
		page.Items = append(page.Items, apiclient.JobItem{ExternalID: id, ErrorCode: "poison", ErrorMessage: "cannot be indexed"})
		delete(f.docs, id)
	}
	_ = json.NewEncoder(w).Encode(page)
}

// seen is what the server counted since the last call.
func (f *fakeServer) seen() (requests, lines int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	requests, lines = f.requests, f.lines
	f.requests, f.lines = 0, 0
	return requests, lines
}
