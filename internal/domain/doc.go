// Package domain holds the words of the product: tenants, keys, documents, jobs,
// events and errors, with the rules that are true wherever they are used.
//
// It imports the standard library and google/uuid only. Every other package
// speaks these types; none of them is a row of a table or a JSON body.
//
// The life of a document:
//
//	            accept                    commit
//	(nothing) ─────────▶ queued ────────────────────────▶ indexed
//	                       ▲  │  permanent error             │
//	            new version│  └──────────────▶ failed        │ new version
//	                       └───────────────────┴─────────────┘
//
// A document that was indexed once stays searchable in its last indexed version
// until a newer version is committed or it is deleted.
package domain
