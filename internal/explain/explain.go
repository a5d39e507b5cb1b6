package explain

import (
	"fmt"
	"strings"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Prospect returns what decides whether a job that stands so can be claimed.
func Prospect(s store.Standing) job.Prospect {
	return job.Prospect{
		Status: s.Job.Status, Dependencies: s.Job.DependencyStatus, Due: s.Job.ScheduledAt, Now: s.Now,
		WorkflowStops: workflowStops(s), QueuePaused: s.QueuePaused,
	}
}

// workflowStops reports whether its workflow keeps a job from starting. A
// failing workflow still lets start what handles a failure.
func workflowStops(s store.Standing) bool {
	h := workflow.Header{Status: s.WorkflowStatus, Failing: s.WorkflowFailing}
	return s.Job.Workflow != (job.ID{}) && h.Stops(&workflow.Node{Finally: s.Job.Finally, Spared: s.Queued || s.Spared})
}

// Explain returns every reason why a job does not run, or what it does, the
// most decisive first. There is always one.
func Explain(s store.Standing) []Reason {
	e := explainer{s: s, j: s.Job}
	e.explain()
	if s.Spawner.Name != "" {
		e.add(Reason{Code: Spawned, Text: "The handler of " + s.Spawner.Name + " spawned it.", Since: s.Job.CreatedAt, Hint: "hammerwork job tree " + s.Spawner.ID.String()})
	}
	return e.reasons
}

func (e *explainer) explain() {
	s := e.s
	bars := Prospect(s).Bars()
	switch {
	case s.Job.Status.Terminal():
		e.ended()
		return
	case s.Job.Status == job.Running || s.Lease != nil:
		e.running()
		return
	}
	for _, bar := range bars {
		switch bar {
		case job.BarSuspended:
			e.suspended()
		case job.BarParents:
			e.parents()
		case job.BarTime:
			e.time()
		case job.BarWorkflow:
			e.workflow()
		case job.BarQueue:
			e.add(Reason{Code: QueuePaused, Text: fmt.Sprintf("Its queue %s is paused.", e.j.Queue), Hint: "hammerwork queue resume " + word(e.j.Queue)})
		}
	}
	if e.j.Barrier {
		e.add(Reason{Code: Barrier, Text: "It is a barrier: it has no work, and completes by itself when it may start."})
		return
	}
	if !e.worked() {
		return
	}
	if s.Workers == 0 {
		e.add(Reason{Code: NoWorker, Text: fmt.Sprintf("No live worker serves its queue %s.", e.j.Queue), Hint: "hammerwork worker --queue " + word(e.j.Queue) + " starts one for jobs that need no code"})
	}
	if len(bars) == 0 {
		e.line()
	}
}

// explainer collects reasons.
type explainer struct {
	s       store.Standing
	j       store.JobRecord
	reasons []Reason
}

func (e *explainer) add(r Reason) { e.reasons = append(e.reasons, r) }

// ended says how and why the job has ended.
func (e *explainer) ended() {
	r := Reason{Code: Ended, Text: fmt.Sprintf("It has ended: %s.", e.j.Status), Since: e.j.FinishedAt}
	if e.j.Reason != "" {
		r.Text = fmt.Sprintf("It has ended: %s (%s).", e.j.Status, e.j.Reason)
	}
	failed := e.j.Status.Failure() || e.j.Status == job.Cancelled
	switch {
	case e.j.Cause != (job.ID{}):
		r.Text += " The first failure behind that is " + e.cause() + "."
		r.Hint = "hammerwork job explain " + e.j.Cause.String()
	case failed && e.s.WorkflowStatus == workflow.Completed: // in spite of this job
		r.Hint = "hammerwork workflow retry " + e.j.Workflow.String() + " --from " + word(e.j.Name)
	case failed && e.s.WorkflowStatus.Terminal():
		r.Hint = "hammerwork workflow retry " + e.j.Workflow.String()
	case failed && e.j.Workflow == (job.ID{}):
		r.Hint = "hammerwork job retry " + e.j.ID.String()
	}
	if e.j.Decision != "" && e.j.Decision != workflow.Undecided {
		r.Text += fmt.Sprintf(" It was decided: %s.", e.j.Decision)
	}
	e.add(r)
	if e.j.Decision == workflow.Undecided {
		e.add(Reason{Code: Undecided, Text: "Its failure waits for a decision, and its workflow with it.", Hint: e.decide(word(e.j.Name)), Since: e.j.FinishedAt})
	}
	e.condition()
	if e.j.Status == job.UpstreamFailed || e.j.Reason == job.ReasonBranch {
		if list := e.parentsIn(workflow.EdgeBroken, workflow.EdgeInactive); len(list) > 0 {
			p := Reason{Code: ParentsDecided, Text: "It could not run after " + e.names(list, 0) + ".", Parents: list}
			if hint := explainJob(list[0]); hint != r.Hint {
				p.Hint = hint
			}
			e.add(p)
		}
	}
}

// cause names the first failure behind the end of the job.
func (e *explainer) cause() string {
	for _, p := range e.s.Parents {
		if p.Job == e.j.Cause && p.Name != "" {
			return p.Name
		}
	}
	return "job " + e.j.Cause.String()
}

// condition says what a condition that kept the job from running came to.
func (e *explainer) condition() {
	v := e.j.Evaluation
	switch {
	case v == nil:
	case e.j.Reason == job.ReasonConditionFalse:
		e.add(Reason{Code: ConditionFalse, Text: fmt.Sprintf("Its condition was false: %s", e.j.Condition), Since: v.At})
	case e.j.Reason == job.ReasonConditionError || e.j.Reason == job.ReasonInputError:
		e.add(Reason{Code: ConditionError, Text: fmt.Sprintf("What is evaluated before it runs could not be: %s", v.Error), Since: v.At})
	}
}

// running says who has the job.
func (e *explainer) running() {
	r := Reason{Code: Running, Text: fmt.Sprintf("It runs: worker %s has it, attempt %d of %d.", e.j.Worker, e.j.Attempts+1, e.j.MaxAttempts), Since: e.j.StartedAt, Hint: "hammerwork job show " + e.j.ID.String()}
	if l := e.s.Lease; l != nil {
		r.Since, r.Until = l.ClaimedAt, l.ExpiresAt
		r.Text = strings.TrimSuffix(r.Text, ".") + fmt.Sprintf("; its lease ends at %s unless the worker prolongs it.", l.ExpiresAt.UTC().Format(time.RFC3339))
		if !l.Accepted {
			r.Code = Unaccepted
			r.Text = fmt.Sprintf("It was given to worker %s, which has not accepted it yet; if it does not, the job is given to another one.", l.Worker)
		}
	}
	e.add(r)
}

// parents says what the job waits for before it may run.
func (e *explainer) parents() {
	waiting := e.parentsIn(workflow.EdgeUnresolved)
	switch c := e.s.Counts; {
	case e.j.Finally:
		e.add(Reason{Code: WaitsForRest, Text: "It runs last, when every job of its workflow that does not has ended.", Hint: "hammerwork workflow status " + e.j.Workflow.String()})
	case c.Unresolved > 0:
		r := Reason{Code: WaitsForParents, Parents: waiting, Text: fmt.Sprintf("It waits for %s; %s.", count(c.Unresolved, "parent"), needs(e.s.Join, c))}
		if len(waiting) > 0 {
			r.Text = fmt.Sprintf("It waits for %s; %s.", e.names(waiting, c.Unresolved-len(waiting)), needs(e.s.Join, c))
			r.Hint = explainJob(waiting[0])
		}
		e.add(r)
	}
	switch {
	case e.s.Unchecked:
		e.add(Reason{Code: WaitsForCheck, Text: "A parent of another workflow, or its condition, is about to be looked at; that takes a moment."})
	case e.j.Condition != "" && e.j.Evaluation == nil:
		e.add(Reason{Code: Condition, Text: "Then its condition says whether it runs: " + e.j.Condition})
	}
}

// needs says what a join asks for.
func needs(j job.Join, c workflow.Counts) string {
	switch j.Rule {
	case job.JoinAny:
		return "one that ends as asked is enough"
	case job.JoinQuorum:
		return fmt.Sprintf("%d that end as asked are enough, %d so far", j.Quorum, c.Active)
	case job.JoinMerge:
		return "one must end as asked, and none may fail"
	case job.JoinDone:
		return "it runs however they end"
	}
	return "all must end as asked"
}

// time says when the job is due.
func (e *explainer) time() {
	at := e.j.ScheduledAt.UTC().Format(time.RFC3339)
	if e.j.Status == job.Retrying {
		e.add(Reason{
			Code: BackOff, Since: e.j.FinishedAt, Until: e.j.ScheduledAt, Hint: "hammerwork job show " + e.j.ID.String() + " shows what failed",
			Text: fmt.Sprintf("An attempt failed; attempt %d of %d can begin at %s.", e.j.Attempts+1, e.j.MaxAttempts, at),
		})
		return
	}
	e.add(Reason{Code: Scheduled, Since: e.j.CreatedAt, Until: e.j.ScheduledAt, Text: fmt.Sprintf("It is scheduled for %s.", at)})
}

// workflow says why its workflow lets it not start.
func (e *explainer) workflow() {
	id := e.j.Workflow.String()
	switch s := e.s; {
	case s.WorkflowStatus.Terminal():
		e.add(Reason{Code: WorkflowEnded, Text: fmt.Sprintf("Its workflow has ended: %s.", s.WorkflowStatus), Hint: "hammerwork workflow retry " + id})
	case s.WorkflowStatus == workflow.Pending:
		e.add(Reason{Code: WorkflowPending, Text: "Its workflow begins when the job that is made of it may run.", Hint: "hammerwork workflow show " + id})
	case s.WorkflowStatus == workflow.Cancelling:
		e.add(Reason{Code: WorkflowStopping, Text: "Its workflow is being cancelled.", Hint: "hammerwork workflow status " + id})
	case s.WorkflowFailing:
		e.add(Reason{Code: WorkflowFailing, Text: "Its workflow stops after a failure: only what handles failures starts.", Hint: "hammerwork workflow status " + id})
	}
	if e.s.UserPaused {
		e.add(Reason{Code: WorkflowPaused, Text: "Its workflow is paused.", Hint: "hammerwork workflow resume " + id})
	}
	if n := e.s.Undecided; n > 0 {
		e.add(Reason{Code: WorkflowAwaits, Text: fmt.Sprintf("Its workflow waits for a decision about %s.", count(n, "failure")), Hint: e.undecided()})
	}
}

// undecided is the command that decides about a parent whose failure keeps the
// job waiting, or that shows what waits for a decision.
func (e *explainer) undecided() string {
	for _, p := range e.parentsIn(workflow.EdgeUnresolved) {
		if p.Workflow == e.j.Workflow && p.Status.Failure() {
			return e.decide(word(p.Name))
		}
	}
	return "hammerwork workflow status " + e.j.Workflow.String()
}

// decide is the command that decides about a failure.
func (e *explainer) decide(name string) string {
	return fmt.Sprintf("hammerwork workflow decide %s --job %s --action skip (or retry, complete, accept, cancel)", e.j.Workflow, name)
}

// line says where a job stands that can be claimed.
func (e *explainer) line() {
	switch {
	case !e.s.Queued:
		e.add(Reason{Code: NotQueued, Text: "It is due, and will be put in line in a moment.", Since: e.j.ScheduledAt})
	case e.s.Ahead > 0:
		ahead := count(e.s.Ahead, "job")
		if e.s.Ahead >= maxAhead {
			ahead = "at least " + ahead
		}
		e.add(Reason{Code: Behind, Text: fmt.Sprintf("It can be claimed, after %s of its queue %s.", ahead, e.queue()), Since: e.j.ScheduledAt, Hint: "hammerwork job list --queue " + word(e.j.Queue) + " --status pending"})
	case !e.s.Weights.Strict():
		e.add(Reason{Code: NextOfPriority, Text: fmt.Sprintf("It is the next of its priority %s, whose turn %d of %d claims from its queue %s are.", e.j.Priority, e.s.Weights[e.j.Priority], e.s.Weights.Total(), e.j.Queue), Since: e.j.ScheduledAt})
	default:
		e.add(Reason{Code: Next, Text: fmt.Sprintf("It is the next of its queue %s: the first free worker that serves it gets the job.", e.j.Queue), Since: e.j.ScheduledAt})
	}
}

// queue names the part of the queue whose jobs come one after the other.
func (e *explainer) queue() string {
	if e.s.Weights.Strict() {
		return e.j.Queue
	}
	return fmt.Sprintf("%s and its priority %s", e.j.Queue, e.j.Priority)
}

// maxAhead is up to where Standing.Ahead is counted.
const maxAhead = 1000

// parentsIn returns the listed parents whose edges are in one of these states.
func (e *explainer) parentsIn(states ...workflow.EdgeState) (list []store.ParentStanding) {
	for _, p := range e.s.Parents {
		for _, s := range states {
			if p.State == s && !(p.Optional && s != workflow.EdgeUnresolved) {
				list = append(list, p)
			}
		}
	}
	return list
}

// names names some parents and how they stand; more of them are not listed.
func (e *explainer) names(list []store.ParentStanding, more int) string {
	const shown = 5
	var words []string
	for _, p := range list[:min(shown, len(list))] {
		name := p.Name
		switch {
		case name == "" || p.Workflow == (job.ID{}):
			name = p.Job.String()
		case p.Workflow != e.j.Workflow:
			name += " of workflow " + p.Workflow.String()
		}
		how := string(p.Status)
		if how == "" {
			how = "deleted"
		}
		if p.On == job.OnFailure {
			how += ", waits for its failure"
		}
		if p.Optional {
			how += ", optional"
		}
		if e.cameBefore(p) {
			how += ", spawned before it by " + p.Spawner.Name
		}
		words = append(words, fmt.Sprintf("%s (%s)", name, how))
	}
	if more += max(0, len(list)-shown); more > 0 {
		words = append(words, count(more, "more parent"))
	}
	return strings.Join(words, ", ")
}

// cameBefore reports whether a parent was spawned to come before the job, which
// was there: not with it, nor by who spawned it.
func (e *explainer) cameBefore(p store.ParentStanding) bool {
	return p.Spawner.Name != "" && p.Workflow == e.j.Workflow && p.Spawner.ID != e.s.Spawner.ID && p.Job != e.s.Spawner.ID
}

func explainJob(p store.ParentStanding) string { return "hammerwork job explain " + p.Job.String() }

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// word makes one word of a shell of a text.
func word(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_.-", r)
	}
	if s != "" && s[0] != '-' && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
