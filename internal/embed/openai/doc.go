// Package openai gets vectors from a server with an OpenAI-compatible
// POST {base}/embeddings: OpenAI itself, Ollama, TEI, vLLM and others.
//
//	Client   a server and its key: connections, budgets, pauses, query vectors
//	  │
//	  ├── Spec     a model of it: name, dimensions, prefixes; Identity names it
//	  └── Model    an embed.Embedder of one Spec with a known number of dimensions
//	        ├── EmbedDocuments: cache ── misses ── batches ── budget ── server
//	        │                     ▲                                       │
//	        │                     └──────── each answer, first of all ────┘
//	        └── EmbedQuery: LRU ── one flight per text ── breaker ── budget ── server
//
// A provider costs money and fails. So:
//
//   - What was answered is stored before anything else happens with it, and a
//     request that was sent is waited for although its caller was cancelled (for
//     lingerTime at most). A worker that is killed loses what is on its way, one
//     request for each batch it works on, and nothing that had come.
//   - Nothing is tried again in here. A failure says whether and when it is worth
//     another try (Error.Transient, Error.RetryAfter); the durable workflow waits.
//   - A query waits for QueryTimeout at most, and not at all while the provider
//     is known to be down.
//   - No error, log line or statistic has the key, a text, or words of the server.
package openai
