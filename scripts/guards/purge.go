package main

const (
	purgeGo         = sqlstore + "purge.go"
	purgeJobsGo     = sqlstore + "purgejobs.go"
	purgeWorkflowGo = sqlstore + "purgeworkflow.go"
	purgeSQL        = queries + "purge.sql"
)

// purgeGuards keep retention from deleting what is needed.
var purgeGuards = []guard{
	{
		name: "purge: what has not ended is not old", kind: status, file: purgeGo, place: "expired",
		from: "s.Terminal() && ", kept: "implied: only terminal statuses have a time for which they are kept",
	},
	{
		name: "purge: what is kept for ever is not old", kind: status, file: purgeGo, place: "expired",
		from: "keep > 0 && ", protects: "jobs are deleted that were to be kept for ever",
	},
	{
		name: "purge: the time for which it is kept is over", kind: clock, file: purgeGo, place: "expired",
		from: "finishedAt <= now-microsUp(keep)", to: "finishedAt <= now", protects: "jobs are deleted before their time",
	},
	{
		name: "purge of jobs: one on which an open job depends stays", kind: left, file: purgeJobsGo, place: "purge.deleteOld",
		from: "if !needed[id] {", to: "if true {", protects: "an open job loses its parent and its result",
	},
	{
		name: "purge of jobs: how old it is is asked under lock", kind: clock, file: purgeJobsGo, place: "purge.deleteOld",
		from: " || !expired(p.keep, status, finishedAt, now)", kept: "a job that has ended never changes: what was old stays old",
	},
	{
		name: "purge of jobs: an edge from elsewhere waits for its check no more", kind: owner, file: purgeJobsGo, place: "deleteJobs",
		from: `queueRows(tx, "delete_edge_checks", edges)`, to: "_ = edges", protects: "a check of an edge that is gone stays for ever",
	},
	{
		name: "purge: a job goes after all of its edges", kind: whole, file: purgeJobsGo, place: "deleteJobs",
		from: "if len(edges) >= purgeEdges {", to: "if false {", protects: "edges into jobs that are gone stay for ever",
	},
	{
		name: "purge: a job that is deleted leaves no deadline", kind: owner, file: purgeJobsGo, place: "deleteJobs",
		from: `"delete_deadlines", `, protects: "timers of jobs that are gone fire",
	},
	{
		name: "purge: a workflow that is deleted leaves no timer", kind: owner, file: purgeWorkflowGo, place: "purge.finish",
		from: `tx.QueueExec("delete_workflow_timers", mine)`, to: "_ = mine", protects: "timers of workflows that are gone fire",
	},
	{
		name: "purge of workflows: one on which an open job outside depends stays", kind: left, file: sqlstore + "purgefamily.go", place: "family.over",
		from: "kept[root] = true", to: "_ = root", protects: "an open job loses its parent and its result",
	},
	{
		name: "purge: what runs is not deleted with the job that is made of it", kind: left, file: sqlstore + "purgefamily.go", place: "family.over",
		from: "f.runs[root] = true", to: "_ = root", protects: "a job waits for ever for one that ran when it was deleted",
	},
	{
		name: "purge of workflows: it ended before it was looked for what it is made of", kind: clock, file: purgeWorkflowGo, place: "hide",
		from: "case w.finishedAt > now:", to: "case false:", kept: "a moment between two statements, in which a workflow ends and is deleted; no test hits it",
	},
	{
		name: "map: its items are made while it waits for them", kind: status, file: sqlstore + "items.go", place: "Store.stillOpen",
		from: " || p.Nodes[i].Status != job.Suspended || p.jobs[i].epoch != j.epoch", protects: "items stay of a map that was deleted",
	},
	{
		name: "purge of workflows: one whose edge waits for its check stays", kind: left, file: purgeWorkflowGo, place: "neededWorkflows",
		from: "err := r.Scan(nullID{&id})\n\t\tneeded[id] = true", to: "err := r.Scan(nullID{&id})", protects: "a job that was just enqueued loses its parent",
	},
	{
		name: "purge of workflows: all stay when too many edges wait for their check", kind: left, file: purgeWorkflowGo, place: "neededWorkflows",
		from: "if checks == lookChecks {", to: "if false {", protects: "a job that was just enqueued loses its parent",
	},
	{
		name: "purge of workflows: each of many jobs is asked for", kind: whole, file: purgeWorkflowGo, place: "lookedRanges",
		from: "from == 0 || from < w.total;", to: "from == 0;", protects: "an open job loses its parent",
	},
	{
		name: "edge check: who has children outside says so", kind: left, file: sqlstore + "edgecheck.go", place: "Store.checkEdges",
		from: `queueRows(tx, "mark_depended_on", p.outsideParents())`, to: "_ = p.outsideParents", protects: "an open job loses its parent",
	},
	{
		name: "purge of builds: it is still being enqueued", kind: status, file: purgeWorkflowGo, place: "purgeBuilds",
		from: "w.hidden == building && ", protects: "a workflow that was shown meanwhile is deleted",
	},
	{
		name: "purge of builds: its enqueue began long ago", kind: clock, file: purgeWorkflowGo, place: "purgeBuilds",
		from: "now-microsUp(store.BuildAway), p.place.At", to: "now, p.place.At", kept: "it is asked again under lock; this one bounds what is locked",
	},
	{
		name: "purge of workflows: it has the status under lock, too", kind: status, file: purgeWorkflowGo, place: "purgeWorkflows",
		from: "w.status == status && ", kept: "a workflow that has ended never changes; what was found with a status has it",
	},
	{
		name: "purge of workflows: another has not hidden it meanwhile", kind: status, file: purgeWorkflowGo, place: "purgeWorkflows",
		from: `w.hidden == "" && `, protects: "of two that purge at once one fails",
	},
	{
		name: "old_workflows: not hidden ones", kind: status, file: purgeSQL, place: "old_workflows",
		from: shown, kept: "it is asked again under lock; this one bounds what is locked",
	},
	{
		name: "hide_workflows: not those that are hidden", kind: status, file: purgeSQL, place: "hide_workflows",
		from: " AND hidden <> 'purging'", kept: "implied: they are locked, and were seen not to be",
	},
	{
		name: "needed_workflows: by a job that has not ended", kind: status, file: purgeSQL, place: "needed_workflows",
		from: "\nWHERE s.finished_at IS NULL", protects: "a workflow that somebody depended on is never deleted",
	},
	{
		name: "needed_jobs: by a job that has not ended", kind: status, file: purgeSQL, place: "needed_jobs",
		from: "\nWHERE s.finished_at IS NULL", protects: "a job that somebody depended on is never deleted",
	},
	{
		name: "old_jobs: only jobs without a workflow", kind: scope, file: purgeSQL, place: "old_jobs",
		from: "workflow_id IS NULL AND ", protects: "a workflow loses its jobs",
	},
	{
		name: "lock_purging_workflows: they are being deleted", kind: status, file: purgeSQL, place: "lock_purging_workflows",
		from: " AND hidden = 'purging'", kept: "implied: what is being deleted is never shown again",
	},
	{
		name: "delete_workflows: nothing is left of it", kind: left, file: purgeSQL, place: "delete_workflows",
		from: "\n    AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.workflow_id = workflows.id)", protects: "jobs stay without their workflow",
	},
	{
		name: "delete_workflows: it is being deleted", kind: status, file: purgeSQL, place: "delete_workflows",
		from: " AND hidden = 'purging'", kept: "implied: what is being deleted is never shown again, and it is locked",
	},
	{
		name: "delete_keys: the key itself", kind: owner, file: purgeSQL, place: "delete_keys",
		from: `(scope, "key", id) IN (SELECT value ->> 'scope', value ->> 'key', unhex(value ->> 'id') FROM json_each(?1))`,
		to:   "scope IN (SELECT value ->> 'scope' FROM json_each(?1))", protects: "a key is forgotten whose request may come again",
	},
	{
		name: "purge of keys: what it made is not stored any more", kind: left, file: purgeGo, place: "purgeKeys",
		from: "if !stored {", to: "if true {", protects: "a request that comes again makes a second job while the first is there",
	},
	{
		name: "forget_queues: a paused one is remembered", kind: status, file: purgeSQL, place: "forget_queues",
		from: "paused_at IS NULL AND ", protects: "a paused queue starts by itself",
	},
	{
		name: "forget_queues: one with weights is remembered", kind: status, file: purgeSQL, place: "forget_queues",
		from: " AND weights = ''", protects: "priorities of a queue starve again by themselves",
	},
	{
		name: "delete of a workflow: it has ended", kind: status, file: purgeWorkflowGo, place: "Store.DeleteWorkflow",
		from: "case !w.status.Terminal():", to: "case false:", protects: "a workflow is deleted while it runs",
	},
	{
		name: "delete of a workflow: it is not hidden", kind: status, file: purgeWorkflowGo, place: "Store.DeleteWorkflow",
		from: `case w.hidden != "":`, to: "case false:", protects: "a second delete says that it deleted something",
	},
	{
		name: "delete of a workflow: nobody needs it", kind: left, file: purgeWorkflowGo, place: "Store.DeleteWorkflow",
		from: "return refused", to: "return nil", protects: "a workflow is said to be deleted that is still there",
	},
}
