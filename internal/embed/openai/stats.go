package openai

import "sync/atomic"

type counters struct {
	requests, failures, inputs, tokens    atomic.Int64
	trimmed, refused                      atomic.Int64
	cacheHits, queryHits, queries, failed atomic.Int64
}

// Stats counts since the start of the process.
type Stats struct {
	Requests int64 `json:"requests"`
	Failures int64 `json:"failures"` // of the requests
	Inputs   int64 `json:"inputs"`   // texts that were answered
	Tokens   int64 `json:"tokens"`   // as the provider counted them
	Trimmed  int64 `json:"trimmed"`  // texts that were too long and were embedded by their beginning
	Refused  int64 `json:"refused"`  // texts that have no vector
	// CacheHits are texts of documents, QueryHits queries, that cost no request.
	CacheHits     int64 `json:"cache_hits"`
	Queries       int64 `json:"queries"`
	QueryHits     int64 `json:"query_hits"`
	QueryFailures int64 `json:"query_failures"`
}

// Stats returns the counts.
func (c *Client) Stats() Stats {
	n := &c.counts
	return Stats{
		Requests: n.requests.Load(), Failures: n.failures.Load(), Inputs: n.inputs.Load(), Tokens: n.tokens.Load(),
		Trimmed: n.trimmed.Load(), Refused: n.refused.Load(), CacheHits: n.cacheHits.Load(),
		Queries: n.queries.Load(), QueryHits: n.queryHits.Load(), QueryFailures: n.failed.Load(),
	}
}
