// Package importer sends folders and NDJSON files to a server, and knows where it was when it is started again.
//
//	folder ──┐                       ┌─▶ sender ─▶ POST /api/documents/bulk ─┐
//	NDJSON ──┼─▶ records ─▶ batches ─┤                                       ├─▶ state file, job watcher, report
//	stdin  ──┘                       └─▶ sender                            ──┘
//
// Order of acceptance is kept where it matters: a batch waits while another one that holds the same external_id is on
// its way, so the last line for an external_id wins. Memory is bounded by the batches on their way.
//
// What was accepted is written to a state file: for a folder the hash of each file, for NDJSON the hash of each batch
// by its number. A second run sends only what differs, so an interrupted import goes on where it stopped and a finished
// one sends changes only. A batch that was on its way when the process died is sent again with the same
// Idempotency-Key and is not accepted twice. What the server rejected, or failed to index, is forgotten and so is tried
// again by the next run.
package importer
