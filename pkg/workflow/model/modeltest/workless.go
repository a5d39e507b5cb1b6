package modeltest

import (
	"encoding/json"
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/model"
)

// drawWorkless makes of some jobs gates, or jobs that are made of others, which
// may depend on jobs of earlier workflows.
func drawWorkless(t *rapid.T, j *job.Job, before []*job.Job, depth int) {
	if j.Barrier {
		return
	}
	switch below(t, 12, "workless") {
	case 8, 9:
		j.Gate = drawGate(t)
	case 10:
		p := &workflow.Parts{Kind: workflow.PartsBatch, Workflow: &workflow.Workflow{ID: job.NewID(), Name: j.Name}}
		p.Mode = pick(t, "mode", workflow.ContinueOnError, workflow.CollectErrors, workflow.BatchFailFast)
		p.Workflow.FailurePolicy = workflow.ContinueOnFailure
		if p.Mode == workflow.BatchFailFast {
			p.Workflow.FailurePolicy, p.Workflow.Running = workflow.FailFast, workflow.CancelRunning
		}
		for i := range between(t, 1, 3, "items") {
			item := job.New(j.Queue, nil).WithName(workflow.ItemName(j.Name, i))
			item.Retry = j.Retry
			p.Workflow.Jobs = append(p.Workflow.Jobs, item)
		}
		j.Parts = p
	case 11:
		if depth < 3 && chance(t, 2, "workflow") {
			j.Parts = drawSubWorkflow(t, j, before, depth)
			return
		}
		j.Parts = &workflow.Parts{
			Kind: workflow.PartsMap, Over: pick(t, "over", "[1, 2, 3]", "['a']", "[1, 2]", "[]", "payload.list", "counts.pending"),
			MaxParallel: between(t, 0, 2, "max_parallel"), Tolerate: between(t, -1, 1, "tolerate"),
		}
	}
}

func drawGate(t *rapid.T) *job.Gate {
	g := &job.Gate{Type: pick(t, "gate", job.GateApproval, job.GateSignal, job.GateTimer)}
	if g.Type == job.GateTimer {
		g.Wait = time.Hour
		return g
	}
	if chance(t, 2, "expires") {
		g.ExpiresAfter = time.Hour
		if chance(t, 2, "default") {
			if g.ApproveOnExpiry = g.Type == job.GateApproval; !g.ApproveOnExpiry {
				g.DefaultPayload = Result
			}
		}
	}
	return g
}

// drawSubWorkflow makes a workflow that is a job.
func drawSubWorkflow(t *rapid.T, j *job.Job, before []*job.Job, depth int) *workflow.Parts {
	w := &workflow.Workflow{ID: job.NewID(), Name: j.Name, Metadata: json.RawMessage("{}")}
	w.FailurePolicy = pick(t, "policy", workflow.ContinueOnFailure, workflow.FailFast, workflow.Manual)
	if w.FailurePolicy == workflow.FailFast && chance(t, 3, "cancel running") {
		w.Running = workflow.CancelRunning
	}
	var within []*job.Job
	for k := range between(t, 1, 3, "jobs") {
		inner := drawJob(t, fmt.Sprintf("%s_%d", j.Name, k), within, before, false, k > 0, true)
		drawWorkless(t, inner, before, depth+1)
		if !inner.Finally {
			within = append(within, inner)
		}
		w.Jobs = append(w.Jobs, inner)
	}
	return &workflow.Parts{Kind: workflow.PartsWorkflow, Workflow: w}
}

// answer answers a gate.
func (p *play) answer(i int) {
	approve := !chance(p.t, 3, "reject")
	p.do(fmt.Sprintf("answer %d %t", i, approve), func(e Engine) error {
		return e.(Workless).Answer(i, approve, Result)
	})
}

func (p *play) elapse(i int) {
	p.do(fmt.Sprintf("elapse %d", i), func(e Engine) error { return e.(Workless).Elapse(i) })
}

// opened returns the gates that are open: what is suspended and not made of
// others.
func (p *play) opened() []int {
	made := map[int]bool{}
	for _, w := range p.state.Workflows {
		made[w.Parent-1] = true
	}
	var list []int
	for _, i := range p.some(func(j model.JobState) bool { return j.Status == job.Suspended }) {
		if !made[i] {
			list = append(list, i)
		}
	}
	return list
}

// under reports whether a workflow is run as a job of one that is paused.
func (p *play) under(w model.WorkflowState) bool {
	if w.Parent == 0 {
		return false
	}
	f := p.state.Jobs[w.Parent-1].Workflow
	return f >= 0 && p.state.Workflows[f].Status == workflow.Paused
}

// pending reports whether a workflow waits for the job that it is run as.
func pending(w model.WorkflowState) bool { return w.Parent > 0 && w.Status == workflow.Pending }
