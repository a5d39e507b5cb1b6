package main

const (
	dispatcherDir = "services/dispatcher/"
	resolverDir   = "services/resolver/"
	schedulerDir  = "services/scheduler/"
)

var serviceGuards = []guard{
	{
		name: "dispatcher: a claim of unknown outcome is repeated as such", kind: unique, file: dispatcherDir + "claim.go", place: "Machine.retryClaim",
		from: "m.callClaim(true)", to: "m.callClaim(false)", protects: "what the first try claimed waits for its lease to expire, or the try fails for ever",
	},
	{
		name: "dispatcher: a claim is not repeated after its leases expired", kind: expiry, file: dispatcherDir + "claim.go", place: "Machine.retryClaim",
		from: "if now.After(m.claim.expires) {", to: "if false {", protects: "jobs are sent under a lease that has expired",
	},
	{
		name: "dispatcher: one claim is in flight", kind: unique, file: dispatcherDir + "claim.go", place: "Machine.askNext",
		from: "m.claim != nil || ", protects: "an offer is claimed for twice",
	},
	{
		name: "dispatcher: what arrived during a claim makes another", kind: unique, file: dispatcherDir + "claim.go", place: "Machine.claimed",
		from: "return append(actions, m.askNext(now)...)", to: "return actions",
		protects: "a job waits for the next poll though a slot is free",
	},
	{
		name: "dispatcher: an offer gives what it has left", kind: left, file: dispatcherDir + "claim.go", place: "Machine.claimed",
		from: "from.offer.slots[from.slot].Slots -= len(lease.Jobs)", to: "_ = from.slot", protects: "a worker gets more jobs than it has slots",
	},
	{
		name: "dispatcher: an offer stands as long as it says", kind: expiry, file: dispatcherDir + "offer.go", place: "Machine.dropExpired",
		from: "left > 0 && now.Before(o.expires)", to: "left > 0", protects: "jobs go to workers that are gone",
	},
	{
		name: "dispatcher: a copy of an offer is no offer", kind: unique, file: dispatcherDir + "offer.go", place: "Machine.pull",
		from: "if m.standing[o.key()] {", to: "if false {", protects: "a worker gets more jobs than it has slots",
	},
	{
		name: "dispatcher: an offer names the worker of its subject", kind: worker, file: dispatcherDir + "offer.go", place: "Machine.pull",
		from: "if bus.PullSubject(p.Worker) != msg.Subject {", to: "if false {", protects: "a worker orders jobs in another's name",
	},
	{
		name: "dispatcher: a heartbeat names the worker of its subject", kind: worker, file: dispatcherDir + "heartbeat.go", place: "Machine.heartbeat",
		from: "if bus.HeartbeatSubject(e.Body.Worker) != msg.Subject {", to: "if false {", protects: "a worker keeps another's leases alive",
	},
	{
		name: "dispatcher: a heartbeat that comes again takes the place of its copy", kind: unique, file: dispatcherDir + "heartbeat.go", place: "Machine.heartbeat",
		from: "if w.worker == b.worker {", to: "if false && w.worker == b.worker {", protects: "a slow database is given each heartbeat again and again",
	},
	{
		name: "dispatcher: an offer ends earlier here than at its worker", kind: expiry, file: dispatcherDir + "offer.go", place: "Machine.pull",
		from: " - offerMargin", protects: "jobs are delivered for an offer that has expired meanwhile",
	},
	{
		name: "dispatcher: a heartbeat is answered when it is stored", kind: verdict, file: dispatcherDir + "heartbeat.go", place: "Machine.extended",
		from: "\t\treturn m.extend()\n", to: "\t\te.answers = make([]store.Beaten, 10_000)\n", protects: "a worker believes that it holds what has expired",
	},
	{
		name: "dispatcher: nothing is claimed while it stops", kind: status, file: dispatcherDir + "claim.go", place: "Machine.askNext",
		from: " || m.stopping", protects: "a dispatcher that stops never gets idle",
	},
	{
		name: "dispatcher: each heartbeat gets its own answers", kind: verdict, file: dispatcherDir + "heartbeat.go", place: "Machine.extended",
		from: "answers = answers[len(b.leases):]", to: "_ = b", protects: "a worker is told another's losses",
	},
	{
		name: "dispatcher: one bulk of heartbeats is in flight", kind: unique, file: dispatcherDir + "heartbeat.go", place: "Machine.extend",
		from: "if m.beating || len(m.beats) == 0 {", to: "if len(m.beats) == 0 {", protects: "transactions pile up while the database is slow",
	},
	{
		name: "dispatcher: a lease that is too large is delivered without results", kind: left, file: dispatcherDir + "deliver.go", place: "Machine.fit",
		from: "d.Jobs[i].Parents, d.Jobs[i].Fetch = nil, true", to: "_ = i", protects: "jobs with large results never reach a worker",
	},
	{
		name: "dispatcher: a job whose results stay behind is told to fetch them", kind: left, file: dispatcherDir + "deliver.go", place: "Machine.fit",
		from: "d.Jobs[i].Parents, d.Jobs[i].Fetch = nil, true", to: "d.Jobs[i].Parents = nil", protects: "a handler believes that its parents have no results",
	},
	{
		name: "dispatcher: a page that was shortened says where it ends", kind: left, file: dispatcherDir + "fetch.go", place: "Machine.fitPage",
		from: "reply.Next = reply.Parents[len(reply.Parents)-1].Job", to: "_ = reply.Next", protects: "a handler misses results of its parents",
	},
	{
		name: "dispatcher: results are only for who holds the job", kind: lease, file: dispatcherDir + "fetch.go", place: "Machine.answerFetch",
		from: "reply.Lost = true", to: "reply.Lost = false", protects: "a handler that has lost its job goes on without results",
	},
	{
		name: "dispatcher: a read of results that failed is not an empty page", kind: verdict, file: dispatcherDir + "fetch.go", place: "Machine.answerFetch",
		from: `reply.Error = "unavailable"`, to: "_ = reply", protects: "a handler believes that its parents have no results",
	},
	{
		name: "dispatcher: no more fetches read at once than it says", kind: left, file: dispatcherDir + "fetch.go", place: "Machine.fetch",
		from: "if m.fetches >= maxFetches {", to: "if false {", protects: "workers that fetch take every connection of the database",
	},
	{
		name: "dispatcher: one note of workers is in flight", kind: unique, file: dispatcherDir + "workers.go", place: "Machine.note",
		from: "m.noting || ", protects: "notes pile up while the database is slow",
	},
	{
		name: "dispatcher: an offer of an empty list of queues serves every queue", kind: scope, file: dispatcherDir + "offer.go", place: "Machine.pull",
		from: "s.Queues = nil", to: "_ = s", protects: "a worker that serves every queue is given nothing",
	},
	{
		name: "resolver: reports are answered when all of a batch is committed", kind: verdict, file: resolverDir + "batch.go", place: "Machine.resolved",
		from: "if len(b.verdicts) < len(b.outcomes) {\n\t\treturn append(actions, m.callResolve())\n\t}", to: "for len(b.verdicts) < len(b.outcomes) {\n\t\tb.verdicts = append(b.verdicts, job.Committed)\n\t}",
		protects: "a worker lets go of an outcome that is not stored",
	},
	{
		name: "resolver: a transaction that failed is repeated", kind: verdict, file: resolverDir + "batch.go", place: "Machine.resolved",
		from: "return m.failed(now, e.err)", to: "e.resolution.Verdicts = repeat(job.Committed, len(b.outcomes)-len(b.verdicts))", protects: "a worker lets go of an outcome that is not stored",
	},
	{
		name: "resolver: one that can't be stored comes again later", kind: verdict, file: resolverDir + "batch.go", place: "Machine.failed",
		from: "b.verdicts = append(b.verdicts, job.Retry)", to: "b.verdicts = append(b.verdicts, job.Committed)", protects: "a worker lets go of an outcome that is not stored",
	},
	{
		name: "resolver: each report gets its own verdicts", kind: verdict, file: resolverDir + "batch.go", place: "Machine.resolved",
		from: "from += len(r.outcomes)", to: "from += 0", protects: "a worker is told another's verdicts",
	},
	{
		name: "resolver: one batch is in flight", kind: unique, file: resolverDir + "batch.go", place: "Machine.next",
		from: "if m.batch != nil || len(m.waiting) == 0 {", to: "if len(m.waiting) == 0 {", protects: "reports are never answered",
	},
	{
		name: "resolver: an overloaded one says come again", kind: verdict, file: resolverDir + "batch.go", place: "Machine.report",
		from: "repeat(job.Retry, len(list))", to: "repeat(job.Stale, len(list))", protects: "outcomes are lost under load",
	},
	{
		name: "resolver: only the reaper says that a lease was lost", kind: worker, file: resolverDir + "door.go", place: "atTheDoor",
		from: "o.Kind = job.KindFailed", to: "_ = o.Kind", protects: "a worker gives its failures a free retry",
	},
	{
		name: "resolver: a worker gives only reasons of its own", kind: worker, file: resolverDir + "door.go", place: "atTheDoor",
		from: "o.Reason = job.ReasonPermanent", to: "_ = o.Reason", protects: "a failure says that a user cancelled it",
	},
	{
		name: "resolver: a report that comes again takes the place of its copy", kind: unique, file: resolverDir + "batch.go", place: "Machine.report",
		from: "if w.from == from {", to: "if false && w.from == from {", protects: "a slow database is given each outcome again and again",
	},
	{
		name: "resolver: one that stops takes nothing more", kind: status, file: resolverDir + "batch.go", place: "Machine.report",
		from: "if m.stopping || m.queued > 0 && full {", to: "if m.queued > 0 && full {", protects: "a resolver that stops never gets idle",
	},
	{
		name: "resolver: a report names the worker of its subject", kind: worker, file: resolverDir + "machine.go", place: "Machine.received",
		from: "err = errForeignSubject", to: "err = nil", protects: "a worker reports in another's name",
	},
	{
		name: "scheduler: the reaper waits after a gap", kind: expiry, file: schedulerDir + "machine.go", place: "Machine.brake",
		from: "m.leases.at = now.Add(m.cfg.ReapHold)", to: "_ = now", protects: "after an outage every job that runs loses an attempt",
	},
	{
		name: "resolver: one that fails again and again is alone at last", kind: verdict, file: resolverDir + "batch.go", place: "Machine.failed",
		from: "b.size = (failed + 1) / 2", to: "_ = failed", protects: "an outcome that can't be stored holds up all others for ever",
	},
	{
		name: "resolver: one look for edges is in flight", kind: unique, file: resolverDir + "machine.go", place: "Machine.check",
		from: "if m.checking || m.stopping {", to: "if m.stopping {", protects: "looks pile up while the database is slow",
	},
	{
		name: "resolver: a hint during a look for edges leads to another", kind: unique, file: resolverDir + "machine.go", place: "Machine.received",
		from: "m.again = m.checking", to: "m.again = false", protects: "a child waits for the next look though its parent has ended",
	},
	{
		name: "scheduler: only a look that succeeded ends a gap", kind: expiry, file: schedulerDir + "machine.go", place: "Machine.Step",
		from: "if m.held = false; e.err == nil {", to: "if m.held = false; e.err == nil || true {", protects: "when the database was away every job that runs loses an attempt",
	},
	{
		name: "scheduler: the reaper waits at its start where that is asked for", kind: expiry, file: schedulerDir + "machine.go", place: "Machine.brake",
		from: " && !m.cfg.HoldAtStart", protects: "when the whole system starts anew every job that runs loses an attempt",
	},
	{
		name: "scheduler: a timer that was set during a look leads to another", kind: unique, file: schedulerDir + "machine.go", place: "Machine.Step",
		from: "if m.again && e.err == nil {", to: "if false {", protects: "a timer that is due soon fires a poll later",
	},
	{
		name: "scheduler: one that stops begins nothing", kind: status, file: schedulerDir + "machine.go", place: "Machine.Step",
		from: "if m.stopping {\n\t\treturn actions", to: "if false {\n\t\treturn actions", protects: "a scheduler that stops never gets idle",
	},
	{
		name: "scheduler: one look is in flight", kind: unique, file: schedulerDir + "machine.go", place: "duty.start",
		from: "if d.running || now.Before(d.at) {", to: "if now.Before(d.at) {",
		protects: "looks pile up while the database is slow",
	},
}
