// Package reindex makes index segments anew from the documents and passages that
// the store holds, and verifies that the segments say the same.
//
//	documents, chunks ─► Fill ─► index.Builder ─► shadow segments   (activities: RebuildIndex)
//	                               │
//	segments ─────────► digests ◄──┘ Verify
package reindex
