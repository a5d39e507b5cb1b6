package e2e

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/database"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/sdk/client"
)

const (
	secondly = 40   // schedules that tick every second
	ticks    = 2000 // of all of them together, at least
)

func TestKilledSchedulersMissNoTickAndDoubleNone(t *testing.T) {
	t.Parallel()
	everyBase(t, func(t *testing.T, b base) {
		random, seed := seeded(t)
		server := b.start(t)
		f := newFleet(t, server.url, size{schedulers: 3, resolvers: 1, dispatchers: 1, workers: 1, slots: 50})
		ctx, cancel := context.WithTimeout(t.Context(), late)
		defer cancel()
		c, err := client.New(ctx, client.Config{DatabaseURL: server.url})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		s, err := database.Open(ctx, server.url, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		begun := make(map[string]time.Time) // the first tick
		for i := range secondly {
			name := fmt.Sprintf("every second %d", i)
			w := workflow.NewWorkflow(name).Add(job.New("q", nil).WithName("a")).WithSchedule(workflow.Schedule{Cron: "* * * * * *"})
			made, err := c.CreateSchedule(ctx, name, w)
			if err != nil {
				t.Fatal(err)
			}
			begun[name] = made.NextAt
		}
		began, kills := time.Now(), 0
		for time.Since(began) < ticks/secondly*time.Second {
			m := f.member(fmt.Sprintf("scheduler-%d", 1+kills%3))
			f.kill(m, time.Duration(random.IntN(2000))*time.Millisecond)
			kills++
			if err := wait(ctx, time.Duration(random.IntN(1500))*time.Millisecond); err != nil {
				t.Fatal(err)
			}
		}
		for name := range begun {
			if _, err := c.DisableSchedule(ctx, name); err != nil {
				t.Fatal(err)
			}
		}
		sum, last := 0, time.Duration(0)
		for name, first := range begun {
			records := settled(t, ctx, s, name)
			sum += len(records)
			want, _ := everySecond(t).Between(first, records[len(records)-1].At, 10*ticks)
			if len(want) != len(records) {
				t.Errorf("%s: %d ticks were decided about, and there were %d", name, len(records), len(want))
			}
			for i, r := range records {
				if i < len(want) && !r.At.Equal(want[i]) {
					t.Fatalf("%s: tick %d is %s, and was to be %s", name, i, r.At, want[i])
				}
				w, err := c.WaitWorkflow(ctx, r.Instance)
				if err != nil || w.Schedule != name || !w.ScheduledFor.Equal(r.At) || w.Status != workflow.Completed || r.State != store.TickStarted {
					t.Fatalf("%s: tick %s is %s, its instance %+v, %v", name, r.At, r.State, w, err)
				}
				last = max(last, w.CreatedAt.Sub(r.At))
			}
		}
		instances := 0
		for _, err := range c.Workflows(ctx, client.WorkflowFilter{}) {
			if err != nil {
				t.Fatal(err)
			}
			instances++
		}
		if instances != sum || sum < ticks {
			t.Errorf("%d instances of %d ticks; at least %d were to come", instances, sum, ticks)
		}
		f.stop()
		t.Logf("%s, seed %d: %d ticks of %d schedules, %d instances, %d kills of 3 schedulers, the latest instance %s after its tick",
			b.name, seed, sum, secondly, instances, kills, last.Round(time.Millisecond))
	})
}

// everySecond is the timetable of the schedules.
func everySecond(t *testing.T) *workflow.Timetable {
	t.Helper()
	table, err := workflow.Schedule{Cron: "* * * * * *"}.Timetable()
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// settled waits until nothing is left to do with the ticks of a schedule and
// returns them, oldest first.
func settled(t *testing.T, ctx context.Context, s store.Store, name string) (all []store.TickRecord) {
	t.Helper()
	for {
		all = nil
		for before := (time.Time{}); ; {
			page, err := s.Ticks(ctx, name, before, store.MaxPage)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, page...)
			if len(page) < store.MaxPage {
				break
			}
			before = page[len(page)-1].At
		}
		open := slices.ContainsFunc(all, func(r store.TickRecord) bool { return r.State == store.TickDue || r.State == store.TickWaiting })
		if !open {
			slices.Reverse(all)
			return all
		}
		if err := wait(ctx, 100*time.Millisecond); err != nil {
			t.Fatalf("%s has open ticks: %v", name, err)
		}
	}
}
