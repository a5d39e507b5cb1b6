package sim

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// workflow makes a random graph with random settings.
func (l *workload) workflow(n int) *workflow.Workflow {
	w := l.w
	return l.named(fmt.Sprintf("w%d", n), 2+w.rng.IntN(11), 0)
}

// named makes a workflow of so many jobs, so deep within others.
func (l *workload) named(name string, size, depth int) *workflow.Workflow {
	w := l.w
	wf := &workflow.Workflow{ID: w.id(), Name: name}
	l.policy(wf)
	if w.rng.Float64() < 0.1 {
		wf.Timeout = w.between(10*time.Second, 3*time.Minute)
	}
	if w.rng.Float64() < 0.2 {
		wf.HealthCheckInterval = w.between(time.Second, 30*time.Second)
	}
	density := w.rng.Float64() * 0.6
	plain := w.rng.Float64() < 0.3 // only success edges, as most workflows have
	big := w.rng.Float64() < 0.05  // parents' results that must be fetched
	var within []*job.Job          // jobs that others may depend on
	for i := range size {
		j := l.job(fmt.Sprintf("%s.%d", wf.Name, i))
		if big {
			l.pads[j.ID] = 200_000
		}
		if j.Finally = i > 0 && !plain && w.rng.Float64() < 0.08; !j.Finally {
			l.connect(j, within, density, plain)
			within = append(within, j)
		}
		if !plain {
			j.AllowFailure = w.rng.Float64() < 0.1
			l.ask(j, within)
			l.workless(j, depth+1)
		}
		wf.Jobs = append(wf.Jobs, j)
	}
	if depth == 0 || !plain {
		l.spawns(wf.Jobs, false)
	}
	return wf
}

// policy chooses what a failure does to the rest.
func (l *workload) policy(wf *workflow.Workflow) {
	w := l.w
	switch x := w.rng.Float64(); {
	case x < 0.3:
		wf.FailurePolicy = workflow.FailFast
		if w.rng.Float64() < 0.3 {
			wf.Running = workflow.CancelRunning
		}
	case x < 0.6:
		wf.FailurePolicy = workflow.ContinueOnFailure
	default:
		wf.FailurePolicy = workflow.Manual
		if w.rng.Float64() < 0.3 {
			wf.DecisionTimeout = w.between(2*time.Second, 30*time.Second)
			wf.DecisionDefault = pick(w, workflow.Action(""), workflow.ActionAccept, workflow.ActionSkip, workflow.ActionCancel)
		}
	}
}

// pick chooses one of a list.
func pick[T any](w *World, from ...T) T { return from[w.rng.IntN(len(from))] }

// connect makes a job depend on some of those before it, and sometimes on one
// of another workflow, or of none.
func (l *workload) connect(j *job.Job, within []*job.Job, density float64, plain bool) {
	w := l.w
	handles := false
	for _, parent := range within {
		if w.rng.Float64() >= density {
			continue
		}
		d := job.Dependency{Parent: parent.ID, Name: parent.Name, On: job.OnSuccess}
		if !plain {
			d.On = pick(w, job.OnSuccess, job.OnSuccess, job.OnSuccess, job.OnFailure, job.OnDone)
			d.Optional = w.rng.Float64() < 0.15
		}
		handles = handles || d.On != job.OnSuccess
		j.DependsOnEdges(d)
	}
	if len(l.stored) > 0 && w.rng.Float64() < 0.1 {
		if parent := pick(w, l.stored...); !parent.Finally {
			j.DependsOnEdges(job.Dependency{Parent: parent.ID, On: pick(w, job.OnSuccess, job.OnSuccess, job.OnDone)})
		}
	}
	n := len(j.DependsOn)
	if n > 0 && !plain {
		j.Join.Rule = pick(w, job.JoinAll, job.JoinAll, job.JoinAll, job.JoinMerge, job.JoinAny, job.JoinDone, job.JoinQuorum)
		if j.Join.Rule == job.JoinQuorum {
			j.Join.Quorum = 1 + w.rng.IntN(n)
		}
		j.Catch = handles && w.rng.Float64() < 0.4
	}
	j.Barrier = n > 0 && j.Delay == 0 && !j.Catch && w.rng.Float64() < 0.1
}

// ask gives a job a condition, or inputs, now and then. They speak of its
// parents within the workflow by name.
func (l *workload) ask(j *job.Job, within []*job.Job) {
	w := l.w
	var named []string
	for _, d := range j.DependsOn {
		if d.Name != "" {
			named = append(named, fmt.Sprintf("deps[%q]", d.Name))
		}
	}
	if j.Barrier {
		return
	}
	if w.rng.Float64() < 0.2 {
		conditions := []string{"true", "false", "counts.completed > 0", "counts.failed + counts.dead == 0", "has(payload.field)"}
		for _, p := range named {
			conditions = append(conditions, p+".status == 'completed'", p+".result.pad == ''", p+".attempts < 2")
		}
		j.Condition = pick(w, conditions...)
		j.Unmet = pick(w, "", job.UnmetSkip, job.UnmetPass, job.UnmetFail)
	}
	if w.rng.Float64() < 0.1 {
		values := []string{"counts.completed", "1 + 1"}
		for _, p := range named {
			values = append(values, p+".status", p+".result", p+".result.lease")
		}
		j.With = map[string]string{"input": pick(w, values...)}
		j.Payload = json.RawMessage(`{"input":0,"other":"<&>"}`)
	}
}
