// Package search answers searches: it is between HTTP, the cache and the index,
// and knows neither SQL nor HTTP itself.
//
//	body ─▶ Decode ─▶ Request ─▶ hash ──┐
//	                                    ▼
//	tenant ─▶ snapshot's generation ─▶ cache ─┬─ kept ───────────────▶ Answer
//	                                          └─ none ─▶ index ─▶ JSON ─┘
//
// An answer is JSON from the moment it is made. What is kept is the part that is
// the same for everybody who asks the same; a kept answer is written by putting
// the request's own fields in front of it, without encoding anything again.
//
// # What an answer promises
//
// An answer is of the generation that the snapshot had when the request came, or
// of a newer one: the generation is in the cache's key. Service.Run hears of new
// generations by notification and, since those may be lost, by asking several
// times a second. While it cannot ask, searches go on from memory, and after
// Deps.StaleAfter they say so.
//
// # Pages
//
// A cursor is the sort key of the last result of a page. It is bound to query,
// type, group and filters, and refused with any other.
package search
