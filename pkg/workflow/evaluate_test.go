package workflow

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow/condition"
)

func TestANodeSaysWhatItsEvaluationReads(t *testing.T) {
	half := condition.MaxRead/2 + 1
	for _, c := range []struct {
		condition, with string
		want            []int
		own             bool
	}{
		{`deps.a.status == "dead" && counts.dead > 0`, "now", nil, false},
		{"deps.b.result.n > 0", "deps.c.result.n + deps.b.result.n", []int{1, 2}, false},
		{"deps.a.result.n > payload.n", "1", []int{0}, true},
		{"true", "metadata", nil, true},
		{"deps.d.result == deps.e.result", "deps.d.result.n", []int{3}, false}, // the two are too large together
		{"deps.d.result == deps.f.result", "1", []int{3, 5}, false},            // unless f has a newer one
		{"deps.d.result ==", "deps.unknown.result", nil, false},
	} {
		n := Node{Condition: c.condition, With: map[string]string{"x": c.with}}
		in := Inputs{}
		for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
			p := ParentInput{Name: name, Node: -1, Size: 1}
			switch name {
			case "f":
				p.Node = 7
				fallthrough
			case "d", "e":
				p.Size = half
			}
			in.Parents = append(in.Parents, p)
		}
		if got := n.Reads(&in); !slices.Equal(got.Results, c.want) || got.Own != c.own {
			t.Errorf("%s, %s reads %+v", c.condition, c.with, got)
		}
	}
}

func TestTheDigestOfAnEvaluationIsOfWhatItReads(t *testing.T) {
	digest := func(source, a, b string) string {
		p := partOf(ContinueOnFailure, [][]int{{}, {}, {0, 1}})
		p.Nodes[2].Condition = source
		p.Inputs = map[int]*Inputs{2: {Parents: []ParentInput{{Name: "a", Node: -1, Result: []byte(a)}, {Name: "b", Node: -1, Result: []byte(b)}}}}
		act(t, p, func(r *Resolution) {
			r.End(Ending{Node: 0, Status: "completed"})
			r.End(Ending{Node: 1, Status: "completed"})
		})
		return fmt.Sprint(p.Inputs[2].Evidence.Digest)
	}
	base := digest("deps.a.result == 1", "1", "1")
	if got := digest("deps.a.result == 1", "1", "2"); got != base {
		t.Error("a result that is not read changes the digest")
	}
	if got := digest("deps.a.result == 1", "2", "1"); got == base {
		t.Error("a result that is read does not change the digest")
	}
}

func TestManyEvaluationsReadAResultOnce(t *testing.T) {
	const children, items = 100, 10_000
	parents := [][]int{{}}
	for range children {
		parents = append(parents, []int{0})
	}
	p := partOf(ContinueOnFailure, parents)
	p.Inputs = map[int]*Inputs{}
	for i := 1; i <= children; i++ {
		p.Nodes[i].Condition = "deps.a.result[1] == 'x'"
		p.Nodes[i].With = map[string]string{"x": "deps.a.result[0]"}
		p.Inputs[i] = &Inputs{Parents: []ParentInput{{Name: "a", Node: 0}}}
	}
	result := []byte(`["x"` + strings.Repeat(`, "x"`, items-1) + "]")
	allocations := testing.AllocsPerRun(1, func() {
		live := p.Clone()
		changes := act(t, &live, func(r *Resolution) { r.End(Ending{Node: 0, Status: job.Completed, Result: result}) })
		if len(changes.Runnable) != children {
			t.Errorf("%d of %d may run", len(changes.Runnable), children)
		}
	})
	if allocations > children*items/2 { // each item is one
		t.Errorf("%d evaluations made %v allocations", children, allocations)
	}
}

func TestInputsAreTogetherAsLargeAsAPayload(t *testing.T) {
	half := []byte(`"` + strings.Repeat("x", job.MaxPayload/2-2) + `"`)
	for n, want := range map[int]job.Status{2: job.Pending, 3: job.Failed} {
		p := partOf(ContinueOnFailure, [][]int{{}, {0}})
		p.Nodes[1].With = map[string]string{}
		for i := range n {
			p.Nodes[1].With[fmt.Sprintf("i%d", i)] = "deps.a.result"
		}
		p.Inputs = map[int]*Inputs{1: {Parents: []ParentInput{{Name: "a", Node: 0}}}}
		act(t, p, func(r *Resolution) { r.End(Ending{Node: 0, Status: job.Completed, Result: half}) })
		if got := p.Nodes[1]; got.Status != want || want == job.Failed && got.Reason != job.ReasonInputError {
			t.Errorf("with %d halves the job is %s %s, %s", n, got.Status, got.Reason, p.Inputs[1].Evidence.Error)
		}
	}
}
