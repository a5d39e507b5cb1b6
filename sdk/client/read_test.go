package client_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/sdk/client"
)

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		c := open(t, url)
		id := job.NewID()
		for name, ask := range map[string]func() error{
			"workflow":       func() error { _, err := c.Workflow(t.Context(), id); return err },
			"stats":          func() error { _, err := c.WorkflowStats(t.Context(), id); return err },
			"job":            func() error { _, err := c.Job(t.Context(), id); return err },
			"wait":           func() error { _, err := c.WaitWorkflow(t.Context(), id); return err },
			"wait for a job": func() error { _, err := c.WaitJob(t.Context(), id); return err },
			"cancel":         func() error { return c.CancelWorkflow(t.Context(), id) },
			"pause":          func() error { return c.PauseWorkflow(t.Context(), id) },
			"resume":         func() error { return c.ResumeWorkflow(t.Context(), id) },
			"retry":          func() error { _, err := c.RetryWorkflow(t.Context(), id, client.Retry{}); return err },
			"retry from":     func() error { _, err := c.PlanRetry(t.Context(), id, client.Retry{From: "a"}); return err },
			"decide": func() error {
				return c.Decide(t.Context(), id, client.Decision{Job: "a", Action: workflow.ActionSkip})
			},
			"cancel of a job": func() error { return c.CancelJob(t.Context(), id) },
		} {
			if err := ask(); !errors.Is(err, job.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if list, err := c.WorkflowJobs(t.Context(), id); err != nil || len(list) != 0 {
			t.Errorf("jobs: %v, %v", list, err)
		}
	})
}

func TestListsGoThroughAllThatWasAskedForNewestFirst(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		c := open(t, url)
		const number = 250 // more than two pages
		jobs := make([]*job.Job, number)
		var want []string
		for i := range jobs {
			jobs[i] = job.New([]string{"even", "odd"}[i%2], nil).WithName(fmt.Sprint("j", i))
			want = append(want, jobs[i].Name)
		}
		if _, err := c.EnqueueMany(t.Context(), jobs); err != nil {
			t.Fatal(err)
		}
		slices.Reverse(want)
		if got := names(t, c, client.JobFilter{}); !slices.Equal(got, want) {
			t.Errorf("all: %v", got)
		}
		equal(t, "of a queue", len(names(t, c, client.JobFilter{Queue: "odd"})), number/2)
		equal(t, "completed", len(names(t, c, client.JobFilter{Status: job.Completed})), 0)
		high := job.High
		equal(t, "of a priority", len(names(t, c, client.JobFilter{Priority: &high})), 0)
		equal(t, "without parents", len(names(t, c, client.JobFilter{DependencyStatus: job.NoDependencies})), number)
		equal(t, "of the future", len(names(t, c, client.JobFilter{Since: time.Now().Add(time.Hour)})), 0)
		var seen []string
		var last job.ID
		for len(seen) < number { // in parts of 7
			part := 0
			for j, err := range c.Jobs(t.Context(), client.JobFilter{After: last}) {
				if err != nil {
					t.Fatal(err)
				}
				seen, last = append(seen, j.Name), j.ID
				if part++; part == 7 {
					break
				}
			}
			if part == 0 {
				break
			}
		}
		if !slices.Equal(seen, want) {
			t.Errorf("in parts: %v", seen)
		}
	})
}

func TestWorkflowsAreListedWithTheirStats(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		c := open(t, url)
		for _, name := range []string{"a", "b", "a"} {
			w := workflow.NewWorkflow(name).AddParallel(one("x"), one("y"))
			if _, err := c.EnqueueWorkflow(t.Context(), w); err != nil {
				t.Fatal(err)
			}
		}
		list := func(f client.WorkflowFilter) string {
			var names []string
			for w, err := range c.Workflows(t.Context(), f) {
				if err != nil {
					t.Fatal(err)
				}
				equal(t, "pending of "+w.Name, w.Stats.Pending, 2)
				names = append(names, w.Name)
			}
			return strings.Join(names, " ")
		}
		equal(t, "all", list(client.WorkflowFilter{}), "a b a")
		equal(t, "by name", list(client.WorkflowFilter{Name: "b"}), "b")
		equal(t, "running", list(client.WorkflowFilter{Status: workflow.Running}), "a b a")
		equal(t, "completed", list(client.WorkflowFilter{Status: workflow.Completed}), "")
		equal(t, "of the future", list(client.WorkflowFilter{Since: time.Now().Add(time.Hour)}), "")
	})
}

func TestAListEndsWithTheErrorItMeets(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		c := open(t, url)
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		got := 0
		for _, err := range c.Jobs(t.Context(), client.JobFilter{}) {
			got++
			if err == nil {
				t.Error("a job of a closed database")
			}
		}
		equal(t, "yields", got, 1)
	})
}
