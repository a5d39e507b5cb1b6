// Package sim drives scheduler, resolver, dispatcher and workers, the machines
// that production runs, from one seed in one goroutine: on SQLite, in virtual
// time, over a network that drops, repeats, delays and reorders messages, with
// processes that die between any two steps and transactions whose outcome is
// unknown. Workflows are random, with all that they can have, and so is what
// users do to them: they pause and resume, decide, cancel and retry.
//
// A run has two phases: with faults, in which nothing wrong may happen, and
// without, in which everything must end. Rules look at the database with SQL of
// their own after every commit; of a run once again, in its end. All processes
// record what they do; at the end internal/history/check judges it as it judges
// real processes. The same seed gives the same run, step for step; a trace hash
// proves it.
package sim
