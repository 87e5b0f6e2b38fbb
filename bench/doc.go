// Command beside measures search engines on the same documents and queries, one
// after the other on the same machine, and prints one table:
//
//	beside --file docs.jsonl.zst --queries short.txt --queries long.txt
//
// The engines are a running RustAssistant (over HTTP, from the index and not
// from the cache), Bleve as a library, and PostgreSQL's full-text search. Each
// answers the ten best documents with highlighted snippets. Clients ask again as
// soon as they are answered (a closed loop). See README.md.
package main
