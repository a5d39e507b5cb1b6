package workflow

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/hammerwork/hammerwork/pkg/job"
)

// partOf makes a part of one running workflow. parents[i] are the parents of
// node i.
func partOf(policy FailurePolicy, parents [][]int) *Part {
	p := &Part{Workflows: []Header{{ID: job.NewID(), Status: Running, Policy: policy, Tally: Tally{Total: len(parents)}}}}
	for i, of := range parents {
		n := Node{ID: job.NewID(), Status: job.Pending, Deps: job.NoDependencies}
		if len(of) > 0 {
			n.Deps, n.Counts.Unresolved = job.Waiting, len(of)
		}
		p.Nodes = append(p.Nodes, n)
		for _, parent := range of {
			p.Edges = append(p.Edges, Edge{Parent: parent, Child: i, On: job.OnSuccess, State: EdgeUnresolved})
		}
	}
	return p
}

func chain(n int) [][]int {
	parents := make([][]int, n)
	for i := 1; i < n; i++ {
		parents[i] = []int{i - 1}
	}
	return parents
}

// hourglass is one job, width jobs after it, and one after them.
func hourglass(width int) [][]int {
	parents := make([][]int, width+2)
	for i := 1; i <= width; i++ {
		parents[i] = []int{0}
		parents[width+1] = append(parents[width+1], i)
	}
	return parents
}

func TestAConditionSeesWhatItsBatchGaveBackBefore(t *testing.T) {
	for _, status := range []job.Status{job.Pending, job.Retrying} {
		p := partOf(ContinueOnFailure, [][]int{{}, {}, {0, 1}})
		p.Nodes[0].Held, p.Nodes[1].Held = true, true
		p.Nodes[2].Join.Rule = job.JoinAny
		p.Nodes[2].Condition = fmt.Sprintf("counts.%s == 1 && deps.a.attempts == 1", status)
		running := func(name string, node int) ParentInput {
			return ParentInput{Name: name, Node: node, Status: job.Running}
		}
		p.Inputs = map[int]*Inputs{2: {Parents: []ParentInput{running("a", 0), running("b", 1)}}}
		act(t, p, func(r *Resolution) {
			r.Requeue(0, status, 1)
			r.End(Ending{Node: 1, Status: job.Completed, Attempts: 1})
		})
		if n, e := p.Nodes[2], p.Inputs[2].Evidence; n.Status != job.Pending || n.Deps != job.Satisfied || e.Error != "" {
			t.Errorf("after a was given back as %s: %s, %s, evidence %+v", status, n.Status, n.Deps, e)
		}
	}
}

func TestAFailureRunsDownAVeryLongChain(t *testing.T) {
	p := partOf(ContinueOnFailure, chain(100_000))
	c := act(t, p, endings([]Ending{{Node: 0, Status: job.Failed, Reason: job.ReasonPermanent}}))
	if len(c.Ended) != 100_000 || p.Workflows[0].Status != Failed || p.Workflows[0].Tally.UpstreamFailed != 99_999 {
		t.Fatalf("%d ended, workflow %+v", len(c.Ended), p.Workflows[0])
	}
	for i, n := range p.Nodes[1:] {
		if n.Cause != p.Nodes[0].ID {
			t.Fatalf("the cause of node %d is not the first failure", i+1)
		}
	}
	checkChanges(t, p, c)
}

func TestAWideFanOpensAndClosesInOneStepEach(t *testing.T) {
	const width = 50_000
	p := partOf(FailFast, hourglass(width))
	c := act(t, p, endings([]Ending{{Node: 0, Status: job.Completed}}))
	if len(c.Runnable) != width || len(c.Ended) != 1 {
		t.Fatalf("%d may run, %d ended", len(c.Runnable), len(c.Ended))
	}
	checkChanges(t, p, c)
	list := make([]Ending, width)
	for i := range list {
		list[i] = Ending{Node: i + 1, Status: job.Completed}
	}
	c = act(t, p, endings(list))
	if !slices.Equal(c.Runnable, []int{width + 1}) || p.Nodes[width+1].Counts.Active != width {
		t.Fatalf("%v may run, counts %+v", c.Runnable, p.Nodes[width+1].Counts)
	}
	checkChanges(t, p, c)
	c = act(t, p, endings([]Ending{{Node: width + 1, Status: job.Completed}}))
	checkChanges(t, p, c)
	if p.Workflows[0].Status != Completed {
		t.Fatalf("the workflow is %s", p.Workflows[0].Status)
	}
}

