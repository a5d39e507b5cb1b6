package main

const (
	partGo  = sqlstore + "part.go"
	reachGo = sqlstore + "reach.go"
)

// graphGuards decide which part of the graph a transition sees.
var graphGuards = []guard{
	{
		name: "lock_jobs_and_children: only children of the same workflow", kind: scope, file: resolveSQL, place: "lock_jobs_and_children",
		from: "\n        WHERE c.workflow_id IS p.workflow_id",
		kept: "it bounds what is locked (see part: an edge into another workflow stays one though both jobs are locked)",
	},
	{
		name: "lock_descendants: only jobs of the same workflow", kind: scope, file: resolveSQL, place: "lock_descendants",
		from: " AND c.workflow_id IS r.workflow_id",
		kept: "it bounds what is locked (see part: an edge into another workflow stays one though both jobs are locked)",
	},
	{
		name: "lock_descendants: nothing behind a job that has ended", kind: status, file: resolveSQL, place: "lock_descendants",
		from: "WHERE r.open AND ", to: "WHERE ",
		kept: "it bounds what is locked: behind a job that has ended nothing follows, so nothing more would change",
	},
	{
		name: "part: a job that is known keeps what this transaction made of it", kind: unique, file: partGo, place: "part.scanJob",
		from: "if known && !p.outside[i] {", to: "if known && !p.outside[i] && false {", protects: "a job ends twice in one transaction",
	},
	{
		name: "part: an edge is taken once", kind: unique, file: reachGo, place: "part.addEdges",
		from: "if len(p.between) > 0 {", to: "if false {", protects: "a child counts an edge twice",
	},
	{
		name: "part: edges that a statement left out are read", kind: whole, file: reachGo, place: "part.readEdges",
		from: "p.partial = true", to: "p.partial = false", protects: "children of a job with very many of them wait for ever",
	},
	{
		name: "part: children that a statement left out are locked", kind: order, file: reachGo, place: "part.connect",
		from: "if err := p.lockMissing(tx); err != nil {", to: "if err := error(nil); err != nil {", protects: "children of a job with very many of them are left to an edge check",
	},
	{
		name: "lock_jobs_and_children: no more than a statement takes", kind: left, file: resolveSQL, place: "lock_jobs_and_children",
		from: "\n        LIMIT ?2)", to: "\n        LIMIT max(?2, 1000000))",
		kept: "it bounds what is locked at a time: what it leaves out is locked later (see part: children that a statement left out are locked)",
	},
	{
		name: "part: an edge into another workflow stays one though both jobs are locked", kind: scope, file: reachGo, place: "part.addEdges",
		from: " || !e.alone && e.workflow != p.jobs[from].workflow", protects: "a failure stops less of a workflow than it should",
	},
	{
		name: "part: an edge into another workflow is left to the edge check", kind: scope, file: transitionGo, place: "transition.write",
		from: `queueRows(tx, "insert_edge_checks", checks)`, to: "_ = checks",
		protects: "a job waits for ever for a parent in another workflow",
	},
	{
		name: "insert_edge_checks: a check that waits already", kind: unique, file: queries + "enqueue.sql", place: "insert_edge_checks",
		from: " WHERE true\nON CONFLICT DO NOTHING", protects: "a parent cannot end while an edge from it waits for its check",
	},
	{
		name: "take_ready: only the row of the job", kind: owner, file: resolveSQL, place: "take_ready",
		from: "(queue, rank, scheduled_at, id) IN (\n    SELECT j.queue, 4 - s.priority, s.scheduled_at, s.id", to: "(queue, rank) IN (\n    SELECT j.queue, 4 - s.priority",
		protects: "the ready rows of other jobs are gone",
	},
	{
		name: "take_timers: only the job's own", kind: owner, file: resolveSQL, place: "take_timers",
		from: "(due_at, kind, id) IN (\n    SELECT s.scheduled_at, 'job', s.id", to: "(kind, id) IN (\n    SELECT 'deadline', s.id",
		protects: "the job's row stays, its deadline goes",
	},
}
