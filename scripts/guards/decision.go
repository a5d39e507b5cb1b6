package main

// decisionGuards are in the pure decisions.
var decisionGuards = []guard{
	{
		name: "decision: a job ends once", kind: status, file: "pkg/workflow/resolve.go", place: "resolution.end",
		from: "if n.Status.Terminal() {", to: "if false {", protects: "a job's end is written over and counted twice",
	},
	{
		name: "decision: an edge settles once", kind: status, file: "pkg/workflow/resolve.go", place: "resolution.settle",
		from: "if e.State != EdgeUnresolved {", to: "if false {", protects: "a child counts an edge twice",
	},
	{
		name: "decision: a child that has ended is left alone", kind: status, file: "pkg/workflow/resolve.go", place: "resolution.settle",
		from: "child.Status.Terminal() || ", kept: "implied: an end turns waiting into another dependency status, which the second half asks",
	},
	{
		name: "decision: a join is asked while the child waits", kind: status, file: "pkg/workflow/resolve.go", place: "resolution.settle",
		from: " || child.Deps != job.Waiting", protects: "a job whose join said run is ended by a later edge",
	},
	{
		name: "decision: nothing starts in a workflow that stops", kind: status, file: "pkg/workflow/resolve.go", place: "resolution.settle",
		from: "case r.stopped(child.Workflow):", to: "case false:", protects: "jobs start after a failure or a cancel",
	},
	{
		name: "decision: only edges of parents that have ended are revisited", kind: status, file: "pkg/workflow/resolve.go", place: "Revisit",
		from: "if p.Nodes[e.Parent].Ended() {", to: "if e.Parent >= 0 {", protects: "a job starts before its parent has ended",
	},
	{
		name: "decision: a held job is left to end by itself", kind: owner, file: "pkg/workflow/resolve.go", place: "resolution.cancelRest",
		from: "if held || !r.p.Nodes[i].Held {", to: "if true {", protects: "a job is cancelled under its worker's hands",
	},
	{
		name: "decision: a workflow ends when nothing is left", kind: left, file: "pkg/workflow/resolve.go", place: "resolution.endWorkflows",
		from: "if h.Status.Terminal() || h.Tally.Ended() < h.Tally.Total {", to: "if h.Status.Terminal() {", protects: "a workflow ends while jobs of it run",
	},
	{
		name: "decision: a workflow ends once", kind: status, file: "pkg/workflow/resolve.go", place: "resolution.endWorkflows",
		from: "if h.Status.Terminal() || h", to: "if h", kept: "implied: it ends with its last job, and a job ends once",
	},
	{
		name: "decision: a workflow that has ended is not cancelled", kind: status, file: "pkg/workflow/resolve.go", place: "Cancel",
		from: "if h.Status.Terminal() {", to: "if false {", protects: "a workflow that has ended changes",
	},
	{
		name: "decision: the first cancel decides", kind: status, file: "pkg/workflow/resolve.go", place: "Cancel",
		from: "if h.Status != Cancelling {", to: "if true {", protects: "a deadline turns a cancel into a failure",
	},
	{
		name: "decision: attempts are counted to the budget", kind: left, file: "pkg/job/outcome.go", place: "EndAttempt",
		from: "if s.Draining || next.Attempts >= retry.MaxAttempts {", to: "if s.Draining {", protects: "a job is tried for ever",
	},
	{
		name: "decision: give-backs are counted", kind: left, file: "pkg/job/outcome.go", place: "EndAttempt",
		from: "case next.GiveBacks >= MaxGiveBacks:", to: "case false:", protects: "a job that no worker takes goes round for ever",
	},
}
