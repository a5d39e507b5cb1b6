// Package timing works out which jobs decided, or will decide, when a workflow
// ends: its critical path, and by how much each other job could have taken
// longer. It also says how long a workflow may still take by how long earlier
// runs of it took. It is pure and linear in jobs and edges.
package timing
