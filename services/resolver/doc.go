// Package resolver records how attempts end and what follows.
//
// It owns the completion transaction: the outcomes that arrived while the last
// transaction ran are resolved by the next, in bulk, and each gets its verdict
// only after the commit. It also resolves the edges whose parents are in other
// workflows or ended around their enqueue.
//
// Invariants: no verdict without a commit; one batch is in flight at a time;
// an outcome that cannot be stored never holds up the others for longer than
// it takes to find it.
//
// A lost message costs time, never work: workers keep an outcome until its
// verdict and send it again, which changes nothing when it was committed; a
// lost hint to a dispatcher or resolver is made up for by their polls.
package resolver
