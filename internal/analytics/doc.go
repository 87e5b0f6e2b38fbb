// Package analytics records which searches were answered, without slowing them.
//
// A Recorder takes an event in well under a microsecond and without a lock of its
// own: into a bounded buffer. Beside it, Run normalises the queries and hands
// batches to the store, every second or thousand events. What does not fit is
// dropped and counted; a search never waits and never fails for its analytics.
package analytics
