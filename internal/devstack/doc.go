// Package devstack runs the servers RustAssistant needs as private child
// processes: PostgreSQL, Redis and Temporal with its UI. `rustassistant dev`
// keeps them in a data folder that survives restarts; the tests get a
// throw-away copy (see cmd/withstack and package testenv).
//
// A service goes through these states:
//
//	            prepare            launch             probe
//	(nothing) ──────────▶ ready to ───────▶ starting ───────▶ running ──┐
//	                      launch      ▲                        │        │ Stop
//	                                  └── ended unexpectedly ◀─┘        ▼
//	                                      (waits, then again)        stopped
//
// What it promises:
//
//   - No process is left behind. Children get a signal from the kernel when
//     this process dies, however it dies, and each one is recorded (pid and
//     start time) before it is waited for, so that the next Start can end what
//     a kill -9 orphaned. Only processes proven to be ours are ended: a pid
//     whose start time differs belongs to somebody else.
//   - One process uses a data folder at a time (an flock on it).
//   - PostgreSQL never runs as root, and the application's role is neither a
//     superuser nor allowed to bypass row-level security.
//   - Everything listens on 127.0.0.1 only; PostgreSQL and Redis ask for random
//     passwords kept in the data folder.
package devstack
