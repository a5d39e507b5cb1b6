// Package scheduler does what time asks for.
//
// It owns due timers (delayed and retrying jobs, deadlines, grace periods),
// expired leases (jobs whose worker went silent are given to another), ticks of
// schedules (each makes an instance of a workflow, once) and what has been kept
// for long enough.
//
// Invariants: everything it does is a guarded statement that asks the
// database's clock again, so any number of schedulers may run; none of them
// remembers anything that matters.
//
// A lost message costs time, never work: without the hint that a timer was set
// it looks at the next poll; its own hints to dispatchers are made up for by
// their polls.
package scheduler
