package main

const (
	readSQL = queries + "read.sql"
	viewSQL = "migrations/sqlite/00023_jobs_view_hidden.sql"
)

// readGuards keep readers from taking an earlier claim for the present one.
var readGuards = []guard{
	{
		name: "workflow_activity: the lease's entry has the job's epoch", kind: epoch, file: readSQL, place: "workflow_activity",
		from: " AND h.epoch = s.epoch", protects: "jobs that were given back are counted as running",
	},
	{
		name: "workflow_activity: only held jobs that have not ended run", kind: status, file: readSQL, place: "workflow_activity",
		from: "h.id IS NOT NULL AND s.status IN ('pending', 'retrying')", to: "h.id IS NOT NULL",
		kept: "implied by the statement's last line, which leaves only suspended jobs besides, and those are not held",
	},
	{
		name: "workflow_activity: only open jobs", kind: status, file: readSQL, place: "workflow_activity",
		from: " AND s.status IN ('pending', 'retrying', 'suspended')",
		kept: "it bounds what is read: each sum asks for the status itself",
	},
	{
		name: "workflow_jobs: the lease's entry has the job's epoch", kind: epoch, file: readSQL, place: "workflow_jobs",
		from: " AND h.epoch = s.epoch", protects: "jobs that were given back are shown as running",
	},
	{
		name: "job: the lease's entry has the job's epoch", kind: epoch, file: readSQL, place: "job",
		from: " AND h.epoch = s.epoch", protects: "a job that was given back is shown as running",
	},
	{
		name: "open_workflow: the workflow has not ended", kind: status, file: readSQL, place: "open_workflow",
		from: " AND finished_at IS NULL", protects: "a run is resumed that has ended",
	},
	{
		name: "view: the lease's entry has the job's epoch", kind: epoch, file: viewSQL, place: up,
		from: " AND h.epoch = s.epoch", protects: "jobs that were given back are shown as running",
	},
	{
		name: "view: only jobs that have not ended run", kind: status, file: viewSQL, place: up,
		from: "h.id IS NOT NULL AND s.status IN ('pending', 'retrying')", to: "h.id IS NOT NULL", protects: "jobs that have ended are shown as running",
	},
	{
		name: "view: not hidden ones", kind: scope, file: viewSQL, place: up,
		from: "\nWHERE coalesce(w.hidden, '') = ''", protects: "jobs are shown that may never be enqueued, or are half deleted",
	},
}
