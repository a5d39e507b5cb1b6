// Package worker runs jobs: an application registers a handler for each queue
// it serves, and the worker fetches jobs over NATS, runs the handlers side by
// side and reports how each attempt ended. A worker needs NATS only, no
// database.
//
// A handler runs at least once per job; its outcome counts exactly once. It
// gets the job's fence (id, epoch, lease) to guard its own outside effects.
package worker
