package workflow

import (
	"fmt"
	"testing"

	"github.com/hammerwork/hammerwork/pkg/job"
)

func stageOf(n int, prefix string) []*job.Job {
	list := make([]*job.Job, n)
	for i := range list {
		list[i] = job.New("q", nil).WithName(fmt.Sprint(prefix, i))
	}
	return list
}

func TestLargeStagesHaveABarrierBetweenThem(t *testing.T) {
	a, b := stageOf(101, "a"), stageOf(100, "b")
	b[3].DependsOnJobs(a[7]) // its own
	w := NewWorkflow("w").AddParallel(a...).Then(b[:50]...).AddParallel(b[50:]...)
	last := job.New("q", nil).WithName("last")
	w.Then(last)
	if err := w.Validate(); err != nil {
		t.Fatal(err)
	}
	if len(w.Jobs) != 203 {
		t.Fatalf("%d jobs", len(w.Jobs))
	}
	gate := w.Jobs[101]
	if !gate.Barrier || gate.Name != "barrier" || len(gate.DependsOn) != 101 {
		t.Fatalf("between the stages is %+v", gate)
	}
	for i, j := range b {
		want := 1
		if i == 3 {
			want = 2
		}
		if len(j.DependsOn) != want || j.DependsOn[len(j.DependsOn)-1].Parent != gate.ID {
			t.Errorf("%s depends on %v", j.Name, j.DependsOn)
		}
	}
	if len(last.DependsOn) != 100 {
		t.Errorf("the last job depends on %d jobs", len(last.DependsOn))
	}
}

func TestSmallStagesHaveNoBarrierBetweenThem(t *testing.T) {
	a, b := stageOf(100, "a"), stageOf(100, "b")
	w := NewWorkflow("w").AddParallel(a...).Then(b...)
	if len(w.Jobs) != 200 || len(b[99].DependsOn) != 100 {
		t.Errorf("%d jobs, the last with %d parents", len(w.Jobs), len(b[99].DependsOn))
	}
}

func TestAJobWithAnotherJoinWaitsForEachJobOfALargeStage(t *testing.T) {
	a, b := stageOf(101, "a"), stageOf(101, "b")
	b[0].Join.Rule, b[100].Join.Rule = job.JoinAny, job.JoinDone
	NewWorkflow("w").AddParallel(a...).Then(b...)
	for _, j := range []*job.Job{b[0], b[100]} {
		if len(j.DependsOn) != 101 {
			t.Errorf("%s depends on %d jobs", j.Name, len(j.DependsOn))
		}
	}
}

func TestAJobWithAConditionWaitsForEachJobOfALargeStage(t *testing.T) {
	for _, j := range []*job.Job{named("z").WithCondition("true"), named("z").WithInput("n", "1")} {
		w := NewWorkflow("w").AddParallel(stageOf(200, "a")...).Then(stageOf(200, "b")...).Add(j)
		if err := w.Validate(); err != nil {
			t.Fatal(err)
		}
		if len(j.DependsOn) != 200 {
			t.Errorf("it waits for %d jobs", len(j.DependsOn))
		}
	}
}

func TestABarrierStandsBeforeItsStageThoughHandlersWereAddedSince(t *testing.T) {
	w := NewWorkflow("w").AddParallel(stageOf(200, "a")...).Then(stageOf(20, "b")...).AddHandlers(named("h").AsFinally()).AddParallel(stageOf(100, "c")...)
	if err := w.Validate(); err != nil {
		t.Fatal(err)
	}
	if !w.Jobs[200].Barrier || w.Jobs[221].Name != "h" {
		t.Errorf("job 200 is %s, job 221 is %s", w.Jobs[200].Name, w.Jobs[221].Name)
	}
}

func TestABarrierWithoutParentsIsRefused(t *testing.T) {
	gate := job.New("q", nil)
	gate.Barrier = true
	w := NewWorkflow("w").Add(gate)
	if err := w.Validate(); err == nil {
		t.Error("it is accepted, and would never complete")
	}
	if err := ValidateJobs([]*job.Job{gate}); err == nil {
		t.Error("it is accepted alone, and would never complete")
	}
}

func TestABarrierCompletesWhereOthersBecomeRunnable(t *testing.T) {
	p := &Part{
		Workflows: []Header{{Status: Running, Tally: Tally{Total: 3}}},
		Nodes: []Node{
			{ID: job.NewID(), Status: job.Pending, Deps: job.NoDependencies},
			{ID: job.NewID(), Status: job.Pending, Deps: job.Waiting, Barrier: true, Counts: Counts{Unresolved: 1}},
			{ID: job.NewID(), Status: job.Pending, Deps: job.Waiting, Counts: Counts{Unresolved: 1}},
		},
		Edges: []Edge{{Parent: 0, Child: 1, State: EdgeUnresolved}, {Parent: 1, Child: 2, State: EdgeUnresolved}},
	}
	c := act(t, p, endings([]Ending{{Node: 0, Status: job.Completed}}))
	if p.Nodes[1].Status != job.Completed || len(c.Ended) != 2 || len(c.Runnable) != 1 || c.Runnable[0] != 2 {
		t.Errorf("%+v, %+v", c, p.Nodes)
	}
}
