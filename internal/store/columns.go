package store

import (
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/rustassistant/rustassistant/internal/domain"
	"github.com/rustassistant/rustassistant/internal/store/db"
)

// columns turns documents into the arrays that one statement unnests.
type columns struct {
	index       []int // position in the caller's slice
	ids         []uuid.UUID
	externalIDs []string
	titles      []string
	docTypes    []string
	sourceTypes []string
	sourceURLs  []string
	repoIDs     []string
	languages   []string
	tags        []string
	metadata    []string
	hashes      [][]byte
	sizes       []int32
}

func newColumns(n int) *columns { return &columns{ids: make([]uuid.UUID, 0, n)} }

func (c *columns) add(d *domain.DocumentInput, index int) error {
	tags, err := json.Marshal(nonNil(d.Tags))
	if err != nil {
		return fmt.Errorf("encode tags: %w", err)
	}
	hash := d.Hash()
	c.index = append(c.index, index)
	c.ids = append(c.ids, uuid.Must(uuid.NewV7()))
	c.externalIDs = append(c.externalIDs, d.ExternalID)
	c.titles = append(c.titles, d.Title)
	c.docTypes = append(c.docTypes, d.DocType)
	c.sourceTypes = append(c.sourceTypes, d.SourceType)
	c.sourceURLs = append(c.sourceURLs, d.SourceURL)
	c.repoIDs = append(c.repoIDs, d.RepoID)
	c.languages = append(c.languages, d.Language)
	c.tags = append(c.tags, string(tags))
	c.metadata = append(c.metadata, string(d.Metadata))
	c.hashes = append(c.hashes, hash[:])
	c.sizes = append(c.sizes, int32(len(d.Content)))
	return nil
}

func (c *columns) upsertParams(tenant, job uuid.UUID) db.DocumentUpsertManyParams {
	return db.DocumentUpsertManyParams{
		TenantID: tenant, JobID: job, Ids: c.ids, ExternalIds: c.externalIDs, Titles: c.titles, DocTypes: c.docTypes,
		SourceTypes: c.sourceTypes, SourceUrls: c.sourceURLs, RepoIds: c.repoIDs, Languages: c.languages,
		Tags: c.tags, Metadata: c.metadata, ContentHashes: c.hashes, ContentBytes: c.sizes,
	}
}

func (c *columns) insertParams(tenant, job uuid.UUID) db.DocumentInsertManyParams {
	return db.DocumentInsertManyParams{
		TenantID: tenant, JobID: job, Ids: c.ids, Titles: c.titles, DocTypes: c.docTypes,
		SourceTypes: c.sourceTypes, SourceUrls: c.sourceURLs, RepoIds: c.repoIDs, Languages: c.languages,
		Tags: c.tags, Metadata: c.metadata, ContentHashes: c.hashes, ContentBytes: c.sizes,
	}
}

// updateParams is for the first document of the columns.
func (c *columns) updateParams(tenant, id, job uuid.UUID) db.DocumentUpdateParams {
	var metadata json.RawMessage
	if c.metadata[0] != "" {
		metadata = json.RawMessage(c.metadata[0])
	}
	return db.DocumentUpdateParams{
		TenantID: tenant, ID: id, JobID: job, Title: c.titles[0], DocType: c.docTypes[0], SourceType: c.sourceTypes[0],
		SourceUrl: c.sourceURLs[0], RepoID: c.repoIDs[0], Language: c.languages[0], Tags: json.RawMessage(c.tags[0]),
		Metadata: metadata, ContentHash: c.hashes[0], ContentBytes: c.sizes[0],
	}
}

func nonNil(tags []string) []string {
	if tags == nil {
		return []string{}
	}
	return tags
}
