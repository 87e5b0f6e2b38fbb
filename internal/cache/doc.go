// Package cache keeps answers in two tiers: the process's memory and, where it is
// configured, Redis. It knows nothing of searches: a key, bytes, and a function
// that makes the bytes when nobody has them.
//
//	Get ─▶ memory ─┬─ fresh ──────────────────────────────▶ HIT   (no lock, no I/O)
//	               ├─ stale ──▶ one refresh in background ─▶ STALE (at once)
//	               └─ none ─▶ one flight per key ─▶ Redis ─┬─ fresh ─▶ HIT
//	                                                       ├─ stale ─▶ STALE
//	                                                       └─ none, broken, slow,
//	                                                          off ─▶ load ─▶ MISS
//
// What is promised, and tested with a real Redis that is killed, stopped,
// restarted and made to lie:
//
//   - Redis changes nothing but speed. A command takes at most RedisTimeout; after
//     a few failures the breaker opens and no request waits on Redis until a probe
//     in the background has found it well again. Writes never hold up an answer.
//   - A key holds the tenant and the generation of its index. A value carries
//     both, in memory and in Redis, and is refused when they are not those asked
//     for; so nothing of another tenant or of an older generation is ever returned.
//   - A caller that goes away takes nobody with it, and a load that panics, hangs
//     or ends its goroutine fails its callers instead of holding them.
//   - Errors are never kept. Memory is bounded in items and in bytes.
//
// In memory the generation is part of the value and not of the key: the answer of
// the new generation replaces the old one instead of lying beside it, and the
// eviction policy goes on knowing which questions are popular. In Redis it is part
// of the key, since processes may be a moment apart in what they have loaded.
package cache
