package store

import (
	"bytes"
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// A tenant that has less room than this is near its quota: its bulk requests are
// written one after the other. Above it, they are not held up by each other, and in
// the unlikely case that together they exceed the quota, the last one is refused as a
// whole.
const (
	nearDocuments = 10_000
	nearBytes     = 256 << 20
)

// pgLockNotAvailable is the code of a lock_timeout.
const pgLockNotAvailable = "55P03"

// room is what a bulk request may add to its tenant, as it was when the request began.
type room struct {
	read      bool
	limits    domain.Quota
	documents int64 // used
	bytes     int64
}

// size is what one or more documents add.
type size struct{ documents, bytes int64 }

// excess returns the error of adding d to what is used, or nil.
func (r *room) excess(used, d size) *domain.Error {
	if limit := r.limits.Documents; limit != nil && d.documents > 0 && used.documents+d.documents > *limit {
		return domain.QuotaExceeded(domain.QuotaExcess{Quota: domain.QuotaDocuments, Limit: *limit, Used: used.documents})
	}
	if limit := r.limits.StorageBytes; limit != nil && d.bytes > 0 && used.bytes+d.bytes > *limit {
		return domain.QuotaExceeded(domain.QuotaExcess{Quota: domain.QuotaStorageBytes, Limit: *limit, Used: used.bytes})
	}
	return nil
}

func (r *room) near() bool {
	return r.excess(size{r.documents, r.bytes}, size{nearDocuments, nearBytes}) != nil
}

// judge rejects the documents of a bulk request that the tenant's quota has no room
// for. While there is room for all of them it asks no question but how much there is.
func (i *Ingest) judge(ctx context.Context, docs []domain.DocumentInput, out []Accepted) error {
	if i.room == nil || len(docs) == 0 {
		return nil
	}
	if !i.room.read {
		if err := i.readRoom(ctx); err != nil {
			return err
		}
	}
	used := size{i.room.documents + i.made, i.room.bytes + i.grown}
	most := size{documents: int64(len(docs))}
	for n := range docs {
		most.bytes += int64(len(docs[n].Content))
	}
	if i.room.excess(used, most) == nil {
		return nil
	}
	known, err := i.knownSizes(ctx, docs)
	if err != nil {
		return err
	}
	for n := range docs {
		d := &docs[n]
		adds := known.added(d)
		if e := i.room.excess(used, adds); e != nil {
			out[n] = Accepted{Outcome: AcceptRejected, Reason: e}
			continue
		}
		used.documents += adds.documents
		used.bytes += adds.bytes
		known.put(d)
	}
	return nil
}

// readRoom reads what the tenant uses. Near the quota it waits for its turn first.
func (i *Ingest) readRoom(ctx context.Context) error {
	if err := i.readUsage(ctx); err != nil || !i.room.near() {
		return err
	}
	if err := i.q.QuotaTurn(ctx, i.tenant); err != nil {
		var pg *pgconn.PgError
		if errors.As(err, &pg) && pg.Code == pgLockNotAvailable {
			return wrap(err, domain.CodeConflict, "other bulk requests of this tenant, which is near its quota, are being written; try again")
		}
		return err
	}
	return i.readUsage(ctx)
}

func (i *Ingest) readUsage(ctx context.Context) error {
	row, err := i.q.UsageReading(ctx, i.tenant)
	if err != nil {
		return err
	}
	r := i.room
	r.read, r.limits = true, i.tiers.Limits(planFrom(row.Tier, row.Quota))
	if row.Documents != nil {
		r.documents, r.bytes = *row.Documents, *row.StorageBytes
	}
	return nil
}

// knownDocument is a document that is stored, or is about to be.
type knownDocument struct {
	hash   [32]byte
	bytes  int64
	failed bool
}

// knownDocuments are by external id or, where they have none, by content.
type knownDocuments struct {
	named   map[string]knownDocument
	unnamed map[[32]byte]bool
}

// added returns what accepting a document adds.
func (k *knownDocuments) added(d *domain.DocumentInput) size {
	bytes := int64(len(d.Content))
	if d.ExternalID == "" {
		if k.unnamed[d.Hash()] {
			return size{}
		}
		return size{1, bytes}
	}
	old, there := k.named[d.ExternalID]
	switch {
	case !there:
		return size{1, bytes}
	case old.hash == d.Hash() && !old.failed:
		return size{}
	default:
		return size{0, bytes - old.bytes}
	}
}

func (k *knownDocuments) put(d *domain.DocumentInput) {
	if d.ExternalID == "" {
		k.unnamed[d.Hash()] = true
		return
	}
	k.named[d.ExternalID] = knownDocument{hash: d.Hash(), bytes: int64(len(d.Content))}
}

func (i *Ingest) knownSizes(ctx context.Context, docs []domain.DocumentInput) (*knownDocuments, error) {
	p := db.DocumentSizesByNameParams{TenantID: i.tenant}
	for n := range docs {
		if name := docs[n].ExternalID; name != "" {
			p.ExternalIds = append(p.ExternalIds, name)
			continue
		}
		hash := docs[n].Hash()
		p.ContentHashes = append(p.ContentHashes, bytes.Clone(hash[:]))
	}
	rows, err := i.q.DocumentSizesByName(ctx, p)
	known := &knownDocuments{named: map[string]knownDocument{}, unnamed: map[[32]byte]bool{}}
	for _, r := range rows {
		hash := [32]byte(r.ContentHash)
		if r.ExternalID == nil {
			known.unnamed[hash] = true
			continue
		}
		known.named[*r.ExternalID] = knownDocument{hash: hash, bytes: int64(r.ContentBytes), failed: r.Failed}
	}
	return known, err
}
