package workflowfile

import (
	"math"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// maxWithin bounds the jobs of workflows within others: aliases could make them
// many more than the file has.
const maxWithin = 200_000

// gate reads a gate: its type, or an object.
func (d *decoder) gate(n *node, path string) *job.Gate {
	types := []job.GateType{job.GateApproval, job.GateSignal, job.GateTimer}
	g := &job.Gate{}
	if n.kind == text {
		g.Type = word(d, n, path, types...)
		return g
	}
	if n.kind != object {
		d.fault(n.at, path, "write gate: approval, or gate: {type: timer, wait: 10m}", "%s is %s, not a gate", path, n.kind)
		return g
	}
	var otherwise *node
	typed := false
	d.fields(n, path, gateWords, func(name string, v *node, path string) {
		switch name {
		case "type":
			typed = true
			g.Type = word(d, v, path, types...)
		case "wait":
			g.Wait = said(d, path, d.duration(v, path), time.Second)
		case "until":
			g.Until = said(d, path, d.time(v, path), time.Unix(0, 0))
		case "expires_after":
			g.ExpiresAfter = said(d, path, d.duration(v, path), time.Second)
		case "default":
			otherwise = v
		}
	})
	if !typed {
		d.fault(n.at, path+".type", "write gate: approval, or gate: {type: timer, wait: 10m}", "the gate has no type")
	}
	if otherwise != nil {
		d.otherwise(g, otherwise, path+".default")
	}
	return g
}

// said returns a value, or for one that has a fault another, so that nothing is
// reported as though there were none.
func said[T any](d *decoder, path string, value, other T) T {
	if d.bad[path] {
		return other
	}
	return value
}

// otherwise reads what holds when nobody answers a gate.
func (d *decoder) otherwise(g *job.Gate, n *node, path string) {
	switch g.Type {
	case job.GateApproval:
		g.ApproveOnExpiry = word(d, n, path, "approve", "reject") == "approve"
		if !g.ApproveOnExpiry && g.ExpiresAfter == 0 && !d.bad[path] {
			d.fault(n.at, path, "say with expires_after after how long it holds", "the default of a gate never comes without an expiry")
		}
	case job.GateSignal:
		g.DefaultPayload = d.json(n, path, job.MaxResult)
	case job.GateTimer:
		d.fault(n.at, path, "leave it out", "a timer has no default: nobody answers it")
	}
}

// batch reads the items of a batch.
func (d *decoder) batch(n *node, path string) *workflow.Parts {
	p := &workflow.Parts{Kind: workflow.PartsBatch, Workflow: &workflow.Workflow{ID: job.NewID()}}
	d.fields(n, path, batchWords, func(name string, v *node, path string) {
		switch name {
		case "payloads":
			if !d.is(v, path, list) || !d.within(v, path, len(v.items)) {
				return
			}
			for i, item := range v.items {
				p.Workflow.Jobs = append(p.Workflow.Jobs, &job.Job{ID: job.NewID(), Payload: d.json(item, indexed(path, i), job.MaxPayload)})
			}
		case "mode":
			p.Mode = word(d, v, path, workflow.ContinueOnError, workflow.CollectErrors, workflow.BatchFailFast)
		}
	})
	return p
}

// mapped reads what a map is over.
func (d *decoder) mapped(n *node, path string) *workflow.Parts {
	p := &workflow.Parts{Kind: workflow.PartsMap}
	d.fields(n, path, mapWords, func(name string, v *node, path string) {
		switch name {
		case "over":
			p.Over = d.expression(v, path)
		case "max_parallel":
			p.MaxParallel = d.integer(v, path, 0, math.MaxInt32)
		case "tolerate":
			p.Tolerate = d.integer(v, path, -1, math.MaxInt32)
		}
	})
	return p
}

// subWorkflow reads a workflow that is a job.
func (d *decoder) subWorkflow(n *node, path string) *workflow.Parts {
	p := &workflow.Parts{Kind: workflow.PartsWorkflow, Workflow: &workflow.Workflow{ID: job.NewID()}}
	if d.depth == workflow.MaxDepth-1 {
		d.fault(n.at, path, "let one of them be a workflow of its own", "there are more than %d workflows within each other", workflow.MaxDepth)
		return p
	}
	if jobs := n.get("jobs"); jobs != nil && !d.within(jobs, path+".jobs", len(jobs.items)) {
		return p
	}
	d.depth++
	p.Workflow = d.workflow(n, path)
	d.depth--
	return p
}

// within counts jobs that others are made of, and reports whether there are not
// too many.
func (d *decoder) within(n *node, path string, jobs int) bool {
	if d.inner += jobs; d.inner <= d.most {
		return true
	}
	d.bad[path] = true
	d.add(workflow.Fault{
		Code: workflow.CodeTooLarge, Path: path, Line: int(n.at.line), Column: int(n.at.column),
		Message: "the jobs of the workflow are made of too many others", Hint: "split it into several workflows",
	})
	return false
}
