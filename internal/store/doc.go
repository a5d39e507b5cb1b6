// Package store says what the services need of a database, in domain words:
// claims and outcomes, not rows. SQL is the only truth; every method is one
// transaction, safe to repeat when its outcome is unknown, and safe against
// any number of other callers at the same time.
//
// The contract is held by package storetest, which every implementation runs.
//
// Rules every implementation keeps:
//
//   - Lock order: workflows, then leases, then jobs, each by id. A transaction
//     locks no workflow but its batch's.
//   - The clock is the database's, read per statement; on SQLite it is the
//     clock of the process that writes.
//   - Whoever deletes a job's ready row owns the job. Every transition is
//     guarded in its statement, and side effects come only from rows changed.
//   - A conflict with another transaction (deadlock, serialization, busy) is
//     retried as a whole, with jitter; see Conflict.
package store
