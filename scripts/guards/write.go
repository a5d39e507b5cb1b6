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
		from: `queueGuarded(tx, "end_jobs", t.endRows(changes.Ended), now)`,
		to:   `queueRows(tx, "end_jobs", t.endRows(changes.Ended), now)`, protects: "what follows from an end is stored, the end is not",
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
		from: `queueGuarded(tx, "requeue_jobs", again)`, to: `queueRows(tx, "requeue_jobs", again)`,
		protects: "a job is ready that was not given up",
	},
	{
		name: "count_jobs: every row", kind: whole, file: transitionGo, place: "transition.write",
		from: `queueGuarded(tx, "count_jobs", t.countRows(changes.Counted))`,
		to:   `queueRows(tx, "count_jobs", t.countRows(changes.Counted))`, protects: "an edge is resolved that no child counts",
	},
	{
		name: "resolve_edges: the edge is unresolved", kind: status, file: resolveSQL, place: "resolve_edges",
		from: " AND edges.state = 'unresolved'", protects: "an edge changes its mind, and its child counts it twice",
	},
	{
		name: "update_workflows: the workflow has not ended", kind: status, file: resolveSQL, place: "update_workflows",
		from: " AND workflows.finished_at IS NULL", protects: "a workflow that has ended changes",
	},
	{
		name: "update_workflows: every row", kind: whole, file: transitionGo, place: "transition.write",
		from:     `queueGuarded(tx, "update_workflows", t.workflowRows(changes.Workflows), now)`,
		to:       `queueRows(tx, "update_workflows", t.workflowRows(changes.Workflows), now)`,
		protects: "jobs end that their workflow does not count",
	},
	{
		name: "a guarded statement changes every row or the transaction none", kind: whole, file: "internal/store/sqlite/tx.go", place: "tx.QueueGuarded",
		from: "if err == nil && changed != int64(n) {", to: "if false && changed != 0 {", protects: "half of a transition is stored",
	},
	{
		name: "job_state: a count of edges never falls below none", kind: left, file: "migrations/sqlite/00003_job_state.sql",
		from: " CHECK (unresolved >= 0)",
		kept: "nothing counts an edge twice while the guards on edges stand; the database's own last word if one of them falls",
	},
}
