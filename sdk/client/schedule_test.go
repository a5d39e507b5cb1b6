package client_test

import (
	"errors"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/workflowfile"
	"github.com/hammerwork/hammerwork/sdk/client"
)

func TestSchedulesAreKeptOnEveryDatabase(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		c := open(t, url)
		ctx := t.Context()
		build := func(cron string) *workflow.Workflow {
			return workflow.NewWorkflow("w").Add(job.New("q", map[string]int{"n": 1}).WithName("a").WithCron(cron))
		}
		s, err := c.CreateSchedule(ctx, "s", build("0 2 * * *"))
		if err != nil || s.Schedule.Cron != "0 2 * * *" || s.NextAt.IsZero() {
			t.Fatalf("created %+v, %v", s, err)
		}
		if _, err := c.CreateSchedule(ctx, "s", build("@daily")); !errors.Is(err, client.ErrNameTaken) {
			t.Errorf("the name again: %v", err)
		}
		if s, err = c.UpdateSchedule(ctx, "s", build("0 3 * * *")); err != nil || s.Schedule.Cron != "0 3 * * *" {
			t.Errorf("updated %+v, %v", s, err)
		}
		if s, err = c.DisableSchedule(ctx, "s"); err != nil || s.Enabled || !s.NextAt.IsZero() {
			t.Errorf("disabled %+v, %v", s, err)
		}
		if s, err = c.EnableSchedule(ctx, "s"); err != nil || !s.Enabled || s.NextAt.IsZero() {
			t.Errorf("enabled %+v, %v", s, err)
		}
		names := ""
		for s, err := range c.Schedules(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			names += s.Name
		}
		if names != "s" {
			t.Errorf("listed %q", names)
		}
		if got, err := c.Schedule(ctx, "s"); err != nil || got.ID != s.ID || len(got.Definition) == 0 {
			t.Errorf("got %+v, %v", got, err)
		}
		list, err := c.Backfill(ctx, "s", time.Now().Add(-48*time.Hour), time.Now().Add(-time.Second))
		if err != nil || len(list) != 2 || list[0].State != client.TickDue {
			t.Errorf("backfilled %+v, %v", list, err)
		}
		if ticks, err := c.Ticks(ctx, "s", time.Time{}, 10); err != nil || len(ticks) != 2 || !ticks[0].At.Equal(list[1].At) {
			t.Errorf("ticks %+v, %v", ticks, err)
		}
		if err := c.DeleteSchedule(ctx, "s"); err != nil {
			t.Error(err)
		}
		if _, err := c.Schedule(ctx, "s"); !errors.Is(err, job.ErrNotFound) {
			t.Errorf("deleted: %v", err)
		}
	})
}

func TestAScheduleIsNoWorkflowAndAWorkflowNoSchedule(t *testing.T) {
	c := open(t, databases["sqlite"](t))
	ctx := t.Context()
	once := workflow.NewWorkflow("w").Add(job.New("q", nil).WithName("a"))
	if _, err := c.CreateSchedule(ctx, "s", once); !errors.Is(err, workflow.ErrNoSchedule) {
		t.Errorf("a workflow: %v", err)
	}
	outside := workflow.NewWorkflow("w").Add(job.New("q", nil).WithName("a").DependsOnIDs(job.NewID())).WithSchedule(workflow.Schedule{Cron: "@daily"})
	if _, err := c.CreateSchedule(ctx, "s", outside); !errors.Is(err, workflowfile.ErrNotInFiles) {
		t.Errorf("a job that waits for another outside: %v", err)
	}
	if _, err := c.EnqueueWorkflow(ctx, once.WithSchedule(workflow.Schedule{Cron: "@daily"})); !errors.Is(err, client.ErrSchedule) {
		t.Errorf("a schedule: %v", err)
	}
}
