package main

const shown = " AND hidden = ''"

// hiddenGuards keep what is being enqueued or deleted in several transactions
// out of everybody's sight.
var hiddenGuards = []guard{
	hiddenFrom("workflow", "read.sql", shown, "a workflow is shown that may never be enqueued, or is half deleted"),
	hiddenFrom("workflow_status", "read.sql", shown, "somebody waits for a workflow that may never be enqueued, or is half deleted"),
	hiddenFrom("open_workflow", "read.sql", shown, "a repeated run goes on with a workflow that may never be enqueued"),
	{
		name: "other_open_workflow: not hidden ones with a larger digest", kind: scope, file: queries + "read.sql", place: "other_open_workflow",
		from: "digest > ?1 AND finished_at IS NULL AND hidden = ''", to: "digest > ?1 AND finished_at IS NULL", protects: "a workflow is named that nobody sees",
	},
	{
		name: "other_open_workflow: not hidden ones with a smaller digest", kind: scope, file: queries + "read.sql", place: "other_open_workflow",
		from: "digest < ?1 AND finished_at IS NULL AND hidden = ''", to: "digest < ?1 AND finished_at IS NULL", protects: "a workflow is named that nobody sees",
	},
	hiddenFrom("workflow_jobs", "read.sql", " AND w.hidden = ''", "jobs are shown that may never be enqueued, or are half deleted"),
	hiddenFrom("job", "read.sql", " AND coalesce(w.hidden, '') = ''", "a job is shown that may never be enqueued, or is half deleted"),
	hiddenFrom("list_workflows", "list.sql", shown, "workflows are listed that may never be enqueued, or are half deleted"),
	hiddenFrom("list_jobs", "list.sql", "\n    AND coalesce(w.hidden, '') = ''", "jobs are listed that may never be enqueued, or are half deleted"),
	hiddenFrom("list_workflow_jobs", "list.sql", "\n    AND coalesce(w.hidden, '') = ''", "jobs are listed that may never be enqueued, or are half deleted"),
	hiddenFrom("job_exists", "list.sql", " AND coalesce(w.hidden, '') = ''", "edges are shown of a job that nobody sees"),
	hiddenFrom("parents_stored", "enqueue.sql", "\nWHERE coalesce(w.hidden, '') = ''", "a job waits for one that may never be enqueued, or is half deleted"),
	hiddenFrom("lock_workflows", "resolve.sql", shown, "a workflow is cancelled while it is enqueued, or ends after it was deleted"),
	hiddenFrom("lock_workflows_of_jobs", "resolve.sql", shown, "a job is cancelled while its workflow is enqueued"),
	{
		name: "cancel of a job: its workflow is not hidden", kind: scope, file: cancelJobGo, place: "Store.cancelJob",
		from: " || p.header(i) == nil && p.jobs[i].workflow != (job.ID{})", protects: "a job is cancelled while its workflow is enqueued, and its workflow does not count it",
	},
	{
		name: "edge check: a parent whose workflow is being deleted is gone", kind: scope, file: sqlstore + "part.go", place: "part.findPurged",
		from: "p.Nodes[i].Gone = true", to: "_ = i", protects: "an edge counts as fulfilled whose parent nobody can read any more",
	},
	{
		name: "jobs_being_purged: only of workflows that are being deleted", kind: status, file: queries + "purge.sql", place: "jobs_being_purged",
		from: "\nWHERE w.hidden = 'purging'", protects: "a parent that is there counts as gone",
	},
}

func hiddenFrom(statement, file, from, protects string) guard {
	return guard{
		name: statement + ": not hidden ones", kind: scope, file: queries + file, place: statement, from: from, protects: protects,
	}
}
