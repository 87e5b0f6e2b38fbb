// Package evaluation measures the quality of search on collections with known answers.
//
// A collection is a folder of the BEIR layout: corpus.jsonl (_id, title, text), queries.jsonl (_id, text) and judgements
// in qrels.tsv or qrels/test.tsv (query-id, corpus-id, score, with or without a head). Everything goes through the HTTP
// API of a running server, as users' searches do: the corpus is imported into a tenant, and each query is asked of it.
//
// The measures are those of trec_eval: nDCG@10 with linear gain (ndcg_cut.10) and recall@100 (recall.100), averaged over
// the queries that have at least one relevant document. A query without results counts as 0.
package evaluation
