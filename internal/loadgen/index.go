package loadgen

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/rustassistant/rustassistant/internal/apiclient"
	"github.com/rustassistant/rustassistant/internal/importer"
)

// IndexOptions says what is imported.
type IndexOptions struct {
	Client *apiclient.Client
	// Path is a file as the importer takes it; or NDJSON comes from In.
	Path string
	In   io.Reader
	// BatchLines and Parallel are the importer's; 0 for its defaults.
	BatchLines, Parallel int
	// Processes are watched for their memory meanwhile.
	Processes []Process
	Display   importer.Display
}

// IndexResult is what was measured.
type IndexResult struct {
	Documents int
	// Accepted is until the last document was durable, Searchable until all could be found.
	Accepted, Searchable time.Duration
	InputBytes           int64
	Memory               []Memory
}

// Rate is documents a second from the first byte sent until all are searchable.
func (r *IndexResult) Rate() float64 { return float64(r.Documents) / r.Searchable.Seconds() }

// Index imports and waits until everything is searchable. Documents that the server has already do not count.
func Index(ctx context.Context, o IndexOptions) (*IndexResult, error) {
	memory := watchMemory(ctx, o.Processes)
	options := importer.Options{
		Client: o.Client, Path: o.Path, Stdin: o.In, BatchLines: o.BatchLines, Parallel: o.Parallel, Display: o.Display,
	}
	if o.In != nil {
		options.Path = "-"
	}
	s, err := importer.Run(ctx, options)
	peaks := memory()
	switch {
	case err != nil:
		return nil, err
	case s.Interrupted:
		return nil, context.Cause(ctx)
	case s.Rejected+s.Failed > 0:
		return nil, fmt.Errorf("%d documents were rejected and %d failed, the first: %s", s.Rejected, s.Failed, s.Failures[0].Reason)
	case s.Accepted == 0:
		return nil, fmt.Errorf("all %d documents are in the tenant already, so there is nothing to measure: name an empty tenant", s.Unchanged)
	}
	return &IndexResult{
		Documents: s.Accepted, Accepted: s.AcceptElapsed, Searchable: s.Elapsed, InputBytes: s.InputBytes, Memory: peaks,
	}, nil
}
