package main

const buildingGo = sqlstore + "building.go"

// buildGuards are those of an enqueue in several transactions.
var buildGuards = []guard{
	{
		name: "enqueue in parts: it goes on with its own hidden workflow", kind: unique, file: buildingGo, place: "enqueuer.build",
		from: "case *hidden == building:", to: "case *hidden == building && false:", protects: "an enqueue that broke off can never be repeated",
	},
	{
		name: "enqueue in parts: a workflow that is shown is not stored anew", kind: unique, file: buildingGo, place: "enqueuer.build",
		from: "\tdefault:\n\t\treturn store.Enqueued{}, store.ErrExists", to: "\tdefault:\n\t\te.now = began", protects: "a repeated enqueue is told that its workflow is gone, not that it exists",
	},
	{
		name: "enqueue in parts: its time is that of its first transaction", kind: clock, file: buildingGo, place: "enqueuer.reveal",
		from: "\te.at(began)\n", to: "\t_ = began\n", protects: "timers have another time than the rows that say when to delete them",
	},
	{
		name: "enqueue in parts: what its key made before is found at once", kind: unique, file: buildingGo, place: "enqueuer.build",
		from: "if k.existing[0] {", to: "if false {", protects: "a hidden workflow is stored in vain until retention deletes it",
	},
	{
		name: "enqueue in parts: what its key made meanwhile is found", kind: unique, file: buildingGo, place: "enqueuer.reveal",
		from: "if k.existing[0] {", to: "if false {", protects: "a request that comes twice makes two workflows",
	},
	{
		name: "enqueue in parts: jobs that are there are not stored anew", kind: unique, file: buildingGo, place: "enqueuer.add",
		from: "!stored[e.jobs[end].ID]", to: "(true || stored[e.jobs[end].ID])", protects: "an enqueue that broke off can never be repeated",
	},
	{
		name: "enqueue in parts: it is still being enqueued", kind: status, file: buildingGo, place: "enqueuer.lock",
		from: "if err == nil && !found {", to: "if err == nil && !found && false {", protects: "jobs are stored of a workflow that was deleted meanwhile",
	},
	{
		name: "enqueue in parts: all jobs are there when it is shown", kind: whole, file: buildingGo, place: "enqueuer.show",
		from: "if stored != len(e.jobs) {", to: "if false {", protects: "a workflow is shown that can never end",
	},
	{
		name: "enqueue in parts: parents outside exist when it is shown", kind: scope, file: buildingGo, place: "enqueuer.reveal",
		from: "if err := e.look(false); err != nil {", to: "if err := error(nil); err != nil {", protects: "a job waits for ever for a parent that was deleted meanwhile",
		kept: "the edge check says of a parent that is not stored that it is gone; it refuses such an enqueue where it still can",
	},
	{
		name: "lock_building: it is still being enqueued", kind: status, file: queries + "enqueue.sql", place: "lock_building",
		from: " AND hidden = 'building'", protects: "jobs are stored of a workflow that is being deleted",
	},
	{
		name: "reveal_workflow: it is still being enqueued", kind: status, file: queries + "enqueue.sql", place: "reveal_workflow",
		from: " AND hidden = 'building'", kept: "implied: lock_building has found it so, and it is locked",
	},
	{
		name: "reveal_workflow: every row", kind: whole, file: buildingGo, place: "enqueuer.show",
		from: `tx.QueueGuarded("reveal_workflow", 1, e.w.ID[:])`, to: `tx.QueueExec("reveal_workflow", e.w.ID[:])`,
		kept: "implied: lock_building has found it so, and it is locked",
	},
}
