package main

const (
	listSQL   = queries + "list.sql"
	heldEpoch = " AND h.epoch = s.epoch"
)

// listGuards keep lists from taking an earlier claim for the present one.
var listGuards = []guard{
	{
		name: "list_jobs: the lease's entry has the job's epoch", kind: epoch, file: listSQL, place: "list_jobs",
		from: heldEpoch, protects: "jobs that were given back are listed as running",
	},
	{
		name: "list_jobs: only jobs that have not ended are chosen as running", kind: status, file: listSQL, place: "list_jobs",
		from: "h.id IS NOT NULL AND s.status IN ('pending', 'retrying')", to: "h.id IS NOT NULL", protects: "jobs that have ended are not found by their status",
	},
	{
		name: "list_workflow_jobs: the lease's entry has the job's epoch", kind: epoch, file: listSQL, place: "list_workflow_jobs",
		from: heldEpoch, protects: "jobs that were given back are listed as running",
	},
	{
		name: "list_workflow_jobs: only jobs that have not ended are chosen as running", kind: status, file: listSQL, place: "list_workflow_jobs",
		from: "h.id IS NOT NULL AND s.status IN ('pending', 'retrying')", to: "h.id IS NOT NULL", protects: "jobs that have ended are not found by their status",
	},
	{
		name: "records: only a job that has not ended runs", kind: status, file: sqlstore + "read.go", place: "heldColumns.apply",
		from: " && !j.Status.Terminal()", protects: "jobs that have ended are shown as running",
	},
	{
		name: "workflows_held: the lease's entry has the job's epoch", kind: epoch, file: listSQL, place: "workflows_held",
		from: "s.epoch = e.value ->> 1 AND ", protects: "jobs that were given back are counted as running",
	},
	{
		name: "workflows_held: only jobs that have not ended", kind: status, file: listSQL, place: "workflows_held",
		from: " AND s.status IN ('pending', 'retrying')", protects: "jobs that have ended are counted as running",
	},
	{
		name: "workflows_waiting: the lease's entry has the job's epoch", kind: epoch, file: listSQL, place: "workflows_waiting",
		from: heldEpoch, protects: "jobs that wait for another attempt are not counted",
	},
	{
		name: "workflows_waiting: only jobs that nobody holds are retrying", kind: owner, file: listSQL, place: "workflows_waiting",
		from: " AND h.id IS NULL", protects: "a job is counted as running and retrying",
	},
	{
		name: "job_parents: the lease's entry has the job's epoch", kind: epoch, file: listSQL, place: "job_parents",
		from: heldEpoch, protects: "jobs that were given back are shown as running",
	},
	{
		name: "job_children: the lease's entry has the job's epoch", kind: epoch, file: listSQL, place: "job_children",
		from: heldEpoch, protects: "jobs that were given back are shown as running",
	},
	{
		name: "dependencies: only a job that has not ended runs", kind: status, file: sqlstore + "list.go", place: "readDependencies",
		from: " && !e.Status.Terminal()", protects: "jobs that have ended are shown as running",
	},
	{
		name: "queues_held: the lease's entry has the job's epoch", kind: epoch, file: listSQL, place: "queues_held",
		from: "s.epoch = e.value ->> 1 AND ", protects: "jobs that were given back are counted as running",
	},
	{
		name: "queues_held: only jobs that have not ended", kind: status, file: listSQL, place: "queues_held",
		from: " AND s.status IN ('pending', 'retrying')", protects: "jobs that have ended are counted as running",
	},
	{
		name: "workers_held: the lease's entry has the job's epoch", kind: epoch, file: listSQL, place: "workers_held",
		from: "s.epoch = e.value ->> 1 AND ", protects: "a worker seems to run what it gave back",
	},
	{
		name: "workers_held: only jobs that have not ended", kind: status, file: listSQL, place: "workers_held",
		from: " AND s.status IN ('pending', 'retrying')", protects: "a worker seems to run what has ended",
	},
}
