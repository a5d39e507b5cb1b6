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
}
