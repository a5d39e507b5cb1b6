package main

const (
	resolutionGo = "pkg/workflow/resolve.go"
	policyGo     = "pkg/workflow/policy.go"
	cancelWorkGo = "pkg/workflow/cancel.go"
	pauseGo      = "pkg/workflow/pause.go"
	retryGo      = "pkg/workflow/retry.go"
	headerGo     = "pkg/workflow/header.go"
	nodeGo       = "pkg/workflow/part.go"
)

// deciderGuards are in what follows from an end, a failure, a cancel, a pause, a
// decision and a retry.
var deciderGuards = []guard{
	{
		name: "end: who was skipped waits for nothing any more", kind: status, file: resolutionGo, place: "Resolution.end",
		from: "if status == job.Skipped {", to: "if false {", protects: "a job that was skipped is shown as one whose parents failed",
	},
	{
		name: "end: only upstream_failed jobs have a cause", kind: status, file: resolutionGo, place: "Resolution.end",
		from: "if status != job.UpstreamFailed {", to: "if false {", protects: "a job that was cancelled blames a failure that it had nothing to do with",
	},
	{
		name: "end: what is tolerated does not count against the workflow", kind: verdict, file: resolutionGo, place: "Resolution.end",
		from: "if n.against() && !n.forgiven() {", to: "if n.against() {", protects: "a workflow fails though all that failed may",
	},
	{
		name: "end: an end in a failing workflow lets its policy look again", kind: status, file: resolutionGo, place: "Resolution.end",
		from: "h.Failing && r.leads(i) || n.Catch", to: "n.Catch", protects: "what waited to handle a failure that never came waits for ever",
	},
	{
		name: "end: the end of what catches lets the policy look again", kind: status, file: resolutionGo, place: "Resolution.end",
		from: " || n.Catch && (!r.well[n.Workflow] || status != job.Completed && n.Counts.Active > 0) {", to: " {", protects: "a failure whose catch came to nothing stops nothing",
	},
	{
		name: "end: a failure waits for its decision", kind: verdict, file: resolutionGo, place: "Resolution.end",
		from: "if r.asks(i) {", to: "if false {", protects: "nobody is asked about a failure",
	},
	{
		name: "end: the edges of a failure wait for its decision", kind: verdict, file: resolutionGo, place: "Resolution.end",
		from: "if n.Settles() {", to: "if true {", protects: "what follows from a failure happens before people decide about it",
	},
	{
		name: "propagate: edges into other workflows wait", kind: scope, file: resolutionGo, place: "Resolution.propagate",
		from: "if r.p.Nodes[r.p.Edges[ei].Child].Workflow == n.Workflow {", to: "if ei >= 0 {", protects: "a batch means something else than its parts one by one",
	},
	{
		name: "settle: a child that has ended stays as it is", kind: status, file: resolutionGo, place: "Resolution.settle",
		from: "if child.Status.Terminal() {", to: "if false {", protects: "a job that has ended is given another cause",
	},
	{
		name: "settle: the first failure is the cause", kind: unique, file: resolutionGo, place: "Resolution.settle",
		from: " && child.Cause == (job.ID{}) {", to: " {", protects: "people look at the last failure, not at the first",
	},
	{
		name: "settle: an optional edge is no cause", kind: verdict, file: resolutionGo, place: "Resolution.settle",
		from: " && !e.Optional && child.Cause", to: " && child.Cause", protects: "a job blames what it could do without",
	},
	{
		name: "settle: only a job that waits is asked", kind: status, file: resolutionGo, place: "Resolution.settle",
		from: "if child.Deps != job.Waiting {", to: "if false {", protects: "a job that runs is started again by the next parent",
	},
	{
		name: "spares: only edges that ask for a failure spare", kind: verdict, file: resolutionGo, place: "Resolution.spares",
		from: "return e.handles() && e.State", to: "return e.State", protects: "a failing workflow goes on behind a failure that is allowed",
	},
	{
		name: "spares: what is spared elsewhere spares nothing here", kind: scope, file: resolutionGo, place: "Resolution.spares",
		from: " && parent.Workflow == r.p.Nodes[e.Child].Workflow", protects: "a failing workflow goes on because another one handles a failure",
	},
	{
		name: "run: what the policy will cancel is not asked its condition", kind: status, file: resolutionGo, place: "Resolution.run",
		from: "if r.doomed(i) {", to: "if false {", protects: "a job that its policy cancels is skipped or fails instead",
	},
	{
		name: "release: nothing starts that may not", kind: status, file: resolutionGo, place: "Resolution.release",
		from: "case r.stopped(i):", to: "case false:", protects: "a barrier of a paused workflow lets others through",
	},
	{
		name: "tidy: what was stopped meanwhile is not claimable", kind: status, file: resolutionGo, place: "Resolution.tidy",
		from: "r.p.Nodes[i].Status.Terminal() || r.stopped(i)", to: "r.p.Nodes[i].Status.Terminal()", protects: "a job starts in a workflow that this batch paused",
	},
	{
		name: "tidy: what ended meanwhile is not told to stop", kind: status, file: resolutionGo, place: "Resolution.tidy",
		from: "c.Stop = drop(c.Stop, func(i int) bool { return r.p.Nodes[i].Status.Terminal() })", to: "_ = drop", protects: "a worker is told to stop a job that it has ended",
	},
	{
		name: "finally: all other jobs have ended", kind: left, file: resolutionGo, place: "Resolution.beginFinally",
		from: "if h.Tally.Ended()+len(last) < h.Tally.Total {", to: "if false {", protects: "a finally job that was cancelled early lets another begin too soon",
	},
	{
		name: "finally: nothing waits for a decision", kind: verdict, file: headerGo, place: "Header.finallyDue",
		from: " && h.Undecided == 0", protects: "the workspace is cleared while people decide whether to try again",
	},
	{
		name: "workflow: it does not end while a failure waits for its decision", kind: verdict, file: resolutionGo, place: "Resolution.endWorkflows",
		from: " || h.Undecided > 0 {", to: " {", protects: "a workflow has ended before people decide what becomes of it",
	},
	{
		name: "workflow: it ends once", kind: unique, file: resolutionGo, place: "Resolution.endWorkflows",
		from: "!h.open() || ", protects: "a workflow that was cancelled becomes failed",
	},
	{
		name: "result: a deadline makes it fail", kind: verdict, file: resolutionGo, place: "Resolution.result",
		from: "case h.Status == Cancelling && !h.Deadline:", to: "case h.Status == Cancelling:", protects: "a workflow that ran out of time looks as if somebody had cancelled it",
	},
	{
		name: "result: what was failing fails", kind: verdict, file: resolutionGo, place: "Resolution.result",
		from: "case h.Status == Cancelling, h.Failing:", to: "case h.Status == Cancelling:", protects: "a workflow that stopped half way is completed",
		kept: "implied: the failure that made it fail is neither forgiven nor caught",
	},
	{
		name: "result: what is not caught fails it", kind: verdict, file: resolutionGo, place: "Resolution.result",
		from: "case len(r.uncaught(w, false)) > 0:", to: "case false:", protects: "a workflow that catches one failure is completed in spite of another",
	},
	{
		name: "of: jobs are taken in the order of their ids", kind: order, file: resolutionGo, place: "Resolution.of",
		from: "slices.SortFunc(nodes, func(a, b int) int { return bytes.Compare(r.p.Nodes[a].ID[:], r.p.Nodes[b].ID[:]) })", to: "_, _ = nodes, bytes.Compare",
		protects: "which failure is the cause of others depends on what a store had loaded first",
	},
	{
		name: "place: a workflow that is being cancelled stays so", kind: status, file: headerGo, place: "Header.place",
		from: "if h.Status != Running && h.Status != Paused {", to: "if h.Status.Terminal() {", protects: "a decision, or a pause, takes a cancel back",
		kept: "implied: while it is being cancelled nobody is asked, and pauses and decisions are refused",
	},
	{
		name: "asks: not in a workflow that is being cancelled", kind: status, file: policyGo, place: "Resolution.asks",
		from: " || h.Status == Cancelling", protects: "a cancel waits for a decision, and never ends",
	},
	{
		name: "asks: not about what follows from another failure", kind: verdict, file: policyGo, place: "Resolution.asks",
		from: " || n.Status == job.UpstreamFailed", protects: "people are asked about jobs that never ran",
	},
	{
		name: "asks: not about what is tolerated", kind: verdict, file: policyGo, place: "Resolution.asks",
		from: " || n.Tolerated {", to: " {", protects: "a workflow pauses for a failure that may happen",
	},
	{
		name: "asks: not while a catch may absolve it", kind: verdict, file: policyGo, place: "Resolution.asks",
		from: "return !r.catcher(i, true)", to: "return true", protects: "people are asked about a failure that is being handled",
	},
	{
		name: "fail_fast: what is tolerated stops nothing", kind: verdict, file: policyGo, place: "Resolution.failFast",
		from: "h.Failing = h.Failing || !r.p.Nodes[i].Tolerated", to: "h.Failing = h.Failing || i >= 0", protects: "a failure that may happen stops the workflow",
	},
	{
		name: "fail_fast: what handles the failure is not told to stop", kind: verdict, file: policyGo, place: "Resolution.failFast",
		from: "n.Held && !n.Spared && !n.Finally", to: "n.Held && !n.Finally", protects: "the job that handles a failure is stopped because of it",
	},
	{
		name: "sweep: what a worker holds goes on", kind: status, file: policyGo, place: "Resolution.sweep",
		from: "!n.Held && !n.Finally", to: "!n.Finally", protects: "a job has ended while its handler runs",
	},
	{
		name: "sweep: finally jobs stay", kind: verdict, file: policyGo, place: "Resolution.sweep",
		from: " && !n.Finally && !kept[i]", to: " && !kept[i]", protects: "nothing clears up after a failure",
	},
	{
		name: "sweep: what handles the failure stays", kind: verdict, file: policyGo, place: "Resolution.sweep",
		from: " && !kept[i] {", to: " && (true || kept[i]) {", protects: "a failure cancels what was made to handle it",
	},
	{
		name: "kept: only what still waits may have to handle a failure", kind: status, file: policyGo, place: "Resolution.kept",
		from: "r.p.Nodes[e.Child].Deps == job.Waiting && ", protects: "a job that could run anyway starts in a failing workflow",
	},
	{
		name: "kept: what comes after a handler stays", kind: verdict, file: policyGo, place: "Resolution.kept",
		from: "(kept[e.Parent] || e.handles())", to: "e.handles()", protects: "a handler runs, and what it prepares for does not",
	},
	{
		name: "manual: who was asked about is not asked about again", kind: unique, file: policyGo, place: "Resolution.askUncaught",
		from: ` && n.Decision == "" {`, to: " {", protects: "an accepted failure waits for a decision again, and for ever",
	},
	{
		name: "manual: nobody is asked about what follows from a failure", kind: verdict, file: policyGo, place: "Resolution.askUncaught",
		from: " && n.Status != job.UpstreamFailed", protects: "people are asked about jobs that never ran",
	},
	{
		name: "catch: only what the failure let run absolves it", kind: verdict, file: policyGo, place: "Resolution.catcher",
		from: "case c.Status == job.Completed && e.State == EdgeActive:", to: "case c.Status == job.Completed && e.State != EdgeUnresolved:", protects: "a catch that ran for another reason absolves what it never saw",
	},
	{
		name: "catch: only what is open may still absolve", kind: status, file: policyGo, place: "Resolution.catcher",
		from: "case may && !c.Status.Terminal() && ", to: "case may && ", protects: "a catch that failed holds the policy off for ever",
	},
	{
		name: "catch: upstream_failed is caught when all that broke its edges is", kind: whole, file: policyGo, place: "Resolution.uncaught",
		from: "breaking[i] < n.Counts.Broken || ", protects: "a failure in another workflow is absolved by a catch in this one",
	},
	{
		name: "cancel: a workflow that has ended is left alone", kind: status, file: cancelWorkGo, place: "Resolution.Cancel",
		from: "if !h.open() {", to: "if false {", protects: "a workflow that is completed becomes cancelled",
		kept: "whoever calls it refuses before",
	},
	{
		name: "cancel: a deadline does not cancel what cleans up", kind: verdict, file: cancelWorkGo, place: "Resolution.Cancel",
		from: "reason == job.ReasonDeadline || ", protects: "a deadline that passes during a cancel stops the finally jobs",
	},
	{
		name: "cancel: what a worker holds is told to stop", kind: status, file: cancelWorkGo, place: "Resolution.Cancel",
		from: "case n.Held:\n\t\t\tr.stop(i)", to: "case n.Held:", protects: "what runs is cancelled without having been told",
	},
	{
		name: "cancel: the first one leaves finally jobs", kind: verdict, file: cancelWorkGo, place: "Resolution.Cancel",
		from: "case n.Finally && !again:", to: "case n.Finally && false:", protects: "nothing clears up after a cancel",
	},
	{
		name: "cancel: what waits for a decision is accepted", kind: verdict, file: cancelWorkGo, place: "Resolution.Cancel",
		from: "if n.Decision == Undecided {", to: "if false {", protects: "a cancelled workflow waits for a decision, and never ends",
	},
	{
		name: "grace: finally jobs go on", kind: verdict, file: cancelWorkGo, place: "Resolution.CancelHeld",
		from: "(finally || !n.Finally) && ", protects: "what clears up is stopped with what it clears up after",
	},
	{
		name: "grace: in a failing workflow what handles the failure goes on", kind: verdict, file: cancelWorkGo, place: "Resolution.CancelHeld",
		from: " && (h.Status == Cancelling || !n.Spared)", protects: "the job that handles a failure is stopped because of it",
	},
	{
		name: "decide: the failure waits for a decision", kind: verdict, file: pauseGo, place: "Resolution.Decide",
		from: "if n.Decision != Undecided {", to: "if false {", protects: "a second decision about a failure counts, too", kept: "whoever calls it refuses before",
	},
	{
		name: "unpause: only what runs gives jobs", kind: status, file: pauseGo, place: "Resolution.unpause",
		from: "if h.Status != Running {", to: "if false {", protects: "one decision of two lets the workflow go on", kept: "what may not start is not let: see release",
	},
	{
		name: "reopen: a failure that is taken back does not count", kind: left, file: pauseGo, place: "Resolution.reopen",
		from: "if n.against() && !n.forgiven() {", to: "if false {", protects: "a workflow whose retry went well is failed",
	},
	{
		name: "reopen: a failure that is taken back waits for no decision", kind: left, file: pauseGo, place: "Resolution.reopen",
		from: "if n.Decision == Undecided {", to: "if false {", protects: "a workflow that was retried stays paused",
	},
	{
		name: "reopen: what waits for nobody waits for nobody", kind: status, file: pauseGo, place: "Resolution.reopen",
		from: "if n.Deps != job.NoDependencies {", to: "if true {", protects: "a job without parents waits for ever after a retry",
	},
	{
		name: "retry: nothing that a worker holds", kind: owner, file: retryGo, place: "PlanRetry",
		from: "if n.Held {", to: "if false {", protects: "a job runs twice at a time",
	},
	{
		name: "retry: not before what its failure told to stop has ended", kind: owner, file: retryGo, place: "PlanRetry",
		from: "if n.Held && h.Failing && h.CancelRunning && !n.Spared && !n.Finally {", to: "if false {", protects: "a job that was told to stop is cancelled as if somebody had asked for it, after the failure is tried again",
	},
	{
		name: "retry: only of this workflow", kind: scope, file: retryGo, place: "PlanRetry",
		from: "n.Workflow == w && !seen[i]", to: "!seen[i]", protects: "a retry takes back what happened in another workflow",
		kept: "implied: only jobs of the workflow are planned, and no path leads out of it and back",
	},
	{
		name: "retry: finally jobs run again", kind: verdict, file: retryGo, place: "PlanRetry",
		from: "if !in[i] && !n.Finally {", to: "if !in[i] {", protects: "nothing clears up after a retry",
	},
	{
		name: "retry: what somebody cancelled stays so", kind: verdict, file: retryGo, place: "follows",
		from: "return n.Reason == job.ReasonFailFast", to: "return true", protects: "a job that somebody cancelled on its own runs because another is tried again",
	},
	{
		name: "retry: what could run already is not taken back", kind: status, file: retryGo, place: "follows",
		from: "return !n.Status.Terminal() && n.Deps == job.Waiting", to: "return !n.Status.Terminal()", protects: "a job that is about to run begins anew",
	},
	{
		name: "retry: only edges between reset jobs are taken back", kind: scope, file: retryGo, place: "Resolution.restart",
		from: "; both || slices.Contains(from, e.Parent) {", to: "; both || true {", protects: "a job waits for a parent that never ends again",
	},
	{
		name: "retry: what a kept edge spares stays spared", kind: verdict, file: retryGo, place: "Resolution.restart",
		from: "child.Spared = child.Spared || r.spares(e)", to: "_ = e", protects: "the next failure cancels what handles the first",
	},
	{
		name: "retry: a finally job waits for its turn", kind: status, file: retryGo, place: "Resolution.ask",
		from: "case r.header(i).Begun:", to: "default:", protects: "what clears up runs before what it clears up after",
	},
	{
		name: "conditions: what this transaction made of a parent counts", kind: unique, file: "pkg/workflow/evaluate.go", place: "Resolution.inputs",
		from: "if p.Node >= 0 && r.newer(p.Node) {", to: "if false {", protects: "a condition sees a parent that has just ended as one that runs",
	},
	{
		name: "conditions: only an error or a no ends the job", kind: verdict, file: "pkg/workflow/evaluate.go", place: "Resolution.evaluate",
		from: "case n.Unmet == job.UnmetFail:", to: "case false:", protects: "a condition that must hold skips the job instead of failing it",
	},
	{
		name: "tolerated: somebody can do without it", kind: verdict, file: "pkg/workflow/tolerated.go", place: "Workflow.Tolerated",
		from: "followed[i] && !needed[i]", to: "!needed[i]", protects: "a failure that nothing depends on does not fail the workflow",
	},
	{
		name: "seen: what may fail looks completed", kind: verdict, file: nodeGo, place: "Node.Seen",
		from: "n.AllowFailure && n.Status.Failure(),", to: "false,", protects: "a failure that is allowed stops what comes after it",
	},
	{
		name: "settles: an undecided failure does not", kind: verdict, file: nodeGo, place: "Node.Settles",
		from: " && n.Decision != Undecided", protects: "what follows from a failure happens before people decide about it",
	},
}
