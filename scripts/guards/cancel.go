package main

const cancelGo = sqlstore + "cancel.go"

var cancelGuards = []guard{
	{
		name: "cancel: the workflow exists", kind: status, file: cancelGo, place: "lockWorkflow",
		from: "if len(p.Workflows) == 0 {", to: "if false {", protects: "a cancel of an unknown workflow stops the caller",
	},
	{
		name: "cancel: the workflow has not ended", kind: status, file: cancelGo, place: "Store.cancel",
		from: "if h.Status.Terminal() {\n\t\t\treturn fmt", to: "if false {\n\t\t\treturn fmt", protects: "a workflow that has ended is told to be cancelled",
	},
	{
		name: "cancel: it is not being cancelled already", kind: status, file: cancelGo, place: "Store.cancel",
		from: "err != nil || h.Status == workflow.Cancelling {", to: "err != nil {", protects: "a second cancel gives a second grace",
	},
	{
		name: "cancel: no grace for a workflow that ended at once", kind: status, file: cancelGo, place: "Store.cancel",
		from: "if h.Status.Terminal() {\n\t\t\treturn nil", to: "if false {\n\t\t\treturn nil", protects: "a timer stays for a workflow that has ended",
	},
	{
		name: "grace: the workflow is still being cancelled", kind: status, file: cancelGo, place: "Store.endGrace",
		from: "if p.Workflows[0].Status != workflow.Cancelling {", to: "if false {", protects: "a timer that was left behind ends the jobs of a workflow that runs",
	},
	{
		name: "grace: who claimed a job after its leases were locked is locked too", kind: lease, file: cancelGo, place: "Store.endGrace",
		from: "if leases[x.Fence.Lease] == nil {", to: "if false && leases == nil {", protects: "a lease changes that is not locked: a heartbeat and the end of a grace deadlock",
	},
	{
		name: "grace: who holds the job holds it now", kind: epoch, file: cancelGo, place: "Store.endGrace",
		from: "x.Fence.Epoch == p.jobs[i].epoch && ", protects: "a worker that gave the job up is stopped, and its lease is given up early",
	},
	{
		name: "grace: the job has not ended", kind: status, file: cancelGo, place: "Store.endGrace",
		from: " && !p.Nodes[i].Status.Terminal()", protects: "an attempt that ended counts as stopped, and its lease is given up early",
	},
	{
		name: "cancel: who is told to stop holds the job now", kind: epoch, file: cancelGo, place: "heldOf",
		from: "h.Fence.Epoch == p.jobs[i].epoch {", to: "i >= 0 {", protects: "a worker that gave the job up is told to stop it",
	},
	{
		name: "cancel: only held jobs are named", kind: owner, file: cancelGo, place: "part.heldIDs",
		from: "if n.Held {", to: "if true {", protects: "workers are told to stop jobs that have ended",
	},
}
