// Package chunk cuts a document into the passages that are indexed, embedded and shown as search results.
//
//	Input ── kind ──┬── markdown ──┐
//	                ├── html ──────┤
//	                ├── code ──────┼── units ── refine ── pack ── []Chunk
//	                ├── rst ───────┤
//	                └── text ──────┘
//
// A splitter reads the document's structure and lists units: ranges of bytes that lie next to each other and cover the
// text. A unit is a heading, a paragraph, a code block, a table, a function. refine cuts the units that are larger
// than a chunk (by their inner structure, then lines, sentences, words, characters); pack fills chunks with units from
// front to back.
//
// Three properties are relied upon elsewhere:
//
//   - Deterministic: the same input always gives the same chunks, so that an unchanged chunk keeps its hash and is not
//     embedded again. Packing is greedy from the front for the same reason: an edit near the end of a long document
//     leaves the chunks before it as they were. Balanced chunk sizes were rejected, because they move every boundary.
//   - Nothing is lost: every word of the visible text is in at least one chunk.
//   - Bounded: no chunk has more tokens than asked for, and time grows linearly with the input, also for hostile input
//     (a 10 MB line, 100,000 nested quotes). A structure too deep to be sensible is read as plain text.
//
// The package does no I/O and keeps no state; everything in it may be used from many goroutines.
package chunk
