// Package analysis turns text into the terms that are indexed and searched.
//
// Documents and queries go through the same Analyzer, so a term of a query is
// spelled exactly as the index spells it. The steps:
//
//	text ── scan ──► words ── fold ──► lower case, NFKC, no diacritics
//	                              └──► stop word?  ── yes ──► only its position is kept
//	                              └──► stem (Snowball English) ──► term
//
// # Code
//
// An identifier is found as a whole and by its parts. For HTTPServer.listen_all
// the scan gives the leaves http, server, listen and all, the identifiers
// httpserver and listen_all, and the qualified name httpserver.listen_all. All
// of them share one position, because that is how a reader counts words: the
// phrases "javascript frameworks" and "JavaScript frameworks" then match the
// same text. Two different terms at one position can only come from one
// compound, which is what lets a phrase such as "listen all" match listen_all.
//
// # Scripts without spaces
//
// Han, Hiragana, Katakana, Hangul and the scripts of South-East Asia are
// indexed as overlapping pairs of characters and, so that one character can be
// searched too, as single characters.
package analysis
