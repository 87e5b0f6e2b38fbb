package testenv

import (
	"os"
	"testing"
)

// Environment variables set by withstack.
const (
	envDatabase = "TEST_DATABASE_URL"
	envRedis    = "TEST_REDIS_URL"
	envTemporal = "TEST_TEMPORAL_ADDRESS"
)

// required returns the variable's value or fails the test with what to do.
func required(t testing.TB, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set: this test needs real servers. Run `make test`, or for one package "+
			"`make test PKG=./internal/store/...`", name)
	}
	return value
}

// Temporal returns host:port of a Temporal server with the product's search
// attributes registered in namespace "default". All tests share it: a test
// keeps to itself by task queues and workflow IDs of its own.
func Temporal(t testing.TB) string {
	t.Helper()
	return required(t, envTemporal)
}