func TestManyWorkflowsThatFailInOneBatchCostNoMoreThanTheirJobs(t *testing.T) {
	const workflows, jobs = 2000, 50
	p := &Part{}
	var list []Ending
	for w := range workflows {
		p.Workflows = append(p.Workflows, Header{Status: Running, Policy: FailFast, Tally: Tally{Total: jobs}})
		list = append(list, Ending{Node: len(p.Nodes), Status: job.Failed})
		for range jobs {
			p.Nodes = append(p.Nodes, Node{ID: job.NewID(), Workflow: w, Status: job.Pending, Deps: job.NoDependencies})
		}
	}
	c := act(t, p, endings(list))
	if len(c.Ended) != workflows*jobs {
		t.Errorf("%d ended", len(c.Ended))
	}
	checkChanges(t, p, c)
}

func TestTheEndOfAWorkflowDoesNotDependOnTheOrderOfItsOutcomes(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		parents := randomGraph(random, 2+random.IntN(12))
		outcome := make([]job.Status, len(parents))
		for i := range outcome {
			outcome[i] = []job.Status{job.Completed, job.Completed, job.Completed, job.Failed, job.Skipped}[random.IntN(5)]
		}
		var first []job.Status
		for range 8 {
			p := partOf(ContinueOnFailure, parents)
			finish(t, p, outcome, random)
			statuses := make([]job.Status, len(p.Nodes))
			for i, n := range p.Nodes {
				statuses[i] = n.Status
			}
			if first == nil {
				first = statuses
			}
			if !slices.Equal(statuses, first) {
				t.Fatalf("graph %v with outcomes %v ended as %v and as %v", parents, outcome, first, statuses)
			}
		}
	}
}

func randomGraph(random *rand.Rand, jobs int) [][]int {
	parents := make([][]int, jobs)
	for i := range parents {
		for j := range i {
			if random.IntN(3) == 0 {
				parents[i] = append(parents[i], j)
			}
		}
	}
	return parents
}

// finish ends runnable jobs with their outcomes, in random batches, until the
// workflow has ended.
func finish(t *testing.T, p *Part, outcome []job.Status, random *rand.Rand) {
	t.Helper()
	for rounds := 0; !p.Workflows[0].Status.Terminal(); rounds++ {
		if rounds > len(p.Nodes) {
			t.Fatalf("stuck: %+v", p.Nodes)
		}
		var list []Ending
		for i, n := range p.Nodes {
			if !n.Status.Terminal() && n.Deps != job.Waiting && (len(list) == 0 || random.IntN(2) == 0) {
				list = append(list, Ending{Node: i, Status: outcome[i]})
			}
		}
		random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		checkChanges(t, p, act(t, p, endings(list)))
	}
}

func TestAWorkflowAlwaysEndsUnderEveryPolicy(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, policy := range []FailurePolicy{FailFast, ContinueOnFailure} {
		for range 500 {
			p := partOf(policy, randomGraph(random, 1+random.IntN(15)))
			for rounds := 0; !p.Workflows[0].Status.Terminal(); rounds++ {
				if rounds > 10*len(p.Nodes)+20 {
					t.Fatalf("stuck under %s: %+v", policy, p)
				}
				step(t, p, random)
			}
		}
	}
}

