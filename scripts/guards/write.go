package main

const (
	resolveSQL   = queries + "resolve.sql"
	transitionGo = sqlstore + "transition.go"
)

// writeGuards are asked again by the statements that write, and by those who
// run them.
var writeGuards = []guard{
	{
		name: "end_jobs: the job's epoch", kind: epoch, file: resolveSQL, place: "end_jobs",
		from: " AND job_state.epoch = c.epoch", protects: "a claim that began meanwhile loses its job",
	},
	{
		name: "end_jobs: the job has not ended", kind: status, file: resolveSQL, place: "end_jobs",
		from: " AND job_state.status IN ('pending', 'retrying', 'suspended')", protects: "an end is written over another end",
	},
	{
		name: "end_jobs: every row", kind: whole, file: transitionGo, place: "transition.write",
		from: `if err := execGuarded(tx, "end_jobs", t.endRows(changes.Ended), now); err != nil {`,
		to:   `if _, err := execRows(tx, "end_jobs", t.endRows(changes.Ended), now); err != nil {`, protects: "what follows from an end is stored, the end is not",
	},
	{
		name: "requeue_jobs: the job's epoch", kind: epoch, file: resolveSQL, place: "requeue_jobs",
		from: " AND job_state.epoch = c.epoch", protects: "a claim that began meanwhile loses its job",
	},
	{
		name: "requeue_jobs: the job has not ended", kind: status, file: resolveSQL, place: "requeue_jobs",
		from: " AND job_state.status IN ('pending', 'retrying')", protects: "a job that has ended comes back",
	},
	{
		name: "requeue_jobs: the epoch goes up", kind: epoch, file: resolveSQL, place: "requeue_jobs",
		from: "epoch = job_state.epoch + 1", to: "epoch = job_state.epoch", protects: "the outcome of an attempt that was given up counts for the next",
	},
	{
		name: "requeue_jobs: every row", kind: whole, file: transitionGo, place: "transition.write",
		from: `if err := execGuarded(tx, "requeue_jobs", again); err != nil {`, to: `if _, err := execRows(tx, "requeue_jobs", again); err != nil {`,
		protects: "a job is ready that was not given up",
	},
	{
		name: "count_jobs: every row", kind: whole, file: transitionGo, place: "transition.write",
		from: `if err := execGuarded(tx, "count_jobs", t.countRows(changes.Counted)); err != nil {`,
		to:   `if _, err := execRows(tx, "count_jobs", t.countRows(changes.Counted)); err != nil {`, protects: "an edge is resolved that no child counts",
	},
	{
		name: "resolve_edges: the edge is unresolved", kind: status, file: resolveSQL, place: "resolve_edges",
		from: " AND edges.state = 'unresolved'", protects: "an edge changes its mind, and its child counts it twice",
	},
	{
		name: "resolve_edges: every row", kind: whole, file: transitionGo, place: "transition.write",
		from: `if err := execGuarded(tx, "resolve_edges", t.edgeRows(changes.Edges)); err != nil {`,
		to:   `if _, err := execRows(tx, "resolve_edges", t.edgeRows(changes.Edges)); err != nil {`, protects: "a child counts an edge that another transaction has resolved",
	},
	{
		name: "update_workflows: the workflow has not ended", kind: status, file: resolveSQL, place: "update_workflows",
		from: " AND workflows.finished_at IS NULL", protects: "a workflow that has ended changes",
	},
	{
		name: "update_workflows: every row", kind: whole, file: transitionGo, place: "transition.write",
		from:     `if err := execGuarded(tx, "update_workflows", t.workflowRows(changes.Workflows), now); err != nil {`,
		to:       `if _, err := execRows(tx, "update_workflows", t.workflowRows(changes.Workflows), now); err != nil {`,
		protects: "jobs end that their workflow does not count",
	},
	{
		name: "a guarded statement changes every row or the transaction none", kind: whole, file: sqlstore + "encode.go", place: "execGuarded",
		from: "if err == nil && n != int64(len(list)) {", to: "if false && n != 0 {", protects: "half of a transition is stored",
	},
	{
		name: "job_state: a count of edges never falls below none", kind: left, file: "migrations/sqlite/00001_init.sql",
		from: " CHECK (unresolved >= 0)",
		kept: "nothing counts an edge twice while the guards on edges stand; the database's own last word if one of them falls",
	},
}
