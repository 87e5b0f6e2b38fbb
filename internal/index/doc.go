// Package index is the search engine: immutable segments, and the evaluation
// of queries over them.
//
//	worker:  Document ─► Builder ─► segment bytes ─► store      (one segment per batch)
//	         segments ─► Merge   ─► segment bytes ─► store      (drops what is hidden)
//
//	API:     store ─► Manager ─► cache directory ─► Segment (mapped) ─┐
//	                     │                                            ▼
//	                     └── Refresh: new Snapshot, swapped ─► Snapshot.Search
//
// # Truth
//
// A document is identified by its id and has a version that only grows. Over
// all segments of a snapshot and all tombstones the highest version wins; every
// other copy is hidden. Versions only grow, therefore a hidden copy stays
// hidden, and a Refresh only has to look at new segments and new tombstones.
//
// # Scores
//
// A chunk scores BM25 of its flat text (title, heading and content) plus
// TitleBoost times BM25 of its document's title. Statistics (N, df, average
// length) are exactly those of the live chunks, and of the live documents for
// the title: neither hidden copies nor the layout of segments change a score.
//
// Contributions are rounded to fixed point before they are added. Addition of
// integers does not depend on order, so a score is the same whichever way the
// evaluation skipped, and the page after a cursor never repeats or loses a hit.
//
// Grouped by document, a document scores 1.0, 0.3 and 0.15 of its three best
// chunks.
//
// # Queries
//
// Bare words are alternatives, "words in quotes" must occur in a passage as
// written, and -word or -"words" excludes. A query in which nothing is left to
// score (empty, only stop words, only exclusions) matches everything that is
// not excluded, with score 0, in the order of document ids: a stop word is
// taken to occur everywhere.
//
// # Files
//
// format.go describes the layout of a segment. Every read of a segment is
// bounds-checked; bytes that are not what the checksum says are refused when a
// segment is opened.
package index
