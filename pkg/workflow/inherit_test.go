package workflow_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

func TestAJobThatInheritsLiftsAllThatItWaitsFor(t *testing.T) {
	first := job.New("q", nil).WithPriority(job.Low)
	second := job.New("q", nil).WithPriority(job.Background).DependsOnJobs(first)
	urgent := job.New("q", nil).WithPriority(job.Critical).DependsOnJobs(second).WithInherit()
	other := job.New("q", nil).WithPriority(job.Critical).DependsOnJobs(first)
	above := job.New("q", nil).WithPriority(job.High)
	calm := job.New("q", nil).WithPriority(job.Low).DependsOnJobs(above).WithInherit()
	outside := job.New("q", nil).DependsOnIDs(job.NewID()).WithInherit()
	base := job.High
	got := workflow.Urgencies([]*job.Job{urgent, calm, first, other, second, above, outside}, &base)
	want := []workflow.Urgency{
		{job.Critical, job.Critical, job.Critical},
		{job.Low, job.Low, job.Low},
		{job.Low, job.Critical, job.Critical},
		{job.Critical, job.Critical, job.Background},
		{job.Background, job.Critical, job.Critical},
		{job.High, job.High, job.Low},
		{job.High, job.High, job.High},
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("job %d: got %v, want %v", i, got[i], want[i])
		}
	}
}

func TestUrgenciesAreTheHighestPriorityOfWhatInheritsBelow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		jobs := make([]*job.Job, rapid.IntRange(1, 12).Draw(t, "jobs"))
		for i := range jobs {
			jobs[i] = job.New("q", nil).WithName(fmt.Sprint(i)).WithPriority(job.Priority(rapid.IntRange(0, 4).Draw(t, "priority")))
			jobs[i].Inherit = rapid.Bool().Draw(t, "inherit")
			for _, p := range jobs[:i] {
				if rapid.IntRange(0, 3).Draw(t, "edge") == 0 {
					jobs[i].DependsOnJobs(p)
				}
			}
		}
		order := rapid.Permutation(jobs).Draw(t, "order")
		got := workflow.Urgencies(order, nil)
		for i, j := range order {
			want := *j.Priority
			for _, other := range jobs {
				if other.Inherit && reaches(jobs, j, other) {
					want = max(want, *other.Priority)
				}
			}
			if got[i].Priority != want || got[i].Own != *j.Priority {
				t.Fatalf("job %s has %v; want %s", j.Name, got[i], want)
			}
		}
	})
}

// reaches reports whether to waits for from, directly or not.
func reaches(jobs []*job.Job, from, to *job.Job) bool {
	for _, d := range to.DependsOn {
		for _, j := range jobs {
			if j.ID == d.Parent && (j == from || reaches(jobs, from, j)) {
				return true
			}
		}
	}
	return false
}

func TestUrgenciesOfALongChainAndACycleComeToAnEnd(t *testing.T) {
	jobs := make([]*job.Job, 100_000)
	for i := range jobs {
		jobs[i] = job.New("q", nil)
		if i > 0 {
			jobs[i].DependsOnJobs(jobs[i-1])
		}
	}
	jobs[len(jobs)-1].WithPriority(job.High).WithInherit()
	if got := workflow.Urgencies(jobs, nil)[0].Priority; got != job.High {
		t.Errorf("the first of a long chain has priority %s", got)
	}
	jobs[0].DependsOnJobs(jobs[len(jobs)-1])
	if got := workflow.Urgencies(jobs, nil)[0].Priority; got != job.Normal {
		t.Errorf("a job of a cycle has priority %s", got)
	}
}
