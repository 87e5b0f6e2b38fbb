// Package embed turns text into vectors whose angle says how much two texts
// are about the same things.
//
// Embedder is what every provider implements: package builtin learns its
// vectors from the tenant's own text and package openai asks a server. ChunkText
// is the one place that says which text of a chunk is embedded.
package embed
