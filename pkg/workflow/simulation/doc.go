// Package simulation plays a workflow on a clock of its own: what would happen
// if its attempts went as a script says. It asks the decider that the engine
// asks (workflow.Resolution and job.EndAttempt) and stores nothing.
//
// What a run leaves to chance is fixed: a back-off with jitter takes the middle
// of what it may, everything but the attempts and the waits takes no time, and
// what ends at the same moment ends in the order of its start. Parents in other
// workflows complete at once, without a result.
package simulation
