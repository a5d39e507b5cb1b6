package workflow

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// stage is one scenario being played.
type stage struct {
	t         *testing.T
	title     string
	p         Part
	jobs      []string
	attempts  []int // allowed, by job
	modes     map[int]BatchMode
	parents   map[int][]int // of each job, in the order of its dependencies
	ready     map[int]bool  // can be claimed
	workflows []string
	current   int // the workflow of the next job; -1: none
}

func newStage(t *testing.T, title string) *stage {
	return &stage{t: t, title: title, current: -1, ready: map[int]bool{}, modes: map[int]BatchMode{}, parents: map[int][]int{}}
}

// act applies what f tells to a part that holds all there is.
func act(t *testing.T, p *Part, f func(r *Resolution)) Changes {
	t.Helper()
	p.Complete()
	r := Begin(p)
	f(r)
	r.Revisit() // what follows in other workflows
	c, missing := r.Finish()
	if !missing.None() {
		t.Fatalf("missing although all is there: %+v", missing)
	}
	return c
}

// endings tells several endings.
func endings(list []Ending) func(r *Resolution) {
	return func(r *Resolution) {
		for _, e := range list {
			r.End(e)
		}
	}
}

func (s *stage) fatal(format string, args ...any) {
	s.t.Helper()
	s.t.Fatalf("scenario %q: %s", s.title, fmt.Sprintf(format, args...))
}

func (s *stage) node(name string) int {
	i := slices.Index(s.jobs, name)
	if i < 0 {
		s.fatal("no job %s", name)
	}
	return i
}

func (s *stage) workflow(name string) int {
	i := slices.Index(s.workflows, name)
	if i < 0 {
		s.fatal("no workflow %s", name)
	}
	return i
}

func (s *stage) do(line string) string {
	words := strings.Fields(line)
	switch words[0] {
	case "workflow":
		s.addWorkflow(words[1:])
		return ""
	case "loose":
		s.current = -1
		return ""
	case "job":
		s.addJob(words[1:])
		return ""
	case "hold":
		for _, name := range words[1:] {
			if i := s.node(name); !s.ready[i] {
				s.fatal("%s cannot be held: it is %s, %s", name, s.p.Nodes[i].Status, s.p.Nodes[i].Deps)
			}
			s.hold(name)
		}
		return ""
	case "show":
		return s.show()
	}
	s.tolerate()
	return s.act(words)
}

// act does what has consequences.
func (s *stage) act(words []string) string {
	r := s.tell
	switch words[0] {
	case "enqueue":
		return r(s.enqueue)
	case "end":
		var list []Ending
		for i := 1; i < len(words); i += 2 {
			s.hold(words[i])
			list = append(list, Ending{Node: s.node(words[i]), Status: job.Status(words[i+1]), Reason: "told", Attempts: 1})
		}
		return r(endings(list))
	case "complete":
		s.hold(words[1])
		return r(endings([]Ending{{Node: s.node(words[1]), Status: job.Completed, Attempts: 1, Result: json.RawMessage(words[2])}}))
	case "attempt":
		return s.attempt(s.node(words[1]), job.Kind(words[2]))
	case "answer", "approve", "reject", "expire":
		return s.answer(words[0], s.node(words[1]), strings.Join(words[2:], " "))
	case "parts":
		i := s.node(words[1])
		status, reason := PartsEnd(s.p.Nodes[i].Parts, s.modes[i], Status(words[2]), len(words) > 3)
		return r(func(r *Resolution) { r.EndParts(Ending{Node: i, Status: status, Reason: reason}) })
	case "alone":
		reason := map[string]job.Reason{"cancelled": job.ReasonUser, "timed_out": job.ReasonDeadline}[words[2]]
		return r(endings([]Ending{{Node: s.node(words[1]), Status: job.Status(words[2]), Reason: reason}}))
	case "cancel":
		if words[1] == "held" {
			w := s.workflow(words[2])
			return r(func(r *Resolution) { r.CancelHeld(w, s.p.Workflows[w].CancelFinally) })
		}
		return r(func(r *Resolution) { r.Cancel(s.workflow(words[1]), job.Reason(words[2])) })
	case "pause":
		return r(func(r *Resolution) { r.Pause(s.workflow(words[1])) })
	case "resume":
		return r(func(r *Resolution) { r.Resume(s.workflow(words[1])) })
	case "decide":
		result := json.RawMessage(strings.Join(words[3:], " "))
		return r(func(r *Resolution) { r.Decide(s.node(words[1]), Action(words[2]), result) })
	case "plan", "retry":
		return s.retry(words[0] == "plan", s.workflow(words[1]), words[2:])
	}
	s.fatal("no command %s", words[0])
	return ""
}

