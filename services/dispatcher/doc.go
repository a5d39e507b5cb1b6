// Package dispatcher hands claimable jobs to workers that asked for them.
//
// It owns the claim: ready rows become leases in one transaction, and each
// lease's jobs go to its worker. It answers heartbeats, which accept and
// prolong leases, and serves parents' results that were too large to travel
// with a job.
//
// Invariants: it never claims more than the slots it holds offers for; it
// claims only while an offer stands; what it claimed it sends. Any number of
// dispatchers may run; each offer reaches one of them, each hint all.
//
// A lost message costs time, never work: without a hint a poll finds the job;
// a lost offer is repeated by its worker; a lost delivery expires unaccepted
// and costs the job no attempt; a lost heartbeat is repeated.
package dispatcher
