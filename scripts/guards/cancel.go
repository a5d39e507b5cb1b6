package main

const cancelGo = sqlstore + "cancel.go"

var cancelGuards = []guard{
	{
		name: "grace: who claimed a job after its leases were locked is locked too", kind: lease, file: cancelGo, place: "Store.endGrace",
		from: "if leases[x.Fence.Lease] == nil {", to: "if false && leases == nil {", protects: "a lease changes that is not locked: a heartbeat and the end of a grace deadlock",
	},
	{
		name: "cancel: who is told to stop holds the job now", kind: epoch, file: cancelGo, place: "heldOf",
		from: "h.Fence.Epoch == p.jobs[i].epoch {", to: "i >= 0 {", protects: "a worker that gave the job up is told to stop it",
	},
	{
		name: "cancel: that of a schedule is the first", kind: status, file: cancelGo, place: "Store.cancel",
		from: "before.Status == workflow.Cancelling && c.once {", to: "false {", protects: "cancel_previous stops the finally jobs of an instance that somebody cancels at that moment",
	},
}
