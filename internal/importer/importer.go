package importer

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rustassistant/rustassistant/internal/apiclient"
)

// Sizes used where Options leaves them zero.
const (
	DefaultBatchLines = 2000
	DefaultBatchBytes = 4 << 20
	DefaultParallel   = 2
)

// graceOnInterrupt is how long a batch that is on its way may take to be answered after an interrupt.
const graceOnInterrupt = 15 * time.Second

// Options says what is imported, where from and where to.
type Options struct {
	Client *apiclient.Client
	// Path is a folder, a document, an NDJSON file (.jsonl, .ndjson, also .gz and .zst), or "-" for Stdin.
	Path  string
	Stdin io.Reader
	// Include and Exclude choose files of a folder, by patterns as in .gitignore. Include replaces the choice by type.
	Include, Exclude []string
	// NoGitignore reads what .gitignore files leave out.
	NoGitignore bool
	// DocType is given to documents that have none of their own, and to all files.
	DocType string
	// BatchLines and BatchBytes bound one request, Parallel how many are on their way at the same time.
	BatchLines, BatchBytes, Parallel int
	// Gzip compresses requests.
	Gzip bool
	// DryRun reads everything and sends nothing.
	DryRun bool
	// NoWait returns when everything is accepted, before it is searchable.
	NoWait bool
	// Restart forgets what earlier runs sent.
	Restart bool
	// StateDir keeps the state and the failures file; empty keeps none.
	StateDir string
	// Display shows the progress; nil for none.
	Display Display

	pollEvery time.Duration // of jobs
}

// Summary is how an import ended. Counts are documents.
type Summary struct {
	Known, Accepted, Unchanged, Rejected, Failed, Searchable int
	// Interrupted says that there is more to send or to wait for.
	Interrupted bool
	Skipped     []Skipped
	// Failures are the first ones; FailuresFile has all, and is empty when there are none.
	Failures     []Failure
	FailuresFile string
	Elapsed      time.Duration
	// AcceptElapsed is until everything was accepted.
	AcceptElapsed time.Duration
	InputBytes    int64
}

// Run imports until everything is searchable (or accepted, see NoWait), ctx ends, or the server refuses to go on. The
// Summary is valid also when there is an error. Single documents that fail are no error.
func Run(ctx context.Context, o Options) (*Summary, error) {
	o.defaults()
	im := &importer{Options: o}
	if err := im.prepare(ctx); err != nil {
		return &Summary{}, err
	}
	stop := im.show()
	err := im.run(ctx)
	stop()
	if err == nil && ctx.Err() == nil {
		err = im.state.finish()
	}
	if e := im.state.close(); err == nil {
		err = e
	}
	if e := im.report.close(); err == nil {
		err = e
	}
	summary := im.summary()
	summary.Interrupted = ctx.Err() != nil
	if summary.Interrupted && errors.Is(err, ctx.Err()) {
		err = nil
	}
	return summary, err
}

func (o *Options) defaults() {
	if o.BatchLines <= 0 {
		o.BatchLines = DefaultBatchLines
	}
	if o.BatchBytes <= 0 {
		o.BatchBytes = DefaultBatchBytes
	}
	if o.Parallel <= 0 {
		o.Parallel = DefaultParallel
	}
	if o.pollEvery <= 0 {
		o.pollEvery = defaultPollEvery
	}
}

// importer is one run.
type importer struct {
	Options
	source source
	folder bool
	state  *state
	report *report
	jobs   *watcher

	acceptElapsed time.Duration
}

// prepare opens the state and the source.
func (im *importer) prepare(ctx context.Context) (err error) {
	path := im.Path
	if path != "-" {
		if path, err = filepath.Abs(path); err != nil {
			return err
		}
	}
	im.state = memoryState()
	failures := ""
	if im.StateDir != "" && !im.DryRun {
		if err := im.openState(ctx, path); err != nil {
			return err
		}
		failures = strings.TrimSuffix(im.state.path, ".jsonl") + ".failures.jsonl"
	}
	im.report = newReport(failures)
	im.jobs = &watcher{client: im.Client, state: im.state, report: im.report, every: im.pollEvery}
	return im.openSource()
}

func (im *importer) openState(ctx context.Context, path string) (err error) {
	server, tenant := im.Client.BaseURL(), im.Client.Tenant()
	file := statePath(im.StateDir, server, tenant, path)
	header := stateEntry{Server: server, Tenant: tenant, Path: path}
	if im.state, err = openState(file, header, im.Restart); err != nil {
		return err
	}
	if im.state.lastJob == "" {
		return nil
	}
	_, err = im.Client.GetJob(ctx, im.state.lastJob)
	if apiclient.IsNotFound(err) { // another database behind the same address
		_ = im.state.close()
		im.state, err = openState(file, header, true)
	}
	return err
}

func (im *importer) openSource() (err error) {
	if im.Path == "-" {
		im.source = ndjsonStream(im.Stdin, im.DocType, im.report)
		return nil
	}
	info, err := os.Stat(im.Path)
	switch {
	case err != nil:
		return err
	case !info.IsDir() && isNDJSON(im.Path):
		im.source, err = ndjsonFile(im.Path, im.DocType, im.report)
		return err
	case !info.IsDir():
		im.folder, im.source = true, newFileSource(im.Path, info.Size(), im.DocType, im.state, im.report)
		return nil
	}
	im.folder = true
	im.source, err = newFolderSource(im.Path, newSelection(im.Include, im.Exclude, !im.NoGitignore), im.DocType, im.state, im.report)
	return err
}

func (im *importer) run(ctx context.Context) error {
	if im.DryRun {
		return im.dryRun(ctx)
	}
	for id, n := range im.state.unfinished() {
		im.jobs.add(id, n)
	}
	accepted, watched := make(chan struct{}), make(chan error, 1)
	watching, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { watched <- im.jobs.run(watching, accepted) }()
	err := im.send(ctx)
	im.acceptElapsed = time.Since(im.report.begin)
	close(accepted)
	if err != nil || im.NoWait {
		cancel()
		if e := <-watched; err == nil && !errors.Is(e, context.Canceled) {
			err = e
		}
		return err
	}
	return <-watched
}

// dryRun counts what would be sent.
func (im *importer) dryRun(ctx context.Context) error {
	for r, err := range im.source.records() {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if _, _, err := convert(r.line, ""); err != nil {
			im.report.fail(r.origin, "", "malformed_request", err.Error())
		} else {
			im.report.update(func(c *counts) { c.accepted++ })
		}
		im.report.progressed(r.input)
	}
	return nil
}

func (im *importer) summary() *Summary {
	c, input := im.report.read()
	s := &Summary{
		Known: c.known, Accepted: c.accepted, Unchanged: c.unchanged, Rejected: c.rejected, Failed: c.failed,
		Searchable: c.searchable(), Elapsed: time.Since(im.report.begin), AcceptElapsed: im.acceptElapsed, InputBytes: input, Failures: im.report.failures,
	}
	if im.report.file != nil {
		s.FailuresFile = im.report.path
	}
	for _, skipped := range im.report.skipped {
		s.Skipped = append(s.Skipped, *skipped)
	}
	slices.SortFunc(s.Skipped, func(a, b Skipped) int { return b.Count - a.Count })
	return s
}
