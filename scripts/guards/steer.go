package main

const (
	steerSQL = queries + "steer.sql"
	decideGo = sqlstore + "decide.go"
	againGo  = sqlstore + "retry.go"
	steerGo  = sqlstore + "steer.go"
	stallGo  = sqlstore + "stall.go"
)

// steerGuards are in the transactions of pauses, decisions, retries, conditions
// and stalls.
var steerGuards = []guard{
	{
		name: "decide_jobs: the job has ended", kind: status, file: steerSQL, place: "decide_jobs",
		from: " AND job_state.finished_at IS NOT NULL", protects: "a decision stands at a job that runs again",
	},
	{
		name: "decide_jobs: a decision without a result keeps what is there", kind: verdict, file: steerSQL, place: "decide_jobs",
		from: "coalesce(c.result, job_state.result)", to: "c.result", protects: "a later decision deletes a result", kept: "a failure has no result",
	},
	{
		name: "decide_jobs: every row", kind: whole, file: transitionGo, place: "transition.write",
		from: `queueGuarded(tx, "decide_jobs", t.decisionRows(changes.Decided))`, to: `queueRows(tx, "decide_jobs", t.decisionRows(changes.Decided))`,
		protects: "a decision counts in the workflow that is not stored with its job",
	},
	{
		name: "reset_jobs: the epoch goes up", kind: epoch, file: steerSQL, place: "reset_jobs",
		from: "epoch = job_state.epoch + 1", to: "epoch = job_state.epoch", protects: "an outcome of before the retry counts after it",
	},
	{
		name: "reset_jobs: the number of the attempt counts on", kind: unique, file: steerSQL, place: "reset_jobs",
		from: "earlier = job_state.earlier + job_state.attempts", to: "earlier = job_state.earlier", protects: "two attempts of a job have one number",
	},
	{
		name: "reset_jobs: the budget begins anew", kind: left, file: steerSQL, place: "reset_jobs",
		from: " attempts = 0, give_backs", to: " attempts = job_state.attempts, give_backs", protects: "a job that is retried has no attempts left",
	},
	{
		name: "reset_jobs: no lease may speak of it", kind: lease, file: steerSQL, place: "reset_jobs",
		from: "lease_id = NULL, ", protects: "who ended the job before the retry is told that its outcome counts again",
		kept: "implied: the epoch went up, and an end writes the lease anew",
	},
	{
		name: "reset_jobs: nobody cancels it any more", kind: status, file: steerSQL, place: "reset_jobs",
		from: "cancelling = 0, ", protects: "a job that was cancelled while it was held is never tried again after a retry",
	},
	{
		name: "reset_jobs: only a retry is a new run", kind: unique, file: steerSQL, place: "reset_jobs",
		from: "iif(c.run > 0, c.run, job_state.run - c.run)", to: "c.run", protects: "a decision to retry takes a job back to run 0",
	},
	{
		name: "reset_jobs: every row", kind: whole, file: transitionGo, place: "transition.write",
		from: `queueGuarded(tx, "reset_jobs", reset)`, to: `queueRows(tx, "reset_jobs", reset)`,
		protects: "a job is claimable that has not been reset",
	},
	{
		name: "keep_runs: only what had ended or begun, or whose payload is replaced", kind: status, file: steerSQL, place: "keep_runs",
		from: "\nWHERE s.finished_at IS NOT NULL OR s.attempts > 0 OR x.value ->> 'payload' IS NOT NULL", protects: "the history tells of a run that did not happen",
	},
	{
		name: "reopen_edges: the edge is resolved", kind: status, file: steerSQL, place: "reopen_edges",
		from: " AND edges.state <> 'unresolved'", protects: "a child counts an edge that it waits for already",
	},
	{
		name: "reopen_edges: every row", kind: whole, file: transitionGo, place: "transition.write",
		from: `queueGuarded(tx, "reopen_edges", reopened)`, to: `queueRows(tx, "reopen_edges", reopened)`,
		protects: "a child waits for an edge that is resolved",
	},
	{
		name: "insert_evaluations: the newest one counts", kind: unique, file: steerSQL, place: "insert_evaluations",
		from: "ON CONFLICT (job_id) DO UPDATE SET\n    evaluated_at = excluded.evaluated_at, value = excluded.value, digest = excluded.digest, inputs = excluded.inputs,\n    error = excluded.error",
		to:   "ON CONFLICT DO NOTHING", protects: "after a retry a job has the inputs of before it",
	},
	{
		name: "insert_audit: each entry once", kind: unique, file: steerSQL, place: "insert_audit",
		from: " WHERE true\nON CONFLICT DO NOTHING", protects: "an action whose commit is repeated fails",
		kept: "a transaction that runs again has been rolled back; it is asked for in case one was not",
	},
	{
		name: "newest_claim: of this workflow", kind: scope, file: steerSQL, place: "newest_claim",
		from: "WHERE j.workflow_id = ?1", to: "WHERE ?1 IS NOT NULL", protects: "a workflow that stands still is not told of while another moves",
	},
	{
		name: "edges_from_outside: they are resolved", kind: status, file: steerSQL, place: "edges_from_outside",
		from: "e.state <> 'unresolved' AND ", protects: "a retry counts an edge that nobody has settled yet", kept: "it bounds what is read: what is unresolved is not looked at",
	},
	{
		name: "edges_from_outside: their parents are elsewhere", kind: scope, file: steerSQL, place: "edges_from_outside",
		from: " AND (p.id IS NULL OR p.workflow_id IS NOT c.workflow_id)", protects: "a retry counts an edge twice",
	},
	{
		name: "lock_open_jobs: what waits for a decision, too", kind: verdict, file: resolveSQL, place: "lock_open_jobs",
		from: " OR s.decision = 'open')", to: ")", protects: "a cancelled workflow waits for a decision, and never ends",
	},
	{
		name: "decide: the job is one of this workflow", kind: scope, file: decideGo, place: "Store.decide",
		from: "if !known || p.jobs[i].workflow != d.Workflow {", to: "if !known {", protects: "a decision about a job of another workflow counts in this one",
	},
	{
		name: "decide: the job exists", kind: status, file: decideGo, place: "Store.decide",
		from: "if !known || p.jobs[i].workflow", to: "if !known && false || p.jobs[i].workflow", protects: "a decision about an unknown job counts for another, or stops the caller",
	},
	{
		name: "decide: the failure waits for it", kind: verdict, file: decideGo, place: "Store.decide",
		from: "if n := &p.Nodes[i]; n.Decision != workflow.Undecided {", to: "if n := &p.Nodes[i]; false && n != nil {", protects: "a second decision is told that it counts",
	},
	{
		name: "decide by default: only what nobody has decided", kind: verdict, file: decideGo, place: "Store.decideByDefault",
		from: "j.Decision != workflow.Undecided || ", protects: "the timer of a failure that was decided stops the scheduler",
		kept: "decide asks again",
	},
	{
		name: "decide by default: not before the time of this failure", kind: clock, file: decideGo, place: "Store.decideByDefault",
		from: " || micros(j.FinishedAt)+w > fired.DueAt", to: " || w < 0", protects: "a job that was retried and failed again is decided too early",
	},
	{
		name: "retry: the job to begin from is one of this workflow", kind: scope, file: againGo, place: "Store.RetryWorkflow",
		from: "if !known || p.Nodes[i].Workflow != 0 {", to: "if !known {", protects: "a retry begins at a job of another workflow",
	},
	{
		name: "retry: only payloads of jobs that run again are replaced", kind: scope, file: againGo, place: "Store.RetryWorkflow",
		from: "if !reset {", to: "if !reset && false {", protects: "the payload of another job is replaced",
	},
	{
		name: "retry: a plan changes nothing", kind: whole, file: againGo, place: "Store.RetryWorkflow",
		from: "if dry {", to: "if false && dry {", protects: "who looks at a plan has carried it out",
	},
	{
		name: "retry: the deadline of before is gone", kind: clock, file: sqlstore + "parts.go", place: "transition.reopen",
		from: `tx.QueueExec("delete_workflow_timers", []job.ID{id})`, to: "_ = tx", protects: "a retried workflow is cancelled at the deadline of its first run",
	},
	{
		name: "retry: the grace of before is gone", kind: clock, file: sqlstore + "parts.go", place: "transition.reopen",
		from: `tx.QueueExec("delete_stop_timers", sortedIDs(append(t.part.stopped(), id)))`, to: "_ = sortedIDs(t.part.stopped())", protects: "what a later failure tells to stop has what is left of an earlier grace",
	},
	{
		name: "retry: the grace of a job that runs is not gone", kind: status, file: sqlstore + "parts.go", place: "part.stopped",
		from: " && !p.Nodes[i].Held", protects: "a job that somebody cancelled runs for ever",
	},
	{
		name: "resume: not while failures wait for a decision", kind: verdict, file: steerGo, place: "Store.ResumeWorkflow",
		from: "case h.Undecided > 0:", to: "case false:", protects: "who resumes is told that it did, and nothing goes on",
	},
	{
		name: "pause: not what has ended or is being cancelled", kind: status, file: steerGo, place: "Store.PauseWorkflow",
		from: "if h.Status != workflow.Running && h.Status != workflow.Paused {", to: "if false {", protects: "who pauses is told that it did, and nothing is",
	},
	{
		name: "stall: only when nothing moved for as long", kind: clock, file: stallGo, place: "Store.lookForStall",
		from: "if next <= now {", to: "if true {", protects: "a workflow that moves is told of as one that stands still",
	},
	{
		name: "stall: a claim is a move", kind: clock, file: stallGo, place: "Store.lookForStall",
		from: "if claimed != nil {", to: "if false {", protects: "a workflow with a long job is told of as one that stands still",
	},
	{
		name: "stall: the workflow has not ended", kind: status, file: stallGo, place: "Store.lookForStall",
		from: "if p.Workflows[0].Status.Terminal() {", to: "if p.Workflows[0].Status.Terminal() && false {", protects: "a workflow that has ended is told of as one that stands still",
	},
	{
		name: "reset: what ends a job in the same transaction meets its new epoch", kind: epoch, file: transitionGo, place: "transition.resetRows",
		from: "j.epoch++", to: "_ = j.epoch", protects: "a retry of a job that ends at once, by its condition, fails",
	},
	{
		name: "stop: who is told to holds the job now", kind: epoch, file: transitionGo, place: "transition.stop",
		from: "h.Fence.Epoch == p.jobs[i].epoch {", to: "i >= 0 {", protects: "a worker that gave the job up is told to stop it",
	},
}
