// Package explain says in words why a job does not run. It reads what a store
// says of the job's standing and asks nothing else: the predicate is
// job.Claimable, which the claims of every store are held to.
package explain
