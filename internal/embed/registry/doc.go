// Package registry knows which embedding model the configuration asks for, and
// turns a stored model into one that makes vectors:
//
//	configuration ──► Want: what a tenant's next model must be
//	store, index  ──► OpenModel: the active model, kept with the snapshots
//	activities    ──► Documents: vectors of chunks, Probe: a provider's dimensions
//	search        ──► EmbedQuery: the vector of a query, or a sentence why there is none
//
// A model that the configuration no longer can reach is opened all the same: it
// says why it is silent, and searches are answered by keyword.
package registry