// step holds, ends or cancels something at random.
func step(t *testing.T, p *Part, random *rand.Rand) {
	t.Helper()
	h := p.Workflows[0]
	switch dice := random.IntN(30); {
	case dice == 0:
		checkChanges(t, p, act(t, p, func(r *Resolution) { r.Cancel(0, job.ReasonUser) }))
	case dice == 1 && h.Status == Cancelling:
		checkChanges(t, p, act(t, p, func(r *Resolution) { r.CancelHeld(0, true) }))
	default:
		var list []Ending
		for i := range p.Nodes {
			n := &p.Nodes[i]
			stopped := h.Failing || h.Status == Cancelling
			switch {
			case n.Held && random.IntN(2) == 0:
				status := []job.Status{job.Completed, job.Completed, job.Failed, job.Cancelled}[random.IntN(4)]
				list = append(list, Ending{Node: i, Status: status})
			case !n.Held && !n.Status.Terminal() && n.Deps != job.Waiting && !stopped:
				n.Held, n.Status = true, job.Running
			}
		}
		checkChanges(t, p, act(t, p, endings(list)))
	}
}

func TestRevisitSettlesEdgesOfParentsThatEndedBefore(t *testing.T) {
	p := partOf(ContinueOnFailure, [][]int{{}, {0}, {1}})
	p.Nodes[0].Status, p.Workflows[0].Tally.Failed = job.Failed, 1
	c := act(t, p, (*Resolution).Revisit)
	if !slices.Equal(c.Ended, []int{1, 2}) || p.Workflows[0].Status != Failed {
		t.Fatalf("ended %v, workflow %s", c.Ended, p.Workflows[0].Status)
	}
	checkChanges(t, p, c)
	if again := act(t, p, (*Resolution).Revisit); len(again.Ended)+len(again.Edges)+len(again.Counted) != 0 {
		t.Errorf("a second visit changed %+v", again)
	}
}

func TestATallyHasACounterForEveryTerminalStatus(t *testing.T) {
	var tally Tally
	for i, s := range job.TerminalStatuses {
		*tally.Of(s)++
		if tally.Ended() != i+1 {
			t.Errorf("%s is not counted as an end", s)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a status that is no end has a counter")
		}
	}()
	tally.Of(job.Running)
}

func ExampleResolution() {
	p := &Part{
		Workflows: []Header{{Status: Running, Policy: ContinueOnFailure, Tally: Tally{Total: 2}}},
		Nodes: []Node{
			{ID: job.NewID(), Status: job.Running, Deps: job.NoDependencies, Held: true},
			{ID: job.NewID(), Status: job.Pending, Deps: job.Waiting, Counts: Counts{Unresolved: 1}},
		},
		Edges: []Edge{{Parent: 0, Child: 1, On: job.OnSuccess, State: EdgeUnresolved}},
	}
	p.Complete()
	r := Begin(p)
	r.End(Ending{Node: 0, Status: job.Completed})
	changes, _ := r.Finish()
	fmt.Println("ended", changes.Ended, "runnable", changes.Runnable)
	// Output: ended [0] runnable [1]
}

func TestAnEdgeFromAJobThatIsGoneAsksForItsEndAloneOrIsBroken(t *testing.T) {
	for on, want := range map[job.On]struct {
		state  EdgeState
		status job.Status
		reason job.Reason
	}{
		job.OnDone:    {EdgeActive, job.Pending, ""},
		job.OnSuccess: {EdgeBroken, job.UpstreamFailed, job.ReasonParentDeleted},
		job.OnFailure: {EdgeBroken, job.UpstreamFailed, job.ReasonParentDeleted},
	} {
		p := partOf(ContinueOnFailure, chain(3))
		gone := Node{ID: p.Nodes[0].ID, Workflow: -1, Gone: true}
		p.Nodes[0], p.Edges[0].On = gone, on
		act(t, p, (*Resolution).Revisit)
		child := p.Nodes[1]
		if p.Edges[0].State != want.state || child.Status != want.status || child.Reason != want.reason {
			t.Errorf("%s: the edge is %s, the child %s %s, want %+v", on, p.Edges[0].State, child.Status, child.Reason, want)
		}
		if want.reason == "" {
			continue
		}
		if last := p.Nodes[2]; child.Cause != gone.ID || last.Reason != job.ReasonUpstream || last.Cause != gone.ID {
			t.Errorf("%s: the cause is %s, and behind it %s %s; want %s", on, child.Cause, last.Reason, last.Cause, gone.ID)
		}
	}
}
