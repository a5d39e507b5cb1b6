package e2e

import (
	"context"
	"fmt"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// stubborn lets a job lose attempts to kills, and fails for good soon all the
// same if it always does.
var stubborn = job.RetryPolicy{MaxAttempts: 8, InitialDelay: job.Duration(100 * time.Millisecond), Strategy: job.Fixed}

// spawning are rows of jobs whose handlers spawn others, some of which spawn in
// their turn. Half of the time what comes next waits for what was spawned.
func (g *generator) spawning(jobs int) {
	g.rows(jobs-jobs/2, 2, func(top *planned) *planned {
		split := g.add(top)
		next := g.add(split)
		if len(g.all()) < jobs {
			g.spawn(split, next, 1+g.IntN(3), g.IntN(2) == 0)
		}
		return next
	})
}

// spawn lets a job spawn n others, one after the other or side by side, and the
// last of them one more.
func (g *generator) spawn(by, next *planned, n int, before bool) {
	var list []any
	var last *planned
	chained := g.IntN(2) == 0
	for k := range n {
		j := &planned{Name: fmt.Sprintf("%s.%d", by.Name, k), DependsOn: []need{{Job: by.Name}}}
		j.Payload = payload{SleepMS: g.IntN(int(2*g.mean.Milliseconds()) + 1), FailTimes: g.IntN(2)}
		said := map[string]any{"name": j.Name, "queue": queues[g.IntN(len(queues))]}
		if chained && last != nil {
			j.DependsOn = append(j.DependsOn, need{Job: last.Name})
			said["depends_on"] = []string{last.Name}
		}
		if k == n-1 {
			deep := &planned{Name: j.Name + ".deep", DependsOn: []need{{Job: j.Name}}}
			g.waitFor(next, deep, before)
			j.Payload.Spawn = spawn([]any{deep.Name}, next, before)
			g.born = append(g.born, deep)
		}
		said["payload"] = j.Payload
		list, last = append(list, said), j
		g.waitFor(next, j, before)
		g.born = append(g.born, j)
	}
	by.Payload.Spawn = spawn(list, next, before)
}

// waitFor lets a job wait for one that is spawned.
func (g *generator) waitFor(next, spawned *planned, before bool) {
	if before {
		next.later = append(next.later, need{Job: spawned.Name})
	}
}

// spawn is what a payload says of what is spawned.
func spawn(list []any, next *planned, before bool) map[string]any {
	m := map[string]any{"jobs": list}
	if before {
		m["before"] = []string{next.Name}
	}
	return m
}

// spawnedAgain is spawning in which a job that was spawned fails for good, and
// then everything is run again: it is spawned again, and completes.
func (g *generator) spawnedAgain(jobs int) {
	g.spawning(jobs)
	g.FailurePolicy, g.Retry = string(workflow.FailFast), &stubborn
	split, next := g.add(g.Jobs[0]), g.add()
	next.DependsOn = []need{{Job: split.Name}}
	bad := &planned{Name: split.Name + ".bad", DependsOn: []need{{Job: split.Name}}, Payload: payload{FailTimes: stubborn.MaxAttempts}, mended: true}
	split.Payload.Spawn = spawn([]any{map[string]any{"name": bad.Name, "payload": bad.Payload}}, next, true)
	g.waitFor(next, bad, true)
	g.born = append(g.born, bad)
	for _, j := range g.all() { // attempts count on, and what ran in the first run failed there
		j.mended = true
	}
	g.steer = (*driver).retryAll
}

func (d *driver) retryAll(ctx context.Context, _ *plan, id job.ID) error {
	if err := d.until(ctx, id, func(s workflow.Status, _ int) bool { return s == workflow.Failed }); err != nil {
		return err
	}
	if err := d.ask(ctx, id, "retry", map[string]any{"mode": workflow.RetryAll}); err != nil {
		return err
	}
	return d.until(ctx, id, func(s workflow.Status, _ int) bool { return s != workflow.Failed })
}

// spawnFaults returns which jobs were not spawned by whom they should have been.
func (d *driver) spawnFaults(ctx context.Context, p *plan, jobs []store.JobRecord) (list []string) {
	names := map[job.ID]string{}
	ids := map[string]job.ID{}
	for _, j := range jobs {
		names[j.ID], ids[j.Name] = j.Name, j.ID
	}
	for _, want := range p.born {
		j, err := d.store.Job(ctx, ids[want.Name])
		if err != nil || names[j.SpawnedBy] != want.DependsOn[0].Job {
			list = append(list, fmt.Sprintf("%s: %s was spawned by %q, want %s (%v)", p.Name, want.Name, names[j.SpawnedBy], want.DependsOn[0].Job, err))
		}
	}
	return list
}
