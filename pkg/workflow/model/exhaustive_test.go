package model_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/model"
	"github.com/hammerwork/hammerwork/pkg/workflow/model/modeltest"
)

// parent is how one parent ends, and what the edge from it asks for.
type parent struct {
	status   job.Status
	on       job.On
	optional bool
}

var (
	ons   = []job.On{job.OnSuccess, job.OnFailure, job.OnDone}
	ends  = []job.Status{job.Completed, job.Failed, job.Cancelled, job.Skipped}
	joins = []job.Join{
		{},
		{Rule: job.JoinMerge},
		{Rule: job.JoinAny},
		{Rule: job.JoinDone},
		{Rule: job.JoinQuorum, Quorum: 1},
		{Rule: job.JoinQuorum, Quorum: 2},
		{Rule: job.JoinQuorum, Quorum: 3},
		{Rule: job.JoinQuorum, Quorum: 4},
		{Rule: job.JoinQuorum, Quorum: 5},
	}
)

// every returns all that a parent may be, with or without optional edges.
func every(optional bool) []parent {
	var list []parent
	for _, on := range ons {
		for _, status := range ends {
			list = append(list, parent{status, on, false})
			if optional {
				list = append(list, parent{status, on, true})
			}
		}
	}
	return list
}

func TestWhatBecomesOfAJobIsTheSameInWhateverOrderItsParentsEnd(t *testing.T) {
	t.Parallel()
	checked := 0
	upTo := map[int][]parent{1: every(true), 2: every(true), 3: every(false)}
	if *exhaustive {
		upTo[3] = every(true)
		upTo[4], upTo[5] = every(true), every(false)
	}
	for n, kinds := range upTo {
		first := map[[5]int][]job.Status{}
		sequence := make([]int, n)
		for {
			var key [5]int
			copy(key[:], slices.Sorted(slices.Values(sequence)))
			got := becomes(sequence, kinds)
			if want, known := first[key]; !known {
				first[key] = got
			} else if !slices.Equal(got, want) {
				t.Fatalf("parents %v of %v: %v, in another order %v", sequence, kinds, got, want)
			}
			checked += len(joins)
			at := 0
			for at < n && sequence[at] == len(kinds)-1 {
				sequence[at] = 0
				at++
			}
			if at == n {
				break
			}
			sequence[at]++
		}
	}
	t.Logf("%d orderings of up to %d parents, each with one join", checked, len(upTo))
}

// becomes lets parents end in the order of a sequence and returns what becomes
// of a child with each join; pending stands for one that may run.
func becomes(sequence []int, kinds []parent) []job.Status {
	var p workflow.Part
	for range sequence {
		p.Nodes = append(p.Nodes, workflow.Node{Workflow: -1, Status: job.Pending, Deps: job.NoDependencies})
	}
	for _, j := range joins {
		child := len(p.Nodes)
		p.Nodes = append(p.Nodes, workflow.Node{Workflow: -1, Status: job.Pending, Deps: job.Waiting, Join: j, Counts: workflow.Counts{Unresolved: len(sequence)}})
		for i, k := range sequence {
			p.Edges = append(p.Edges, workflow.Edge{Parent: i, Child: child, On: kinds[k].on, Optional: kinds[k].optional, State: workflow.EdgeUnresolved})
		}
	}
	p.Complete()
	r := workflow.Begin(&p)
	for i, k := range sequence {
		r.End(workflow.Ending{Node: i, Status: kinds[k].status})
	}
	r.Finish()
	var list []job.Status
	for _, n := range p.Nodes[len(sequence):] {
		if n.Deps == job.Waiting {
			return nil // undecided although all parents have ended
		}
		list = append(list, n.Status)
	}
	return list
}

// graph is a workflow of jobs, each with what its edges from the jobs before it
// ask for; empty: there is none.
type graph struct {
	on    [4][4]job.On
	joins [4]job.JoinRule
	jobs  int
}

// graphs returns every graph of n jobs whose edges ask for one of on, and whose
// jobs with parents have one of rules; of those that differ in no more than the
// numbers of their jobs only the first.
func graphs(n int, on []job.On, rules []job.JoinRule) []graph {
	list := []graph{{jobs: n}}
	for child := range n {
		for before := range child {
			var more []graph
			for _, g := range list {
				for _, o := range append([]job.On{""}, on...) {
					g.on[child][before] = o
					more = append(more, g)
				}
			}
			list = more
		}
		var more []graph
		for _, g := range list {
			for _, rule := range rules {
				g.joins[child] = rule
				more = append(more, g)
				if g.on[child] == [4]job.On{} {
					break // without parents no join asks
				}
			}
		}
		list = more
	}
	seen := map[graph]bool{}
	return slices.DeleteFunc(list, func(g graph) bool {
		for _, order := range permutations(n) {
			if seen[g.renumbered(order)] {
				return true
			}
		}
		seen[g] = true
		return false
	})
}

// renumbered gives job i the number order[i]. Where an edge would then lead
// back, it is a graph that is never made.
func (g graph) renumbered(order []int) graph {
	other := graph{jobs: g.jobs}
	for child, i := range order {
		other.joins[i] = g.joins[child]
		for before, k := range order {
			other.on[i][k] = g.on[child][before]
		}
	}
	return other
}

func permutations(n int) [][]int {
	if n == 0 {
		return [][]int{{}}
	}
	var all [][]int
	for _, shorter := range permutations(n - 1) {
		for at := range n {
			all = append(all, slices.Insert(slices.Clone(shorter), at, n-1))
		}
	}
	return all
}

