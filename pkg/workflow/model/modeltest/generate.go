package modeltest

import (
	"fmt"

	"pgregory.net/rapid"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/model"
)

// group is a workflow, or jobs without one, to be enqueued.
type group struct {
	spec *model.WorkflowSpec
	jobs []model.JobSpec
}

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

// drawGroups makes up to three groups; jobs may depend on jobs of earlier ones.
func drawGroups(t *rapid.T) []group {
	var groups []group
	var before []int // jobs of earlier groups that others may depend on
	jobs := 0
	for range between(t, 1, 2, "groups") {
		g := group{}
		if !chance(t, 8, "loose") {
			g.spec = &model.WorkflowSpec{Policy: pick(t, "policy", workflow.ContinueOnFailure, workflow.FailFast, workflow.Manual)}
			g.spec.CancelRunning = g.spec.Policy == workflow.FailFast && chance(t, 3, "cancel running")
		}
		var within []int
		for k := range between(t, 1, 8, "jobs") {
			s := drawJob(t, within, before, g.spec != nil, k > 0)
			if !s.Finally {
				within = append(within, jobs)
			}
			g.jobs = append(g.jobs, s)
			jobs++
		}
		before = append(before, within...)
		groups = append(groups, g)
	}
	return groups
}

// drawJob makes a job of a workflow, or of none.
func drawJob(t *rapid.T, within, before []int, workflow, mayBeFinally bool) model.JobSpec {
	s := model.JobSpec{Attempts: between(t, 1, 2, "attempts"), AllowFailure: chance(t, 8, "allow failure")}
	if workflow && mayBeFinally && chance(t, 7, "finally") {
		s.Finally = true
	} else {
		s.Parents = append(drawParents(t, within, 2), drawParents(t, before, 6)...)
	}
	named, handles := 0, false
	for _, p := range s.Parents {
		for _, i := range within {
			if p.Job == i && workflow { // without one, conditions know parents by ids
				named++
				handles = handles || p.On != job.OnSuccess
			}
		}
	}
	if n := len(s.Parents); n > 0 {
		s.Join.Rule = pick(t, "join", job.JoinAll, job.JoinAll, job.JoinMerge, job.JoinAny, job.JoinDone, job.JoinQuorum)
		if s.Join.Rule == job.JoinQuorum {
			s.Join.Quorum = between(t, 1, n, "quorum")
		}
		s.Catch = handles && chance(t, 3, "catch")
		s.Barrier = !s.Catch && chance(t, 12, "barrier")
	}
	if !s.Barrier && chance(t, 5, "condition") {
		s.Condition = drawCondition(t, s.Parents[:named])
		s.Unmet = pick(t, "unmet", "", job.UnmetSkip, job.UnmetPass, job.UnmetFail)
	}
	return s
}

func drawParents(t *rapid.T, from []int, one int) []model.Parent {
	var list []model.Parent
	for _, i := range from {
		if chance(t, one, "depends") {
			list = append(list, model.Parent{
				Job: i, On: pick(t, "on", job.OnSuccess, job.OnSuccess, job.OnSuccess, job.OnFailure, job.OnDone), Optional: chance(t, 6, "optional"),
			})
		}
	}
	return list
}

// drawCondition speaks of parents of the job's own workflow by name.
func drawCondition(t *rapid.T, named []model.Parent) string {
	conditions := []string{"true", "false", "counts.completed > 0", "counts.failed + counts.dead == 0", "counts.pending == 0", "payload.field == 1"}
	for _, p := range named {
		name := model.JobName(p.Job)
		conditions = append(conditions,
			fmt.Sprintf("deps.%s.status == 'completed'", name), fmt.Sprintf("deps.%s.result.ok", name), fmt.Sprintf("deps.%s.attempts < 2", name))
	}
	return pick(t, "condition", conditions...)
}
