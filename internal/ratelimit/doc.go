// Package ratelimit limits how often something may happen per key, within one
// process: sign-in attempts and failed authentications by address.
//
// It uses the generic cell rate algorithm: a key has one number, the time at which
// it would be idle again (its theoretical arrival time, TAT).
//
//	interval  = period / limit            how long one event occupies the key
//	tolerance = interval × burst          how far the TAT may run ahead of now
//	allowed  ⇔  max(TAT, now) + interval × n ≤ now + tolerance
//
// The number of keys is bounded. A key at rest is forgotten, which changes
// nothing; when every key is busy one is evicted, since refusing strangers because
// of other strangers would be worse than forgetting one of them.
package ratelimit
