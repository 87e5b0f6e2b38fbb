// Package activities holds every side effect of the workflows, one struct a
// noun: Documents indexes, Index merges segments, Jobs keeps job rows true,
// Maintenance removes what has served its time.
//
// Each method takes one struct and returns one, both JSON. A worker may die
// after an effect and before it reports, so each effect is safe to repeat: an
// item that was finished is not queued any more, a merge whose sources are gone
// is fenced off.
//
// # Errors
//
// An error that another attempt cannot mend is returned unwrapped as a
// non-retryable application error whose type is the domain code; everything
// else is retried by the policies in package workflows.
package activities
