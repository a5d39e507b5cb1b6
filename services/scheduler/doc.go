// Package scheduler does what time asks for.
//
// It owns due timers (delayed and retrying jobs, deadlines, grace periods) and
// expired leases: jobs whose worker went silent are given to another.
//
// Invariants: everything it does is a guarded statement that asks the
// database's clock again, so any number of schedulers may run; none of them
// remembers anything that matters.
//
// It listens to nothing, so no message can be lost. Its hints to dispatchers
// may get lost; their polls make up for it.
package scheduler
