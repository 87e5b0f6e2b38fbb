// Package telemetry is how the program is seen from outside: metrics for
// Prometheus, logs as JSON lines, and traces by OTLP.
//
// Three rules hold for all of it. Nothing here may hold up or fail a request: a
// collector that is dead or hangs costs dropped spans and one log line a minute.
// No label holds an id or anything that a client chose freely, so that the number
// of series is bounded. And no key, password, token, cookie or address with a
// password leaves the process: log attributes are redacted by name, and every
// line is searched for their forms before it is written (redact.go).
package telemetry
