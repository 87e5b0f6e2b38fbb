// Package store is the only place that speaks SQL. It holds what is true: who
// the tenants are, which documents they gave, how far each job is and which
// segments make up each index.
//
// Queries live in *.sql beside the Go file of the same noun and are compiled by
// sqlc into package db. Adapters here take and return domain types.
//
// Every transaction runs as one of two database roles that own nothing:
//
//   - the application role sees the rows of the one tenant that the
//     transaction named (inTenant), whatever a query forgets;
//   - the system role sees all tenants (inSystem): credentials before the
//     tenant is known, schedules, and administration across tenants.
//
// Locks are always taken in this order, so that transactions wait and do not
// deadlock: documents by id, index_state, jobs, job_items.
package store