func TestEverySmallWorkflowEndsAsTheModelSays(t *testing.T) {
	t.Parallel()
	rules := []job.JoinRule{job.JoinAll, job.JoinMerge, job.JoinAny, job.JoinDone}
	every := slices.Concat(graphs(1, ons, rules), graphs(2, ons, rules), graphs(3, ons, rules[:1]))
	if *exhaustive {
		every = slices.Concat(graphs(1, ons, rules), graphs(2, ons, rules), graphs(3, ons, rules), graphs(4, ons[:2], rules[:1]))
	}
	played := 0
	for _, g := range every {
		played += playAll(t, g, -1)
	}
	t.Logf("%d graphs, %d plays", len(every), played)
}

func TestEverySmallWorkflowWithAGateEndsAsTheModelSays(t *testing.T) {
	t.Parallel()
	rules := []job.JoinRule{job.JoinAll, job.JoinAny, job.JoinMerge, job.JoinDone}
	every := slices.Concat(graphs(1, ons, rules), graphs(2, ons, rules), graphs(3, ons[:2], rules[:1]))
	if *exhaustive {
		every = slices.Concat(graphs(1, ons, rules), graphs(2, ons, rules), graphs(3, ons, rules), graphs(4, ons[:2], rules[:1]))
	}
	played := 0
	for _, g := range every {
		for gate := range g.jobs {
			played += playAll(t, g, gate)
		}
	}
	t.Logf("%d graphs, %d plays", len(every), played)
}

// playAll plays a graph with all outcomes of its jobs under all policies. gate is
// the job that is one; -1: none.
func playAll(t *testing.T, g graph, gate int) (played int) {
	t.Helper()
	outcomes := 1
	for range g.jobs {
		outcomes *= 3
	}
	for _, policy := range []workflow.FailurePolicy{workflow.FailFast, workflow.ContinueOnFailure, workflow.Manual} {
		for plan := range outcomes {
			for _, last := range []bool{false, true} {
				s := small{t: t, engine: &decider{lazy: true}, plan: plan, last: last, gate: gate}
				s.play(g, policy)
				played++
			}
		}
	}
	return played
}

// small is one play of a small workflow: job i ends as the i-th digit of plan,
// to the base of three, says: completed, failed or cancelled. Of jobs that may
// run, the first ends first, or with last set the last. A failure that waits for
// a decision is accepted, or with last set skipped. Job gate is an approval, which
// is approved or rejected instead.
type small struct {
	t      *testing.T
	model  model.World
	engine modeltest.Engine
	plan   int
	last   bool
	gate   int
	told   []any
}

func (s *small) do(what any, f func(e modeltest.Engine) error) model.State {
	s.told = append(s.told, what)
	if want, got := f(&s.model), f(s.engine); !errors.Is(got, want) {
		s.t.Fatalf("%v: the model says %v, the decider %v", s.told, want, got)
	}
	want, got := s.model.Snapshot(), s.engine.Snapshot()
	for i := range got.Jobs {
		got.Jobs[i].Spared = got.Jobs[i].Spared || want.Jobs[i].Spared
	}
	if !reflect.DeepEqual(want, got) {
		s.t.Fatalf("%v\nmodel -, decider +\n%s", s.told, cmp.Diff(want, got))
	}
	return want
}

func (s *small) play(g graph, policy workflow.FailurePolicy) {
	w := &workflow.Workflow{ID: job.NewID(), FailurePolicy: policy}
	for i := range g.jobs {
		j := &job.Job{ID: job.NewID(), Retry: &job.RetryPolicy{MaxAttempts: 1}, Join: job.Join{Rule: g.joins[i]}}
		for k, on := range g.on[i] {
			if on != "" {
				j.DependsOn = append(j.DependsOn, job.Dependency{Parent: w.Jobs[k].ID, On: on})
			}
		}
		if i == s.gate {
			j.Gate = &job.Gate{Type: job.GateApproval}
		}
		w.Jobs = append(w.Jobs, j)
	}
	state := s.do(g, func(e modeltest.Engine) error { return e.Enqueue(w) })
	for !state.Workflows[0].Status.Terminal() {
		next := -1
		for i, j := range state.Jobs {
			if (j.Runnable || j.Status == job.Suspended || j.Decision == workflow.Undecided) && (next < 0 || s.last) {
				next = i
			}
		}
		if next < 0 {
			s.t.Fatalf("%v: nothing may run, and the workflow is %s", s.told, state.Workflows[0].Status)
		}
		state = s.advance(state, next)
	}
}

// advance ends a job, or decides about its failure.
func (s *small) advance(state model.State, i int) model.State {
	outcome := s.plan
	for range i {
		outcome /= 3
	}
	switch {
	case state.Jobs[i].Decision == workflow.Undecided:
		action := workflow.ActionAccept
		if s.last {
			action = workflow.ActionSkip
		}
		return s.do(action, func(e modeltest.Engine) error { return e.Decide(i, action, nil) })
	case outcome%3 == 2:
		return s.do([]any{"cancel", i}, func(e modeltest.Engine) error { return e.EndAlone(i, job.Cancelled, job.ReasonUser) })
	}
	if i == s.gate {
		return s.do([]any{"answer", i}, func(e modeltest.Engine) error { return e.(modeltest.Workless).Answer(i, outcome%3 == 0, nil) })
	}
	o := model.Outcome{Job: i, Outcome: job.Outcome{Kind: job.KindCompleted}}
	if outcome%3 == 1 {
		o.Outcome = job.Outcome{Kind: job.KindFailed, Permanent: true}
	}
	s.do([]any{"claim", i}, func(e modeltest.Engine) error { return e.Claim(i) })
	return s.do(o, func(e modeltest.Engine) error { return e.End([]model.Outcome{o}) })
}
