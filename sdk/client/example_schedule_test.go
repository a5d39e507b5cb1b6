package client_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/sdk/client"
	"github.com/hammerwork/hammerwork/sdk/hammerworktest"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

func ExampleClient_CreateSchedule() {
	ctx := context.Background()
	e, err := hammerworktest.Open(ctx)
	check(err)
	defer e.Close()
	check(e.Work(func(w *worker.Worker) error {
		return worker.HandleAll(w, func(_ context.Context, j *worker.Job) (any, error) { return j.Name, nil })
	}))

	extract := job.New("etl", nil).WithName("extract")
	report := job.New("reports", nil).WithName("report").DependsOnJobs(extract)
	w := workflow.NewWorkflow("pipeline").AddHandlers(extract, report).
		WithSchedule(workflow.Schedule{Cron: "0 2 * * *", Timezone: "Europe/Berlin", Overlap: workflow.OverlapQueue})
	s, err := e.Client.CreateSchedule(ctx, "nightly", w)
	check(err)
	fmt.Println(s.Name, "ticks at", s.NextAt.In(berlin()).Format(time.TimeOnly))

	tick, err := e.Client.TriggerSchedule(ctx, "nightly") // now, too
	check(err)
	got, err := waitCreated(ctx, e.Client, tick.WorkflowID)
	check(err)
	fmt.Println(got.Name, got.Status, "for", got.Schedule)

	from := time.Date(2025, 3, 29, 0, 0, 0, 0, berlin())
	plan, err := e.Client.PlanBackfill(ctx, "nightly", from, from.AddDate(0, 0, 2))
	check(err)
	for _, t := range plan {
		fmt.Println("would make", t.At.In(berlin()).Format(time.DateTime))
	}
	_, err = e.Client.Backfill(ctx, "nightly", from, from.AddDate(0, 0, 2)) // makes these
	check(err)
	// Output:
	// nightly ticks at 02:00:00
	// pipeline completed for nightly
	// would make 2025-03-29 02:00:00
	// would make 2025-03-30 03:00:00
}

func berlin() *time.Location {
	zone, err := time.LoadLocation("Europe/Berlin")
	check(err)
	return zone
}

// waitCreated waits for an instance that a scheduler is about to make.
func waitCreated(ctx context.Context, c *client.Client, id job.ID) (client.WorkflowRecord, error) {
	for {
		w, err := c.WaitWorkflow(ctx, id)
		if !errors.Is(err, job.ErrNotFound) {
			return w, err
		}
	}
}

func ExampleClient_Schedules() {
	ctx := context.Background()
	e, err := hammerworktest.Open(ctx)
	check(err)
	defer e.Close()
	c := e.Client

	cleanup := func(cron string) *workflow.Workflow {
		return workflow.NewWorkflow("cleanup").Add(job.New("maintenance", nil).WithName("cleanup").WithCron(cron))
	}
	_, err = c.CreateSchedule(ctx, "cleanup", cleanup("0 3 * * *"))
	check(err)
	_, err = c.UpdateSchedule(ctx, "cleanup", cleanup("0 4 * * *"))
	check(err)
	_, err = c.DisableSchedule(ctx, "cleanup")
	check(err)
	for s, err := range c.Schedules(ctx) {
		check(err)
		fmt.Println(s.Name, s.Schedule.Cron, s.Schedule.Timezone, s.Enabled)
	}
	_, err = c.EnableSchedule(ctx, "cleanup")
	check(err)
	s, err := c.Schedule(ctx, "cleanup")
	check(err)
	ticks, err := c.Ticks(ctx, "cleanup", time.Time{}, 10)
	check(err)
	fmt.Println("ticks next at", s.NextAt.Format(time.TimeOnly)+",", len(ticks), "so far")
	check(c.DeleteSchedule(ctx, "cleanup"))
	// Output:
	// cleanup 0 4 * * * UTC false
	// ticks next at 04:00:00, 0 so far
}
