package cli

import (
	"context"
	"slices"

	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Bounds of what a table shows within its jobs.
const (
	shownWithin = 20 // jobs of a workflow
	shownItems  = 5  // of a batch or a map: those that failed
)

// nested puts what jobs are made of behind them, with indented names: the jobs
// of workflows, and items of batches and maps that failed.
func nested(ctx context.Context, look lookUp, jobs []wire.Job) ([]wire.Job, error) {
	if len(jobs) > longTable {
		return jobs, nil
	}
	return nestedAt(ctx, look, jobs, "  ")
}

func nestedAt(ctx context.Context, look lookUp, jobs []wire.Job, indent string) (list []wire.Job, err error) {
	for _, j := range jobs {
		list = append(list, j)
		if j.Parts == nil || j.Parts.WorkflowID == "" || j.Parts.Status == string(workflow.Pending) { // they never began
			continue
		}
		inner, err := partsIn(ctx, look, *j.Parts)
		if err != nil {
			return nil, err
		}
		if inner, err = nestedAt(ctx, look, inner, indent); err != nil {
			return nil, err
		}
		for _, i := range inner {
			i.Name = indent + i.Name
			list = append(list, i)
		}
	}
	return list, nil
}

// partsIn reads what is shown of the parts of a job, in their order.
func partsIn(ctx context.Context, look lookUp, p wire.Parts) (list []wire.Job, err error) {
	if p.Kind == string(workflow.PartsWorkflow) {
		list, err = look(ctx, p.WorkflowID, "", shownWithin)
		slices.Reverse(list) // the newest come first
		return list, err
	}
	if p.Stats.Failed == 0 {
		return nil, nil
	}
	for _, status := range []job.Status{job.Dead, job.Failed, job.TimedOut} {
		some, err := look(ctx, p.WorkflowID, status, shownItems-len(list))
		if err != nil {
			return nil, err
		}
		slices.Reverse(some)
		if list = append(list, some...); len(list) >= shownItems {
			break
		}
	}
	return list, nil
}
