package main

const agentDir = "internal/agent/"

var agentGuards = []guard{
	{
		name: "worker: a delivery answers a pull of its own", kind: unique, file: agentDir + "deliver.go", place: "Machine.deliver",
		from: "if p == nil || !now.Before(p.late()) {", to: "if p == nil {\n\t\tp = &pull{sent: now}\n\t}\n\tif !now.Before(p.late()) {",
		protects: "a worker that was restarted starts what its earlier life was given",
	},
	{
		name: "worker: a delivery is not late", kind: expiry, file: agentDir + "deliver.go", place: "Machine.deliver",
		from: "if p == nil || !now.Before(p.late()) {", to: "if p == nil {",
		kept: "implied up to one step: the pull is forgotten at that time, and a delivery without a pull is ignored",
	},
	{
		name: "worker: an attempt that ended is not started again", kind: unique, file: agentDir + "deliver.go", place: "Machine.deliver",
		from: "m.ended[key] || ", protects: "a copy of a delivery runs a job twice",
	},
	{
		name: "worker: an attempt that runs is not started again", kind: unique, file: agentDir + "deliver.go", place: "Machine.deliver",
		from: " || l != nil && l.jobs[j.Job] != nil", protects: "a copy of a delivery runs a job twice at once",
	},
	{
		name: "worker: a job without a slot is given back", kind: left, file: agentDir + "deliver.go", place: "Machine.deliver",
		from: "a.pool < 0 || m.stopping {", to: "a.pool < 0 && m.stopping {", protects: "a job that no slot is free for is started, or never ends",
	},
	{
		name: "worker: a worker that stops takes nothing", kind: status, file: agentDir + "deliver.go", place: "Machine.deliver",
		from: "a.pool < 0 || m.stopping {", to: "a.pool < 0 {", protects: "a stop waits for jobs that came after it",
	},
	{
		name: "worker: a slot that an offer names is one", kind: left, file: agentDir + "pull.go", place: "Machine.take",
		from: "if p.left[i] > 0 && serves(i) {", to: "if serves(i) {", protects: "a pool runs more jobs than it has slots",
	},
	{
		name: "worker: a job takes a slot of its queue", kind: scope, file: agentDir + "pull.go", place: "Machine.take",
		from: "if p.left[i] > 0 && serves(i) {", to: "if p.left[i] > 0 {", protects: "a job runs in a pool of another queue",
	},
	{
		name: "worker: without an offer a job takes a free slot only", kind: left, file: agentDir + "pull.go", place: "Machine.take",
		from: "s.running+s.offered < s.Slots && ", protects: "a pool runs more jobs than it has slots",
	},
	{
		name: "worker: the outcome of a lost job is worth nothing", kind: lease, file: agentDir + "deliver.go", place: "Machine.finished",
		from: "if a.lost {", to: "if false {",
		protects: "an outcome that cannot count is reported, and a stop waits for it",
	},
	{
		name: "worker: an attempt that is not known any more reports nothing", kind: lease, file: agentDir + "deliver.go", place: "Machine.finished",
		from: "if l == nil || l.jobs[e.Key.Job] == nil {", to: "if l == nil {",
		kept: "implied: an attempt stays known until its handler has reported, once; it keeps a mistake there from stopping the worker",
	},
	{
		name: "worker: there is a verdict for each outcome", kind: verdict, file: agentDir + "report.go", place: "Machine.reported",
		from: "if e.err == nil && len(e.reply.Verdicts) != len(sent) {", to: "if false {", protects: "an outcome is let go of without a verdict",
	},
	{
		name: "worker: an outcome without an answer is kept", kind: verdict, file: agentDir + "report.go", place: "Machine.reported",
		from: "p.waiting = slices.Insert(p.waiting, 0, sent...)", to: "m.unreported -= len(sent)", protects: "an outcome is lost with its message",
	},
	{
		name: "worker: an outcome that is to come again is kept", kind: verdict, file: agentDir + "report.go", place: "Machine.reported",
		from: "case job.Retry:\n\t\t\tp.waiting = append(p.waiting, o)", to: "case job.Retry:\n\t\t\tm.unreported--",
		protects: "an outcome that an overloaded resolver refused is lost",
	},
	{
		name: "worker: a refused result becomes a failure", kind: verdict, file: agentDir + "report.go", place: "Machine.reported",
		from: "if !o.Permanent {", to: "if false {", protects: "a job whose result was refused waits for its lease to expire, again and again",
	},
	{
		name: "worker: one report of a partition is under way", kind: unique, file: agentDir + "report.go", place: "Machine.report",
		from: "if p.sent != nil || len(p.waiting) == 0", to: "if len(p.waiting) == 0", protects: "outcomes are written over by later ones",
	},
	{
		name: "worker: nothing is asked for while it stops", kind: status, file: agentDir + "pull.go", place: "Machine.pull",
		from: "m.stopping || m.unreported", to: "m.unreported", protects: "a worker that stops is given jobs",
	},
	{
		name: "worker: an expired offer does not count as one", kind: expiry, file: agentDir + "pull.go", place: "Machine.expirePulls",
		from: "m.pools[i].offered -= n", to: "m.pools[i].offered -= 0 * n", protects: "slots that a lost offer named are never used again",
	},
	{
		name: "worker: only a running job is lost", kind: status, file: agentDir + "heartbeat.go", place: "Machine.lose",
		from: " || !l.jobs[key.Job].running", protects: "a handler that has ended is told to stop",
	},
	{
		name: "worker: a lost lease stops its jobs", kind: lease, file: agentDir + "heartbeat.go", place: "Machine.beaten",
		from: "for _, id := range e.reply.Lost {", to: "for _, id := range e.reply.Lost[:0] {", protects: "a worker works on what another one does too",
	},
	{
		name: "worker: a revoked job is stopped", kind: lease, file: agentDir + "heartbeat.go", place: "Machine.beaten",
		from: "for _, x := range e.reply.Revoked {", to: "for _, x := range e.reply.Revoked[:0] {", protects: "a worker works on what another one does too",
	},
	{
		name: "worker: a job takes a slot of a later offer only if it has one", kind: left, file: agentDir + "pull.go", place: "Machine.take",
		from: "if later.left[i] > 0 && serves(i) {", to: "if serves(i) {", protects: "a pool runs more jobs than it has slots",
	},
	{
		name: "worker: a job takes a slot of a later offer of its queue", kind: scope, file: agentDir + "pull.go", place: "Machine.take",
		from: "if later.left[i] > 0 && serves(i) {", to: "if later.left[i] > 0 {", protects: "a job runs in a pool of another queue",
	},
	{
		name: "worker: nothing is asked for while too many outcomes have no verdict", kind: left, file: agentDir + "pull.go", place: "Machine.pull",
		from: "m.unreported >= maxUnconfirmed || ", protects: "a worker whose resolvers are away fills its memory with outcomes",
	},
	{
		name: "worker: one heartbeat is under way", kind: unique, file: agentDir + "heartbeat.go", place: "Machine.beatAt",
		from: "if m.beating {", to: "if false {", protects: "heartbeats pile up while the dispatchers are slow",
	},
	{
		name: "worker: a lease whose heartbeat was not answered is named again at once", kind: expiry, file: agentDir + "heartbeat.go", place: "Machine.beaten",
		from: "if e.err != nil {", to: "if false {", protects: "a lease expires because one heartbeat was lost",
	},
	{
		name: "worker: heartbeats are as frequent as the lease is short", kind: expiry, file: agentDir + "heartbeat.go", place: "share",
		from: "return min(interval, ttl/3)", to: "return interval", protects: "a short lease expires between two heartbeats",
	},
	{
		name: "worker: only running jobs are told to stop", kind: status, file: agentDir + "deliver.go", place: "Machine.stopJobs",
		from: "a != nil && a.running {", to: "a != nil {", protects: "a handler that has ended is told to stop",
	},
	{
		name: "worker: handlers that overstay a drain are told once", kind: unique, file: agentDir + "machine.go", place: "Machine.stopHandlers",
		from: "m.stopsSent || ", kept: "the context of a handler ends once, however often it is told to",
	},
	{
		name: "worker: only a running job tells its progress", kind: status, file: agentDir + "progress.go", place: "Machine.progressed",
		from: " || !l.jobs[e.Key.Job].running", protects: "heartbeats go on about a job that has ended",
	},
	{
		name: "worker: progress that no heartbeat carried is told again", kind: verdict, file: agentDir + "heartbeat.go", place: "Machine.beaten",
		from: "m.returnNews(now, e.news)", to: "_ = e.news", protects: "the last progress of a job is lost with its message",
	},
	{
		name: "worker: what a job has told since is not written over by what was lost", kind: unique, file: agentDir + "progress.go", place: "Machine.returnNews",
		from: " && a.news == nil", protects: "a job's progress goes back",
	},
}
