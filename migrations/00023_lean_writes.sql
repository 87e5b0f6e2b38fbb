-- +goose Up
-- What a bulk write pays for each row. Contents are written and deleted in the
-- statements that write and delete their documents, whose rows are locked then;
-- the job row of every ingest refers to the tenant once for all its documents.
ALTER TABLE document_contents DROP CONSTRAINT document_contents_tenant_id_document_id_fkey;
ALTER TABLE documents DROP CONSTRAINT documents_tenant_id_fkey;
-- A batch changes each of its items once and all together: with as much room as
-- rows, the change stays on its page and touches no index.
ALTER TABLE job_items SET (fillfactor = 45);
-- Rows come in the order of time, so a block's range of it is enough to purge by.
DROP INDEX outbox_age;
CREATE INDEX outbox_age ON outbox USING brin (created_at) WITH (pages_per_range = 32, autosummarize = on);

-- +goose Down
DROP INDEX outbox_age;
CREATE INDEX outbox_age ON outbox (created_at);
ALTER TABLE job_items SET (fillfactor = 70);
ALTER TABLE documents ADD FOREIGN KEY (tenant_id) REFERENCES tenants (id);
ALTER TABLE document_contents ADD FOREIGN KEY (tenant_id, document_id) REFERENCES documents (tenant_id, id) ON DELETE CASCADE;
