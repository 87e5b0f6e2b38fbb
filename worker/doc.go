// Package worker builds the Temporal workers of a process: which queue runs
// which workflows and activities, how many at once, and what must exist in
// Temporal (search attributes, schedules) before they can.
package worker
