package modeltest

import (
	"encoding/json"
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Result is what every job that completes by itself results in.
var Result = json.RawMessage(`{"ok":true}`)

// below draws a number from 0 to n-1. All are about as likely, unlike with
// rapid's own, which prefers small ones and the ends; failures shrink to 0.
func below(t *rapid.T, n int, what string) int {
	if n == 1 {
		return 0
	}
	number := 0
	for size := 1; size < 8*n; size *= 2 {
		number *= 2
		if rapid.Bool().Draw(t, what) {
			number++
		}
	}
	return number % n
}

// between draws a number from low to high.
func between(t *rapid.T, low, high int, what string) int { return low + below(t, high-low+1, what) }

// chance is true in one of n cases; what rapid shrinks to is false.
func chance(t *rapid.T, n int, what string) bool { return below(t, n, what) == n-1 }

func pick[T any](t *rapid.T, what string, from ...T) T { return from[below(t, len(from), what)] }

// drawWorkflows makes up to two workflows, either of which may be jobs without
// one; jobs may depend on jobs of the earlier one. With workless set some of them
// are gates or made of others.
func drawWorkflows(t *rapid.T, workless bool) []*workflow.Workflow {
	var list []*workflow.Workflow
	var before []*job.Job // jobs of earlier ones that others may depend on
	jobs := 0
	for range between(t, 1, 2, "workflows") {
		w := &workflow.Workflow{Metadata: json.RawMessage("{}")}
		if !chance(t, 8, "loose") {
			w.ID, w.Name = job.NewID(), fmt.Sprintf("w%d", len(list))
			w.FailurePolicy = pick(t, "policy", workflow.ContinueOnFailure, workflow.FailFast, workflow.Manual)
			if w.FailurePolicy == workflow.FailFast && chance(t, 3, "cancel running") {
				w.Running = workflow.CancelRunning
			}
		}
		var within []*job.Job
		for k := range between(t, 1, 8, "jobs") {
			j := drawJob(t, fmt.Sprintf("j%d", jobs), within, before, w.ID == (job.ID{}), k > 0, workless)
			if workless {
				drawWorkless(t, j, before, 1)
			}
			if !j.Finally {
				within = append(within, j)
			}
			w.Jobs = append(w.Jobs, j)
			jobs++
		}
		before = append(before, within...)
		list = append(list, w)
	}
	return list
}

// drawJob makes a job of a workflow, or a loose one, whose condition would know
// its parents by ids.
func drawJob(t *rapid.T, name string, within, before []*job.Job, loose, mayBeFinally, workless bool) *job.Job {
	j := job.New(name, nil).WithName(name)
	j.Retry = &job.RetryPolicy{MaxAttempts: between(t, 1, 2, "attempts")}
	j.AllowFailure = chance(t, 8, "allow failure")
	var inside []job.Dependency
	if !loose && mayBeFinally && chance(t, 7, "finally") {
		j.Finally = true
	} else {
		inside = drawParents(t, within, 2)
		j.DependsOn = append(slices.Clone(inside), drawParents(t, before, 6)...)
	}
	if n := len(j.DependsOn); n > 0 {
		j.Join.Rule = pick(t, "join", job.JoinAll, job.JoinAll, job.JoinMerge, job.JoinAny, job.JoinDone, job.JoinQuorum)
		if j.Join.Rule == job.JoinQuorum {
			j.Join.Quorum = between(t, 1, n, "quorum")
		}
		handles := slices.ContainsFunc(inside, func(d job.Dependency) bool { return d.On != job.OnSuccess })
		j.Catch = handles && chance(t, 3, "catch")
		j.Barrier = !j.Catch && chance(t, 12, "barrier")
	}
	if !j.Barrier && chance(t, 5, "condition") {
		if loose {
			inside = nil
		}
		j.Condition = drawCondition(t, inside, len(j.DependsOn), workless)
		j.Unmet = pick(t, "unmet", "", job.UnmetSkip, job.UnmetPass, job.UnmetFail)
	}
	return j
}

func drawParents(t *rapid.T, from []*job.Job, one int) []job.Dependency {
	var list []job.Dependency
	for _, p := range from {
		if chance(t, one, "depends") {
			list = append(list, job.Dependency{
				Parent: p.ID, Name: p.Name,
				On: pick(t, "on", job.OnSuccess, job.OnSuccess, job.OnSuccess, job.OnFailure, job.OnDone), Optional: chance(t, 6, "optional"),
			})
		}
	}
	return list
}

// drawCondition speaks of parents of the job's own workflow by name, and of the
// only one without.
func drawCondition(t *rapid.T, parents []job.Dependency, all int, workless bool) string {
	conditions := []string{"true", "false", "counts.completed > 0", "counts.failed + counts.dead == 0", "counts.pending == 0"}
	if workless {
		conditions = append(conditions, "counts.suspended == 0")
	}
	conditions = append(conditions, "payload.field == 1")
	if all == 1 {
		conditions = append(conditions, "ok")
	}
	for _, p := range parents {
		conditions = append(conditions,
			fmt.Sprintf("deps.%s.status == 'completed'", p.Name), fmt.Sprintf("deps.%s.result.ok", p.Name), fmt.Sprintf("deps.%s.attempts < 2", p.Name))
	}
	return pick(t, "condition", conditions...)
}