// answer lets a gate end, or keeps a payload for it.
func (s *stage) answer(how string, i int, payload string) string {
	n := &s.p.Nodes[i]
	e := Ending{Node: i, Status: job.Completed}
	switch how {
	case "answer":
		if n.Status == job.Pending {
			n.Answer = json.RawMessage(payload)
			return "kept\n"
		}
		e.Result = json.RawMessage(payload)
	case "reject":
		e.Status, e.Reason = job.Failed, job.ReasonRejected
	case "expire":
		e.Status, e.Reason, e.Result = (&job.Gate{Type: n.Gate}).Expire()
	}
	return s.tell(endings([]Ending{e}))
}

// addWorkflow begins a workflow: NAME POLICY [running cancel] [parallel N]
// [tolerate N].
func (s *stage) addWorkflow(words []string) {
	h := Header{ID: job.NewID(), Status: Running, Policy: FailurePolicy(words[1])}
	for k := 2; k+1 < len(words); k += 2 {
		switch words[k] {
		case "running":
			h.CancelRunning = words[k+1] == "cancel"
		case "parallel":
			h.MaxParallel = s.number(words[k+1])
		case "tolerate":
			h.Tolerate = s.number(words[k+1])
		default:
			s.fatal("workflow %s: %s?", words[0], words[k])
		}
	}
	s.workflows, s.p.Workflows = append(s.workflows, words[0]), append(s.p.Workflows, h)
	s.current = len(s.p.Workflows) - 1
}

func (s *stage) number(word string) int {
	value, err := strconv.Atoi(word)
	if err != nil {
		s.fatal("%v", err)
	}
	return value
}

func (s *stage) enqueue(r *Resolution) {
	for i, n := range s.p.Nodes {
		if n.Deps == job.Waiting && len(s.parents[i]) == 0 && !n.Finally {
			r.Start(i)
		}
	}
	r.Revisit()
}

// attempt ends the attempt of a held job, and the job if that was its last.
func (s *stage) attempt(i int, kind job.Kind) string {
	n := s.p.Nodes[i]
	standing := job.Standing{Attempts: n.Attempts, Retry: job.RetryPolicy{MaxAttempts: s.attempts[i]}}
	if n.Workflow >= 0 {
		h := s.p.Workflows[n.Workflow]
		standing.Draining, standing.Deadline = h.Failing && !n.Spared && !n.Finally, h.Deadline
		standing.Cancelling = h.Status == Cancelling && (!n.Finally || h.CancelFinally)
	}
	next := job.EndAttempt(job.Outcome{Kind: kind}, standing, 0)
	if next.Status.Terminal() {
		return s.tell(endings([]Ending{{Node: i, Status: next.Status, Reason: next.Reason, Attempts: next.Attempts}}))
	}
	told := s.tell(func(r *Resolution) { r.Requeue(i, next.Status, next.Attempts) })
	return fmt.Sprintf("%s is %s, %d attempts counted\n%s", s.jobs[i], next.Status, next.Attempts, told)
}

func (s *stage) retry(plan bool, w int, words []string) string {
	mode, from := RetryFailed, 0
	if len(words) > 0 {
		if mode = RetryMode(words[0]); mode == RetryFrom {
			from = s.node(words[1])
		}
	}
	s.p.Complete()
	list, err := PlanRetry(&s.p, w, mode, from)
	if err != nil {
		return "refused: " + err.Error() + "\n"
	}
	if !plan {
		return s.tell(func(r *Resolution) { r.Retry(w, list) })
	}
	var names []string
	for _, i := range list {
		names = append(names, s.jobs[i])
	}
	return strings.Join(names, " ") + "\n"
}

