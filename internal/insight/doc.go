// Package insight reads what a store has of workflows and says how they go: the
// critical path, how long a workflow may still take, what happened when.
package insight
