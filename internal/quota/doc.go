// Package quota counts what tenants use, off the hot path.
//
// Meter adds up searches and requests in memory and has them written now and then, for
// billing. Searches holds tenants to the searches that they may have a day: a server
// leases some of them from the database and answers so many without asking again.
//
//	lease ──► left > 0 ──► answer ──► left 0 ──► lease …
//	             │                                 │
//	             └─ idle, stopped: give back       ├─ none left: refuse, ask again in a second
//	                                               └─ no database: answer, owe it
//
// What is leased by all servers together never exceeds the quota, so N servers answer
// no more than the quota, except what they answer while the database is away: that is
// owed, and counted as soon as it is back.
package quota
