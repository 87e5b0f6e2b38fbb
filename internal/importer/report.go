package importer

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"
)

// Failure is a document that did not get in, as it is written to the failures file.
type Failure struct {
	Source     string `json:"source"`
	Line       int    `json:"line,omitempty"`
	ExternalID string `json:"external_id,omitempty"`
	Code       string `json:"code"`
	Reason     string `json:"reason"`
}

// keptFailures is how many failures a Summary shows; the file has all.
const keptFailures = 20

// Skipped is why files were passed over.
type Skipped struct {
	Reason   string
	Count    int
	Examples []string // at most 3
}

// report counts what happens. Its methods may be called by many goroutines.
type report struct {
	mu    sync.Mutex
	begin time.Time

	counts    counts
	failures  []Failure
	skipped   map[string]*Skipped
	file      *os.File
	writer    *bufio.Writer
	path      string
	writeErr  error
	inputDone int64
}

// counts are documents.
type counts struct {
	known     int // accepted by an earlier run, not sent again
	accepted  int // accepted now, and to be indexed
	unchanged int // the server had them already
	rejected  int // refused by the server, or unreadable here
	failed    int // accepted and not indexed
	waiting   int // accepted and not yet searchable
	batches   int
}

// total are the documents that the server has.
func (c *counts) total() int { return c.known + c.accepted + c.unchanged }

// searchable are the documents that a search can find now.
func (c *counts) searchable() int { return c.total() - c.waiting - c.failed }

func newReport(path string) *report {
	return &report{begin: time.Now(), path: path, skipped: map[string]*Skipped{}}
}

// fail writes a document down that did not get in.
func (r *report) fail(at origin, externalID, code, reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.rejected++
	r.write(Failure{at.file, at.line, externalID, code, reason})
}

// failMore counts rejected lines that the server did not name.
func (r *report) failMore(n int, first, last origin) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.rejected += n
	r.write(Failure{
		first.file, first.line, "", "not_named",
		fmt.Sprintf("%d more lines up to %s were rejected; import them in smaller batches to see which", n, last),
	})
}

// failJob writes down a document that was accepted and could not be indexed.
func (r *report) failJob(externalID, code, reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.write(Failure{Source: "job", ExternalID: externalID, Code: code, Reason: reason})
}

func (r *report) write(f Failure) {
	if len(r.failures) < keptFailures {
		r.failures = append(r.failures, f)
	}
	if r.path == "" || r.writeErr != nil {
		return
	}
	if r.file == nil {
		if r.file, r.writeErr = os.OpenFile(r.path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600); r.writeErr != nil {
			return
		}
		r.writer = bufio.NewWriter(r.file)
	}
	raw, err := json.Marshal(f)
	if err == nil {
		_, err = r.writer.Write(append(raw, '\n'))
	}
	r.writeErr = err
}

// skip writes a file down that is no document; that is no failure.
func (r *report) skip(name string, why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.skipped[why.Error()]
	if s == nil {
		s = &Skipped{Reason: why.Error()}
		r.skipped[s.Reason] = s
	}
	s.Count++
	if len(s.Examples) < 3 {
		s.Examples = append(s.Examples, name)
	}
}

func (r *report) known(n int, input int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts.known += n
	r.inputDone = max(r.inputDone, input)
}

// update changes the counts.
func (r *report) update(fn func(*counts)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fn(&r.counts)
}

func (r *report) progressed(input int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inputDone = max(r.inputDone, input)
}

func (r *report) read() (counts, int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counts, r.inputDone
}

// close flushes the failures file, or removes that of an earlier run when there was no failure.
func (r *report) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.path == "" {
		return nil
	}
	if r.file == nil {
		if err := os.Remove(r.path); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("remove the failures of an earlier run: %w", err)
		}
		return nil
	}
	err := r.writeErr
	if e := r.writer.Flush(); err == nil {
		err = e
	}
	if e := r.file.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("write the failures to %s: %w", r.path, err)
	}
	return nil
}
