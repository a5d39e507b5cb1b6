package workflow

import (
	"fmt"
	"testing"

	"github.com/hammerwork/hammerwork/pkg/job"
)

func TestAFailureIsToleratedWhenNothingNeedsTheJob(t *testing.T) {
	optional := func(name string) job.Dependency { return job.Dependency{Name: name, Optional: true} }
	for what, tt := range map[string]struct {
		want bool // of job a
		w    *Workflow
	}{
		"alone":                               {false, NewWorkflow("w").Add(named("a"))},
		"allowed to fail":                     {true, NewWorkflow("w").Add(named("a").WithAllowFailure())},
		"needed, and allowed to fail":         {true, NewWorkflow("w").Add(named("a").WithAllowFailure()).Then(named("b"))},
		"needed":                              {false, NewWorkflow("w").Add(named("a")).Then(named("b"))},
		"optional":                            {true, NewWorkflow("w").AddParallel(named("a"), named("b").DependsOnEdges(optional("a")))},
		"optional twice":                      {true, NewWorkflow("w").AddParallel(named("a"), named("b").DependsOnEdges(optional("a")), named("c").DependsOnEdges(optional("a")))},
		"optional once":                       {false, NewWorkflow("w").AddParallel(named("a"), named("b").DependsOnEdges(optional("a")), named("c").DependsOnNames("a"))},
		"one of any":                          {true, NewWorkflow("w").AddParallel(named("a"), named("b"), named("c").DependsOnNames("a", "b").WithJoin("one_success"))},
		"one of a quorum":                     {true, NewWorkflow("w").AddParallel(named("a"), named("b"), named("c").DependsOnNames("a", "b").WithQuorum(2))},
		"one of a merge":                      {false, NewWorkflow("w").AddParallel(named("a"), named("b"), named("c").DependsOnNames("a", "b").WithJoin(job.JoinMerge))},
		"one of done":                         {false, NewWorkflow("w").AddParallel(named("a"), named("b"), named("c").DependsOnNames("a", "b").WithJoin(job.JoinDone))},
		"handled":                             {false, NewWorkflow("w").AddParallel(named("a"), named("b").DependsOnEdges(job.Dependency{Name: "a", On: job.OnFailure}))},
		"with parents alone, and all of them": {false, NewWorkflow("w").AddParallel(named("b"), named("a").DependsOnEdges(optional("b")))},
	} {
		if err := tt.w.Validate(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		for i, got := range tt.w.Tolerated() {
			if tt.w.Jobs[i].Name == "a" && got != tt.want {
				t.Errorf("%s: tolerated is %v", what, got)
			}
		}
	}
}

func TestWhatIsToleratedOfALargeWorkflowIsKnown(t *testing.T) {
	w := NewWorkflow("wide").Add(named("root"))
	for i := range 99_999 {
		w.Jobs = append(w.Jobs, named(fmt.Sprintf("j%d", i)).DependsOnEdges(job.Dependency{Name: "root", Optional: true}))
	}
	if err := w.Validate(); err != nil {
		t.Fatal(err)
	}
	if got := w.Tolerated(); !got[0] || got[1] || len(got) != 100_000 {
		t.Errorf("root %v, the next %v, %d in all", got[0], got[1], len(got))
	}
}
