package workflow

import (
	"slices"
	"testing"

	"github.com/hammerwork/hammerwork/pkg/job"
)

func TestAPartHoldsAllThereIsOfAWorkflow(t *testing.T) {
	outside := job.NewID()
	a, b := job.New("q", nil).WithName("a"), job.New("q", nil).WithName("b")
	a.Condition = "true"
	b.DependsOn = []job.Dependency{{Name: "a", On: job.OnDone, Optional: true}, {Parent: outside, On: job.OnSuccess}}
	b.With, b.Catch = map[string]string{"n": "1"}, true
	last, free := job.New("q", nil).WithName("last"), job.New("q", nil).WithName("free")
	last.Finally, free.AllowFailure = true, true
	w := NewWorkflow("w")
	w.Jobs = []*job.Job{a, b, last, free}
	b.DependsOn[0].Parent, w.FailurePolicy, w.Running = a.ID, Manual, CancelRunning

	p := NewPart(w)
	h := p.Workflows[0]
	if h.Status != Running || h.Policy != Manual || !h.CancelRunning || h.Tally != (Tally{Total: 4}) || h.Finally != 1 || !h.Handlers || !h.Catches || h.Known != KnownAll || !h.FinallyKnown {
		t.Errorf("header: %+v", h)
	}
	var deps []job.DependencyStatus
	var tolerated []bool
	for _, n := range p.Nodes {
		deps, tolerated = append(deps, n.Deps), append(tolerated, n.Tolerated)
		if !n.EdgesKnown {
			t.Errorf("edges of %+v are not known", n)
		}
	}
	if !slices.Equal(deps, []job.DependencyStatus{job.Waiting, job.Waiting, job.Waiting, job.NoDependencies, job.NoDependencies}) {
		t.Errorf("dependencies: %v", deps)
	}
	if !slices.Equal(tolerated, []bool{true, false, false, true, false}) {
		t.Errorf("tolerated: %v", tolerated)
	}
	if p.Nodes[4].ID != outside || p.Nodes[4].Workflow != -1 || p.Nodes[1].Counts.Unresolved != 2 {
		t.Errorf("nodes: %+v", p.Nodes)
	}
	want := []Edge{{Parent: 0, Child: 1, On: job.OnDone, Optional: true, State: EdgeUnresolved}, {Parent: 4, Child: 1, On: job.OnSuccess, State: EdgeUnresolved}}
	if !slices.Equal(p.Edges, want) {
		t.Errorf("edges: %+v", p.Edges)
	}
	if in := p.Inputs[1]; len(p.Inputs) != 2 || len(in.Parents) != 2 || in.Parents[0].Name != "a" || in.Parents[1].Name != outside.String() || in.Parents[1].Node != 4 {
		t.Errorf("inputs: %+v", p.Inputs)
	}
}

func TestAFailureIsToleratedWhenAllThatWaitCanDoWithoutIt(t *testing.T) {
	named := func(name string, deps ...job.Dependency) *job.Job {
		return &job.Job{ID: job.NewID(), Name: name, Queue: "q", DependsOn: deps}
	}
	a := named("a")
	for _, c := range []struct {
		what     string
		children []*job.Job
		want     bool
	}{
		{"nothing waits", nil, false},
		{"one needs it", []*job.Job{named("b", job.Dependency{Parent: a.ID})}, false},
		{"optional", []*job.Job{named("b", job.Dependency{Parent: a.ID, Optional: true})}, true},
		{"any", []*job.Job{{ID: job.NewID(), Join: job.Join{Rule: job.JoinAny}, DependsOn: []job.Dependency{{Parent: a.ID}}}}, true},
		{"quorum", []*job.Job{{ID: job.NewID(), Join: job.Join{Rule: job.JoinQuorum, Quorum: 1}, DependsOn: []job.Dependency{{Parent: a.ID}}}}, true},
		{"one of two needs it", []*job.Job{named("b", job.Dependency{Parent: a.ID, Optional: true}), named("c", job.Dependency{Parent: a.ID})}, false},
	} {
		w := &Workflow{Name: "w", Jobs: append([]*job.Job{a}, c.children...)}
		if got := NewPart(w).Nodes[0].Tolerated; got != c.want {
			t.Errorf("%s: tolerated is %t", c.what, got)
		}
	}
}

func TestWhatIsTakenOfAResolutionIsToldOnce(t *testing.T) {
	a, b := job.New("q", nil).WithName("a"), job.New("q", nil).WithName("b").DependsOnNames("a")
	b.DependsOn[0].Parent = a.ID
	w := NewWorkflow("w")
	w.FailurePolicy, w.Jobs = Manual, []*job.Job{a, b}
	r := Begin(NewPart(w))
	fail := Ending{Node: 0, Status: job.Dead, Reason: job.ReasonExhausted}
	r.End(fail)
	if c := r.Take(); !slices.Equal(c.Ended, []int{0}) || len(c.Edges) > 0 || !slices.Equal(c.Workflows, []int{0}) {
		t.Errorf("the failure changed %+v", c)
	}
	r.Decide(0, ActionRetry, nil)
	if c := r.Take(); len(c.Ended) > 0 || !slices.Equal(c.Reset, []int{0}) || !slices.Equal(c.Runnable, []int{0}) {
		t.Errorf("the decision changed %+v", c)
	}
	r.End(fail)
	if c := r.Take(); !slices.Equal(c.Ended, []int{0}) {
		t.Errorf("the second failure changed %+v", c)
	}
	r.Decide(0, ActionSkip, nil)
	if c := r.Take(); !slices.Equal(c.Decided, []int{0}) || !slices.Equal(c.Runnable, []int{1}) || len(c.Edges) != 1 {
		t.Errorf("the second decision changed %+v", c)
	}
	if c := r.Take(); len(c.Ended)+len(c.Edges)+len(c.Counted)+len(c.Runnable)+len(c.Reset)+len(c.Decided)+len(c.Workflows) > 0 {
		t.Errorf("nothing changed %+v", c)
	}
}
