// Package apiclient speaks the product's own HTTP API for the commands that use a running server: import, search, suggest,
// settings, embeddings, index, eval and bench.
//
// A request is tried again when trying again can help and cannot do harm: the server answered 429, 502, 503 or 504, or
// the connection failed. Reads are harmless; writes of documents and tenants carry an Idempotency-Key that stays the
// same over all attempts, and other writes come to the same when they are done again. Between attempts it waits as long as Retry-After says, or a growing time with jitter, until the budget of
// Options.RetryFor is spent. Every other error comes back at once as *Error, with the server's own words.
package apiclient
