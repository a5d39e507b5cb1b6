package patterns

import (
	"errors"
	"fmt"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/sdk/client"
)

// Jobs with crons of their own: each day makes new ones, the extract for two
// o'clock and the report for eight, which waits for that day's extract.
func Example_cron() {
	extract := job.New("extract", nil).WithCron("0 2 * * *")                      // 2 AM daily
	report := job.New("report", nil).WithCron("0 8 * * *").DependsOnJobs(extract) // 8 AM daily
	schedule, err := queue.CreateSchedule(ctx, "daily", workflow.NewWorkflow("daily_report").AddHandlers(extract, report))
	check(err)
	fmt.Println("ticks at", schedule.Schedule.Cron)

	// A day of the past, made up for: both are due at once.
	day := time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)
	ticks, err := queue.Backfill(ctx, "daily", day, day.AddDate(0, 0, 1))
	check(err)
	for _, tick := range ticks {
		instance := waitFor(tick.WorkflowID)
		fmt.Println(instance.Name, "of", instance.ScheduledFor.Format(time.DateTime), instance.Status)
		jobs, err := queue.WorkflowJobs(ctx, instance.ID)
		check(err)
		for _, j := range jobs {
			fmt.Println("-", j.Name, j.Status)
		}
	}
	check(queue.DeleteSchedule(ctx, "daily"))
	// Output:
	// ticks at 0 2 * * *
	// daily_report of 2026-05-04 02:00:00 completed
	// - extract completed
	// - report completed
}

// waitFor waits until an instance is made and has ended.
func waitFor(id job.ID) client.WorkflowRecord {
	for range time.Tick(10 * time.Millisecond) {
		done, err := queue.WaitWorkflow(ctx, id)
		if !errors.Is(err, job.ErrNotFound) {
			check(err)
			return done
		}
	}
	panic("no tick comes any more")
}
