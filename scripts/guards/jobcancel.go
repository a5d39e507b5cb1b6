package main

const cancelJobGo = sqlstore + "canceljob.go"

var jobCancelGuards = []guard{
	{
		name: "cancel of a job: it exists", kind: status, file: cancelJobGo, place: "Store.cancelJob",
		from: "!known || ", to: "!known && false || ", protects: "a cancel of an unknown job ends another, or stops the caller",
	},
	{
		name: "cancel of a job: it has not ended", kind: status, file: cancelJobGo, place: "Store.cancelJob",
		from: "status.Terminal() {", to: "false && status.Terminal() {", protects: "a job that has ended is told to be cancelled",
	},
	{
		name: "cancel of a job: its row is taken back before it is asked who holds it", kind: order, file: cancelJobGo, place: "Store.cancelJob",
		from: "\t\ttx.QueueQuery(statement, func(Row) error { return nil }, list)\n", to: "\t\t_ = statement\n",
		protects: "a job is claimed between the two, and its worker is not told",
	},
	{
		name: "cancel of a job: who is told to stop holds it now", kind: epoch, file: cancelJobGo, place: "Store.cancelJob",
		from: "if h.Fence.Epoch == p.jobs[i].epoch {", to: "if i >= 0 {", protects: "a worker that gave the job up is told to stop it, and the job waits for it",
	},
	{
		name: "cancel of a job: the first grace counts", kind: status, file: cancelJobGo, place: "Store.cancelJob",
		from: "case p.jobs[i].stopping:", to: "case false:", protects: "a second cancel gives a second grace",
	},
	{
		name: "cancel of a job: a held one is marked", kind: status, file: cancelJobGo, place: "Store.cancelJob",
		from: `tx.QueueExec("mark_cancelling", list)`, to: "_ = list", protects: "a job that somebody cancelled is tried again",
	},
	{
		name: "mark_cancelling: the job has not ended", kind: status, file: operateSQL, place: "mark_cancelling",
		from: " AND finished_at IS NULL", kept: "implied: the job is locked and was seen not to have ended",
	},
}
