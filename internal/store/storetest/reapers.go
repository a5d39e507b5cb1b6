package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// reapers says of every table who deletes its rows.
var reapers = map[string]string{
	"workflows":        "Purge, once they were kept for long enough",
	"jobs":             "Purge, once they were kept for long enough",
	"job_state":        "Purge, with the job",
	"attempts":         "Purge, with the job",
	"evaluations":      "Purge, with the job",
	"job_runs":         "Purge, with the job",
	"spawned":          "Purge, with the job that was spawned",
	"suspensions":      "Purge, with the job; RetryWorkflow",
	"part_check":       "CheckParts",
	"audit":            "Purge, with the workflow",
	"edges":            "Purge, with the child",
	"edge_check":       "CheckEdges; Purge, with the child",
	"ready":            "Claim, and what ends the job",
	"timers":           "FireTimers; Purge, with the job or workflow",
	"leases":           "Resolve, with the last job; ExpireLeases",
	"idempotency_keys": "Purge, after what they made",
	"workers":          "Purge, after a day",
	"queues":           "Purge, unless they are paused",
	"resolvers":        "Purge, an hour after they were given up",
	"ticks":            "Purge, once they were kept for long enough; DeleteSchedule",
}

// bounded says of the other tables why they cannot grow.
var bounded = map[string]string{
	"partitions":            "one row a partition",
	"schedules":             "one row a schedule that people made and didn't delete",
	"hammerwork_migrations": "one row a migration",
}

// tables lists the tables of the schema, from the catalogue of the database,
// by the names that queries of this package have for them.
func (r *rig) tables() []string {
	r.Helper()
	const schema = "SELECT table_name AS name FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema = "
	for _, query := range []string{
		"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'", schema + "current_schema()", schema + "database()",
	} {
		rows, err := r.Query(query)
		if err != nil {
			continue // of another database
		}
		var list []string
		for _, row := range rows {
			list = append(list, strings.TrimPrefix(strings.ToLower(text(row["name"])), "hw_"))
		}
		slices.Sort(list)
		return list
	}
	r.Fatalf("the catalogue cannot be read")
	return nil
}

func testReapers(t *testing.T, open Opener) {
	check(t, open, "every table is empty once all has ended and time has passed, or cannot grow", func(r *rig) {
		tables := r.tables()
		for _, name := range tables {
			if reapers[name] == "" && bounded[name] == "" {
				r.Errorf("nobody deletes rows of %s", name)
			}
		}
		filled := make(map[string]bool) // tables that had a row
		look := func() {
			for name := range reapers {
				filled[name] = filled[name] || r.count(name) > 0
			}
		}

		r.start(taskOn("spawning", "spawner"))
		r.commit(spawning(r.claim(1, "spawning")[0], []*job.Job{taskOn("spawning", "spawned")}))
		r.complete(r.claim(1, "spawning")...)

		asks := taskOn("again", "asks")
		asks.Condition = "true"
		again := r.start(asks)
		r.checkEdges()
		r.commit(failedForGood(r.claim(1, "again")[0]))
		_, _, err := r.s.RetryWorkflow(r.ctx, store.Retry{Workflow: again, Mode: workflow.RetryFailed}, false, nobody)
		r.ok(err, "retry")

		sent := job.NewSignal("sent")
		r.start(batch("batch", 1, ""), sent)
		r.checkEdges()
		r.answer(signal(sent.ID, `1`), ann)

		outside := task("outside").WithRetry(retries(2, time.Minute)).WithDeadline(10_000 * time.Hour)
		r.enqueueKeyed([]*job.Job{outside, taskOn("held", "held").WithRetry(once())}, key("a", "a"), key("b", "b"))
		r.enqueue(graph(task("first", outside), task("second")).WithTimeout(10_000 * time.Hour))
		cancelled := r.start(task("waits", outside), taskOn("held", "busy"))
		r.claim(10, "held")
		r.cancel(cancelled)
		r.commit(failed(r.claimNamedFirst("outside", queue)))
		r.seeWorkers(store.WorkerSeen{Name: worker})
		r.ok(r.s.PauseQueue(r.ctx, queue), "pause")
		_, err = r.s.ResumeQueue(r.ctx, queue)
		r.ok(err, "resume")
		r.plant("INSERT INTO resolvers (name, expires_at) SELECT 'r', max(created_at) FROM jobs")
		r.plant("INSERT INTO ticks (schedule_id, tick_at, cause, state, instance_id, decided_at, error) SELECT id, 0, 'time', 'missed', id, created_at, '' FROM jobs")
		ticks := r.count("ticks")
		look()
		for name := range reapers {
			if !filled[name] {
				r.Errorf("%s had no row: its reaper has nothing to show", name)
			}
		}

		r.Advance(time.Hour)
		for n := 1; n > 0; {
			r.fire()
			r.expire()
			r.checkParts()
			n = r.runToEnd()
		}
		r.Advance(10 * 24 * time.Hour)
		r.equal("purged", r.purge(keepAll(24*time.Hour)), store.Purged{Workflows: 6, Jobs: 12, Keys: 2, Ticks: ticks})
		r.fire()
		for _, name := range tables {
			if bounded[name] == "" {
				r.wantRows(name, 0)
			}
		}
	})

	check(t, open, "a queue that is paused stays so", func(r *rig) {
		r.ok(r.s.PauseQueue(r.ctx, queue), "pause")
		r.Advance(10_000 * time.Hour)
		r.purge(keepAll(time.Hour))
		r.wantRows("queues", 1)
	})

	check(t, open, "weights of a queue stay, and those that were taken back go", func(r *rig) {
		r.weigh(queue, halving)
		r.weigh("other", halving)
		r.weigh("other", job.Weights{})
		r.Advance(10_000 * time.Hour)
		r.purge(keepAll(time.Hour))
		r.wantRows("queues", 1)
		r.equal("weights", r.queues()[queue].Weights, halving)
	})
}
