package main

const timeGo = sqlstore + "time.go"

var timerGuards = []guard{
	{
		name: "due_timers: the time has come", kind: clock, file: queries + "timer.sql", place: "due_timers",
		from: "due_at <= ?1 AND ", to: "?1 IS NOT NULL AND ", protects: "deadlines end jobs that have time left",
	},
	{
		name: "due_timers: one kind", kind: scope, file: queries + "timer.sql", place: "due_timers",
		from: " AND kind = ?2", to: " AND ?2 IS NOT NULL", protects: "a delay is taken for a deadline",
	},
	{
		name: "next_timer: nothing fires while nothing is due", kind: clock, file: timeGo, place: "Store.FireTimers",
		from: "err != nil || next != 0 {", to: "err != nil {", protects: "every look for timers waits for the write lock",
	},
	{
		name: "next_timer: only kinds that are fired", kind: scope, file: queries + "timer.sql", place: "next_timer",
		from: "WHERE kind = k.value", to: "WHERE kind = k.value OR true", protects: "a timer of a later version keeps every scheduler busy",
	},
	{
		name: "delete_timers: only those that fired", kind: owner, file: queries + "timer.sql", place: "delete_timers",
		from: "(due_at, kind, id) IN (\n    SELECT value ->> 'due_at', value ->> 'kind', unhex(value ->> 'id') FROM json_each(?1))",
		to:   "(kind) IN (\n    SELECT value ->> 'kind' FROM json_each(?1))", protects: "jobs whose time has not come are never claimable",
	},
	{
		name: "delayed jobs: who deletes the timer moves the job", kind: owner, file: timeGo, place: "Store.fireJobs",
		from: "for _, id := range *mine {", to: "for _, id := range append(list, (*mine)[:0]...) {", protects: "two schedulers make a job claimable twice",
	},
	{
		name: "delayed jobs: the job has not ended", kind: status, file: timeGo, place: "Store.fireJobs",
		from: "ok && !p.Nodes[i].Status.Terminal()", to: "ok", protects: "dispatchers are told of jobs that can't be claimed",
	},
	{
		name: "deadlines: who deletes the timer ends the job", kind: owner, file: timeGo, place: "Store.fireEnds",
		from: "s.endJobs(tx, p, leases, *mine,", to: "s.endJobs(tx, p, leases, append(list, (*mine)[:0]...),", protects: "a deadline that another scheduler has handled fires again",
	},
	{
		name: "deadlines: the job has not ended", kind: status, file: timeGo, place: "Store.endJobs",
		from: "!p.Nodes[i].Status.Terminal() {", to: "p.Nodes[i].ID == id {", protects: "the deadline of a job that has ended takes rows and stops its worker",
	},
	{
		name: "deadlines: the job exists", kind: status, file: timeGo, place: "Store.endJobs",
		from: "known && ", to: "(known || true) && ", protects: "one timer that was left behind ends another job, or stops the scheduler",
	},
	{
		name: "deadlines: the job's ready row goes", kind: owner, file: timeGo, place: "Store.endJobs",
		from: `[]string{"take_ready", "take_timers"}`, to: `[]string{"take_timers"}`, protects: "a job that is timed out is claimed",
	},
	{
		name: "deadlines: the job's timer goes", kind: owner, file: timeGo, place: "Store.endJobs",
		from: `[]string{"take_ready", "take_timers"}`, to: `[]string{"take_ready"}`, protects: "a timer of a job that is timed out stays",
	},
	{
		name: "deadlines: who claimed the job after its leases were locked is locked too", kind: lease, file: timeGo, place: "Store.endJobs",
		from: "if leases[h.Fence.Lease] == nil {", to: "if false && leases == nil {", protects: "a lease changes that is not locked: a heartbeat and a deadline deadlock",
	},
	{
		name: "deadlines: who holds the job holds it now", kind: epoch, file: timeGo, place: "Store.endJobs",
		from: "h.Fence.Epoch == p.jobs[i].epoch {", to: "i >= 0 {", protects: "a worker that gave the job up counts as the one that ran out of time",
	},
	{
		name: "cancelled jobs: the job is still to stop", kind: status, file: timeGo, place: "Store.fireEnds",
		from: "return known && ", to: "return false && known && ", protects: "the grace of an earlier cancel ends a job that runs again",
	},
	{
		name: "grace of a second cancel: the workflow was cancelled twice in this run", kind: status, file: sqlstore + "cancel.go", place: "Store.endGrace",
		from: " && p.Workflows[0].CancelFinally)", to: ")", protects: "finally jobs of a later run that was cancelled once are ended",
	},
	{
		name: "workflow timers: who deletes the timer does what it asks for", kind: owner, file: timeGo, place: "takeFired",
		from: "return len(*mine) > 0, err", to: "return mine != nil, err", protects: "what another scheduler has done is done again, to a run that began since",
	},
	{
		name: "workflow timers: a workflow that has ended or is gone is no error", kind: status, file: timeGo, place: "Store.fireEach",
		from: "if errors.Is(err, job.ErrWrongState) || errors.Is(err, job.ErrNotFound) {", to: "if errors.Is(err, ErrGuard) {",
		protects: "one timer that was left behind stops all others",
	},
}
