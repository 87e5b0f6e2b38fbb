package store

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// Stats are counts of one tenant.
type Stats struct {
	Documents  int64 // stored
	Searchable int64 // with a version in the index
	Pending    int64 // whose newest version waits for the index
	Failed     int64 // whose newest version could not be indexed
	Chunks     int64
	Generation uint64
	Segments   int
	IndexBytes int64
	Jobs       map[domain.JobState]int64 // unfinished, and those finished of the last 24 h
	Throughput []Throughput              // last 24 h
}

// Throughput is how many documents the jobs that ended in one hour have indexed.
type Throughput struct {
	At        time.Time
	Documents int64
}

// TenantStats counts what a tenant has. Every figure comes from a counter or
// from an index of few rows, never from a scan of the documents.
func (s *Store) TenantStats(ctx context.Context, tenant uuid.UUID) (out Stats, err error) {
	out.Jobs = map[domain.JobState]int64{}
	since := firstIDSince(time.Now().Add(-24 * time.Hour))
	err = s.readInTenant(ctx, tenant, func(q *db.Queries) error {
		if err := out.countDocuments(ctx, q, tenant); err != nil {
			return err
		}
		jobs, err := q.JobCountByState(ctx, db.JobCountByStateParams{TenantID: tenant, SinceID: since})
		if err != nil {
			return err
		}
		for _, r := range jobs {
			out.Jobs[domain.JobState(r.State)] = r.Jobs
		}
		hours, err := q.JobThroughput(ctx, db.JobThroughputParams{TenantID: tenant, SinceID: since})
		for _, h := range hours {
			out.Throughput = append(out.Throughput, Throughput{At: h.At.UTC(), Documents: h.Documents})
		}
		return err
	})
	return out, err
}

func (out *Stats) countDocuments(ctx context.Context, q *db.Queries, tenant uuid.UUID) error {
	documents, err := q.UsageGet(ctx, tenant)
	if err != nil && !noRows(err) {
		return err
	}
	state, err := q.IndexStateGet(ctx, tenant)
	if err != nil && !noRows(err) {
		return err
	}
	totals, err := q.IndexSegmentTotals(ctx, tenant)
	if err != nil {
		return err
	}
	unfinished, err := q.DocumentCountUnfinished(ctx, tenant)
	if err != nil {
		return err
	}
	out.Documents, out.Searchable, out.Chunks = documents, state.Documents, state.Chunks
	out.Generation, out.Segments, out.IndexBytes = uint64(state.Generation), int(totals.Segments), totals.Bytes
	for _, r := range unfinished {
		if domain.DocumentState(r.State) == domain.DocumentFailed {
			out.Failed = r.Documents
		} else {
			out.Pending = r.Documents
		}
	}
	return nil
}

// firstIDSince is the smallest UUIDv7 of a moment, so that an id column
// answers for a time column.
func firstIDSince(t time.Time) (id uuid.UUID) {
	ms := uint64(t.UnixMilli())
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	id[6] = 0x70
	id[8] = 0x80
	return id
}
