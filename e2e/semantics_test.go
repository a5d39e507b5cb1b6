package e2e

import (
	"fmt"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// rows are some rows of units, side by side. unit adds one of a number of jobs
// behind a job, and returns the job behind which the next one comes.
func (g *generator) rows(jobs, size int, unit func(top *planned) *planned) {
	tops := []*planned{g.add(), g.add(), g.add(), g.add()}
	for i := 0; len(g.Jobs)+size <= jobs; i++ {
		k := i % len(tops)
		tops[k] = unit(tops[k])
	}
	for len(g.Jobs) < jobs {
		g.add(tops...)
	}
}

// branches are rows of forks, each of which goes one of two ways: a condition
// says which, what comes after the other one is skipped, and the next fork comes
// after a merge.
func (g *generator) branches(jobs int) {
	g.rows(jobs, 5, func(top *planned) *planned {
		yes, no := g.add(top), g.add(top)
		result := fmt.Sprintf("deps[%q].result.n", top.Name)
		yes.Condition = fmt.Sprintf("%s == %d", result, top.number)
		no.Condition = fmt.Sprintf("%s < 0 && counts.completed == 1", result)
		merge, after := g.add(yes, no), g.add(no)
		merge.Join, merge.With = "merge", map[string]string{"from": fmt.Sprintf("deps[%q].result", yes.Name)}
		no.ends, after.ends = []job.Status{job.Skipped}, []job.Status{job.Skipped}
		return g.add(merge)
	})
}

// rescue is full of failures that are caught, and of what runs, or does not,
// because of that; two jobs run at the end, whatever happened.
func (g *generator) rescue(jobs int) {
	g.FailurePolicy = string(workflow.ContinueOnFailure)
	for len(g.Jobs)+8 <= jobs {
		bad, good := g.add(), g.add()
		g.spoil(bad, false)
		rescue, needs, calm := g.add(bad), g.add(bad), g.add(good)
		rescue.DependsOn[0].On, rescue.Catch = job.OnFailure, true
		needs.ends = []job.Status{job.UpstreamFailed}
		calm.DependsOn[0].On, calm.ends = job.OnFailure, []job.Status{job.Skipped}
		after := g.add(rescue, bad, calm)
		after.DependsOn[1].On, after.DependsOn[2].Optional = job.OnDone, true
	}
	for len(g.Jobs) < jobs-2 {
		g.add()
	}
	for len(g.Jobs) < jobs {
		g.add().Finally = true
	}
}

// races are jobs that run as soon as some of their parents have completed; one
// of those fails, which nobody minds.
func (g *generator) races(jobs int) {
	g.rows(jobs, 8, func(top *planned) *planned {
		fast, slow, bad := g.add(top), g.add(top), g.add(top)
		slow.Payload.SleepMS += 500
		g.spoil(bad, false)
		first, two, all := g.add(fast, slow, bad), g.add(fast, slow, bad), g.add(fast, slow)
		first.Join, two.Join = "any", map[string]int{"quorum": 2}
		allowed := g.add(all)
		allowed.AllowFailure = true
		g.spoil(allowed, false)
		return g.add(first, two, allowed)
	})
}

// manual waits for people at each of its failures.
func (g *generator) manual(jobs int) {
	g.layers(jobs)
	g.FailurePolicy = string(workflow.Manual)
	for i, action := range []workflow.Action{workflow.ActionRetry, workflow.ActionSkip, workflow.ActionComplete, workflow.ActionSkip, workflow.ActionRetry} {
		j := g.Jobs[(2*i+1)*len(g.Jobs)/12]
		g.spoil(j, false)
		if j.decision = action; action == workflow.ActionRetry {
			j.mended, j.ends = true, nil
		}
	}
	g.steer = (*driver).decideAll
}

// paused is paused while it runs.
func (g *generator) paused(jobs int) {
	g.layers(jobs)
	g.steer = (*driver).pauseAndResume
}

// retried fails and is then run again, with a payload that lets it complete.
func (g *generator) retried(jobs int) {
	g.layers(jobs)
	bad := g.Jobs[len(g.Jobs)/4]
	g.spoil(bad, false)
	bad.mended, bad.ends = true, nil
	g.steer = (*driver).retryFailed
}
