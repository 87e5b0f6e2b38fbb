// Package seed fills a database with made-up analytics, so that answers can be
// measured at a size that would take a year to record. It is for benchmarks: a
// tenant that is seeded has nothing but that.
package seed
