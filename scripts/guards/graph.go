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
		name: "lock_open_jobs: only jobs that have not ended", kind: status, file: resolveSQL, place: "lock_open_jobs",
		from: " AND s.status IN ('pending', 'retrying', 'suspended')",
		kept: "it bounds what is locked: a job that has ended is not ended again (see decision: a job ends once)",
	},
	{
		name: "edges_from: the edge is unresolved", kind: status, file: resolveSQL, place: "edges_from",
		from: "\nWHERE e.state = 'unresolved'",
		kept: "it bounds what is read: an edge that is resolved is not settled again (see decision: an edge settles once)",
	},
	{
		name: "part: a job that is known keeps what this transaction made of it", kind: unique, file: partGo, place: "part.scanJob",
		from: "if i, known := p.index[n.ID]; known {", to: "if i, known := p.index[n.ID]; known && false {", protects: "a job ends twice in one transaction",
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
		name: "part: what may end is followed to its end", kind: whole, file: reachGo, place: "part.load",
		from: "reach = p.frontier()", to: "reach = nil", protects: "jobs far behind a failure wait for ever",
	},
	{
		name: "part: each part of a large workflow is stopped", kind: whole, file: reachGo, place: "part.load",
		from: "for from := 0; from < total; from += pageRows {", to: "for from := 0; from < min(total, 1); from += pageRows {", protects: "jobs of a large workflow go on after a cancel",
	},
	{
		name: "barrier: what waits for one that completes is loaded", kind: scope, file: reachGo, place: "part.widen",
		from: "return p.passBarriers(tx, ended)", to: "return nil", protects: "jobs behind a barrier wait for ever",
	},
	{
		name: "barrier: what waits for one that completes is loaded by an edge check", kind: scope, file: sqlstore + "edgecheck.go", place: "part.widenChildren",
		from: "return p.passBarriers(tx, map[int]bool{})", to: "return nil", protects: "jobs behind a barrier wait for ever",
	},
	{
		name: "barrier: what waits for the next one is loaded, too", kind: scope, file: reachGo, place: "part.passBarriers",
		from: "for p.barriers {", to: "for first := true; p.barriers && first; first = false {", protects: "jobs behind two barriers wait for ever",
	},
	{
		name: "barrier: all of its parents have ended", kind: left, file: "pkg/workflow/barrier.go", place: "Passed",
		from: "n > 0 && n == p.Nodes[i].Counts.Unresolved", to: "n > 0",
		kept: "it bounds what is loaded: what waits for a barrier is settled when its join says run",
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
		name: "part: only edges whose parent has ended are checked", kind: status, file: transitionGo, place: "transition.foreignChecks",
		from: "if t.part.Nodes[t.part.index[job.ID(e.Parent)]].Status.Terminal() {", to: "if true {",
		protects: "checks are made for which there is no reason",
	},
	{
		name: "insert_edge_checks: a check that waits already", kind: unique, file: queries + "enqueue.sql", place: "insert_edge_checks",
		from: " WHERE true\nON CONFLICT DO NOTHING", protects: "a parent cannot end while an edge from it waits for its check",
	},
	{
		name: "take back: ready rows of jobs that can't start any more", kind: owner, file: reachGo, place: "part.takeBack",
		from: `[]string{"take_ready", "take_timers"}`, to: `[]string{"take_timers"}`, protects: "a job is claimed that its workflow has cancelled",
	},
	{
		name: "take back: timers of jobs that can't start any more", kind: owner, file: reachGo, place: "part.takeBack",
		from: `[]string{"take_ready", "take_timers"}`, to: `[]string{"take_ready"}`, protects: "a retry comes back after its workflow was cancelled",
	},
	{
		name: "take back: who has no row is held", kind: owner, file: reachGo, place: "part.takeBack",
		from: "n.Held = true", to: "n.Held = false", protects: "a job is cancelled under its worker's hands",
	},
	{
		name: "take back: only of the workflows that stop", kind: scope, file: reachGo, place: "part.takeBack",
		from: "stopped[p.jobs[i].workflow] && ",
		kept: "it bounds what is touched: a row of another workflow is put back (see take back: what goes on gets its row again)",
	},
	{
		name: "take back: not of jobs that have ended", kind: status, file: reachGo, place: "part.takeBack",
		from: "!n.Status.Terminal() && ", protects: "a job that has ended is taken for held",
	},
	{
		name: "take back: not of jobs that wait for their parents", kind: status, file: reachGo, place: "part.takeBack",
		from: " && n.Deps != job.Waiting", protects: "a job that waits for its parents is taken for held, and stays open for ever",
	},
	{
		name: "take back: not of jobs whose claim ended just now", kind: owner, file: reachGo, place: "part.takeBack",
		from: " && !p.free[i]", protects: "a job that was given back is taken for held, and stays open for ever",
	},
	{
		name: "take back: what goes on gets its row again", kind: owner, file: transitionGo, place: "transition.claimable",
		from: "if t.part.taken[i] && !n.Status.Terminal() {", to: "if false && !n.Status.Terminal() {", protects: "a job of a workflow that goes on is never claimable again",
	},
	{
		name: "take back: what has ended does not get its row again", kind: status, file: transitionGo, place: "transition.claimable",
		from: " && !n.Status.Terminal()",
		kept: "make_ready and make_waiting ask the same of the state, in the same transaction",
	},
	{
		name: "part: edges of jobs that go on are left alone", kind: scope, file: reachGo, place: "part.connect",
		from: "p.read = slices.DeleteFunc(p.read, func(e edge) bool { return !ended[e.parent] })",
		kept: "it bounds what is looked at: only the edges of jobs that end are settled (see decision: an edge settles once)",
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
