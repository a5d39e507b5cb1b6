// Package workflow is the graph engine, pure and without I/O: what a workflow
// is, how it is built and validated, and what follows when jobs of it end.
//
// Decide holds the join rules and is the only place that does. Resolve applies
// it to the part of a graph that it is given. The bulk transactions of every
// store, and later simulations and explanations, run this same code.
package workflow