// hold gives a job to a worker, if it can have it.
func (s *stage) hold(name string) {
	i := s.node(name)
	if n := &s.p.Nodes[i]; !n.Status.Terminal() && n.Deps != job.Waiting {
		n.Held = true
		delete(s.ready, i)
	}
}

func (s *stage) addJob(words []string) {
	n := Node{ID: job.NewID(), Workflow: s.current, Status: job.Pending, Deps: job.NoDependencies}
	child, attempts, reading, first := len(s.p.Nodes), 1, "", len(s.p.Edges)
	handlers := false
	for at, word := range words[1:] {
		switch word {
		case "after":
			first = len(s.p.Edges)
			reading = word
			continue
		case "on", "join", "quorum", "attempts", "with", "unmet", "awaits", "batch", "over":
			reading = word
			continue
		case "optional":
			for k := range s.p.Edges[first:] {
				s.p.Edges[first+k].Optional = true
			}
			continue
		case "finally":
			n.Finally = true
			continue
		case "catch":
			n.Catch = true
			continue
		case "allow_failure":
			n.AllowFailure, n.Tolerated = true, true
			continue
		case "barrier":
			n.Barrier = true
			continue
		case "subworkflow":
			n.Parts = PartsWorkflow
			continue
		case "if":
			n.Condition = strings.Join(words[at+2:], " ")
			reading = "the rest"
		}
		switch reading {
		case "after":
			parent := s.node(word)
			s.parents[child] = append(s.parents[child], parent)
			s.p.Edges = append(s.p.Edges, Edge{Parent: parent, Child: child, On: job.OnSuccess, State: EdgeUnresolved})
			n.Counts.Unresolved++
		case "on":
			handlers = handlers || job.On(word) != job.OnSuccess
			for k := range s.p.Edges[first:] {
				s.p.Edges[first+k].On = job.On(word)
			}
		case "join":
			n.Join.Rule = job.JoinRule(word)
		case "quorum":
			n.Join = job.Join{Rule: job.JoinQuorum, Quorum: s.number(word)}
		case "attempts":
			attempts = s.number(word)
		case "unmet":
			n.Unmet = job.Unmet(word)
		case "with":
			field, expression, _ := strings.Cut(word, "=")
			n.With = map[string]string{field: expression}
		case "awaits":
			n.Gate = job.GateType(word)
		case "batch":
			n.Parts, s.modes[child] = PartsBatch, BatchMode(word)
		case "over":
			n.Parts, n.Over = PartsMap, word
		case "the rest":
		default:
			s.fatal("job %s: %s?", words[0], word)
		}
	}
	turns := s.current >= 0 && s.p.Workflows[s.current].MaxParallel > 0
	if n.Counts.Unresolved > 0 || n.Finally || n.starts() || turns {
		n.Deps = job.Waiting
	} else {
		s.ready[child] = true
	}
	if s.current >= 0 {
		h := &s.p.Workflows[s.current]
		h.Tally.Total++
		h.Handlers, h.Catches = h.Handlers || handlers, h.Catches || n.Catch
		if n.Finally {
			h.Finally++
		}
	}
	s.jobs, s.attempts, s.p.Nodes = append(s.jobs, words[0]), append(s.attempts, attempts), append(s.p.Nodes, n)
}

// tolerate marks the jobs whose edges within their workflow, one at least, are
// all optional or enter a join of any or quorum.
func (s *stage) tolerate() {
	leaving, needed := map[int]int{}, map[int]bool{}
	for _, e := range s.p.Edges {
		c := s.p.Nodes[e.Child]
		if p := s.p.Nodes[e.Parent]; p.Workflow < 0 || p.Workflow != c.Workflow {
			continue
		}
		leaving[e.Parent]++
		needed[e.Parent] = needed[e.Parent] || !e.Optional && c.Join.Rule != job.JoinAny && c.Join.Rule != job.JoinQuorum
	}
	for i := range s.p.Nodes {
		n := &s.p.Nodes[i]
		n.Tolerated = n.AllowFailure || leaving[i] > 0 && !needed[i]
	}
}
