// Package testenv gives tests real PostgreSQL, Redis and Temporal servers.
//
// `make test` starts a throw-away set of servers beside `go test` (see
// internal/devstack/cmd/withstack) and names them in the environment. A test
// asks for what it needs and shares nothing with the tests running beside it:
//
//	url := testenv.DatabaseURL(t)   // its own migrated database
//	redis := testenv.RedisURL(t)    // its own numbered database
//	address := testenv.Temporal(t)  // shared: use workflow IDs and task queues of your own
//
// Without the servers a test fails and says what to run. It is never skipped:
// a skipped test looks like a passed one.
package testenv
