package main

var edgeCheckGuards = []guard{
	{
		name: "edges_between: the edge is unresolved", kind: status, file: queries + "edgecheck.sql", place: "edges_between",
		from: "\nWHERE e.state = 'unresolved'",
		kept: "it bounds what is read: an edge that is resolved is not settled again (see decision: an edge settles once)",
	},
	{
		name: "delete_edge_checks: only those that were looked at", kind: owner, file: queries + "edgecheck.sql", place: "delete_edge_checks",
		from: "\nWHERE (parent_id, child_id) IN (SELECT unhex(value ->> 'parent'), unhex(value ->> 'child') FROM json_each(?1))",
		to:   "\nWHERE ?1 IS NOT NULL", protects: "a job waits for ever for a parent outside",
	},
	{
		name: "edge check: nothing is locked while nothing waits", kind: status, file: sqlstore + "edgecheck.go", place: "Store.CheckEdges",
		from: "if err == nil && len(checks) > 0 {", to: "if err == nil {", protects: "every look for edges waits for the write lock",
	},
	{
		name: "edge check: the child's workflow is locked", kind: order, file: sqlstore + "edgecheck.go", place: "Store.checkEdges",
		from: `p.lockWorkflows(tx, "lock_workflows_of_jobs", all)`, to: `p.lockWorkflows(tx, "lock_workflows_of_jobs", all[:0])`, protects: "a failure from outside does not reach the workflow",
	},
	{
		name: "edge check: what follows from a broken edge is loaded", kind: scope, file: sqlstore + "edgecheck.go", place: "Store.checkEdges",
		from: "if err := p.widenChildren(tx); err != nil {", to: "if err := error(nil); err != nil {", protects: "a failure from outside stops at the child",
	},
	{
		name: "edge check: not when the parent has not ended", kind: status, file: sqlstore + "edgecheck.go", place: "part.widenChildren",
		from: "!parent.Ended() || ", protects: "a check of an open edge takes the workflow's ready rows away",
		kept: "what is taken back and does not end gets its ready row again; it keeps a check from locking a whole workflow",
	},
	{
		name: "edge check: not when the child has ended", kind: status, file: sqlstore + "edgecheck.go", place: "part.widenChildren",
		from: "child.Status.Terminal() || ", protects: "a check for a child that has ended takes the workflow's ready rows away",
		kept: "as for a parent that has not ended",
	},
	{
		name: "edge check: not when the edge is good", kind: status, file: sqlstore + "edgecheck.go", place: "part.widenChildren",
		from: " || parent.Settle(e.On) == workflow.EdgeActive", protects: "a check of a good edge takes the workflow's ready rows away",
	},
}
