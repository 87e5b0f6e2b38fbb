// Package api serves the product over HTTP: JSON under /api, the dashboard under
// /admin, probes and metrics.
//
// routes.go is the one table of routes: method, path, operation, scope and body
// limit. Everything else follows from it: the router, the access rules and the
// OpenAPI document. A request passes, in this order:
//
//	request id ─▶ access log, metrics ─▶ recover ─▶ security headers ─▶ query check
//	   ─▶ authentication ─▶ tenant ─▶ scope ─▶ body limits ─▶ handler
//
// Handlers speak domain types and return errors; problem.go is the one place that
// turns an error into an answer. A domain.Error shows its text, every other error
// is logged and shown as "internal".
package api
