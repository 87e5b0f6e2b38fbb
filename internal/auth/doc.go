// Package auth knows who is calling: the format of API keys, their scopes, the
// verified-key cache in front of the store, and the tokens of dashboard sessions.
//
// A key goes through these states; only the last costs I/O, and only once per
// key and CacheTTL:
//
//	text ── Parse ──▶ malformed (checksum, alphabet, length: no I/O)
//	          │
//	          ▼
//	        hash ── cache ──▶ known: allowed, expired, revoked, suspended
//	          │
//	          ▼
//	        store (one flight per hash) ──▶ record │ unknown │ unavailable
//
// Everything fails closed: a lookup that fails, panics or takes too long refuses
// the request. The secret itself is never stored or logged; SHA-256 is enough
// because a key carries 256 random bits and cannot be guessed offline.
package auth
