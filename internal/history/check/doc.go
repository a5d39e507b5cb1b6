// Package check judges a history: whether what processes recorded and what the
// database holds at the end fit what Hammerwork promises. It knows records
// only, nothing of how the engine works.
//
// The processes may have been killed at any time: a service's record that is
// missing proves nothing. What a worker reports is recorded before it is sent,
// what a dispatcher claimed before it is delivered; those records are relied on.
package check
