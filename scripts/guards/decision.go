package main

// decisionGuards are in the pure decisions.
var decisionGuards = []guard{
	{
		name: "decision: a job ends once", kind: status, file: "pkg/workflow/resolve.go", place: "Resolution.end",
		from: "if n.Status.Terminal() {", to: "if false {", protects: "a job's end is written over and counted twice",
	},
	{
		name: "decision: an edge settles once", kind: status, file: "pkg/workflow/resolve.go", place: "Resolution.settle",
		from: "if e.State != EdgeUnresolved {", to: "if false {", protects: "a child counts an edge twice",
	},
	{
		name: "decision: only edges of parents that have ended are revisited", kind: status, file: "pkg/workflow/resolve.go", place: "Resolution.Revisit",
		from: "if e.State == EdgeUnresolved && r.p.Nodes[e.Parent].Settles() {", to: "if e.State == EdgeUnresolved {", protects: "a job starts before its parent has ended",
	},
	{
		name: "decision: a workflow ends when nothing is left", kind: left, file: "pkg/workflow/resolve.go", place: "Resolution.endWorkflows",
		from: "h.Tally.Ended() < h.Tally.Total || ", to: "", protects: "a workflow ends while jobs of it run",
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
