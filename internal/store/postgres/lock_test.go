package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/postgres/pgtest"
	"github.com/hammerwork/hammerwork/internal/store/sqlstore"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// impatient is a store whose statements wait for a lock only for a moment.
func impatient(t *testing.T, rawURL string) *Store {
	return opened(t, rawURL+"&lock_timeout=30")
}

// hold locks what a query says in a transaction of its own, until the test has
// ended.
func hold(t *testing.T, s *Store, query string) {
	t.Helper()
	other, err := s.db.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := other.Rollback(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if _, err := other.Exec(t.Context(), query); err != nil {
		t.Fatal(err)
	}
}

// started stores a workflow of two jobs of one queue and claims the first.
func started(t *testing.T, s *Store) (*workflow.Workflow, store.Lease) {
	t.Helper()
	w := workflow.NewWorkflow("w").AddParallel(job.New("q", json.RawMessage("1")).WithName("a"), job.New("q", json.RawMessage("1")).WithName("b"))
	if err := w.Validate(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.EnqueueWorkflow(t.Context(), w, store.EnqueueOptions{}); err != nil {
		t.Fatal(err)
	}
	leases, err := s.Claim(t.Context(), []store.Grant{{Lease: job.NewID(), Worker: "w", Limit: 1}}, false)
	if err != nil || len(leases) != 1 {
		t.Fatal(leases, err)
	}
	return w, leases[0]
}

// nightly is a schedule.
func nightly() store.NewSchedule {
	return store.NewSchedule{
		ID: job.NewID(), Name: "nightly", Definition: json.RawMessage(`{"name":"w","schedule":{"cron":"0 2 * * *"},"jobs":[{"name":"a","queue":"q"}]}`),
		Schedule: workflow.Schedule{Cron: "0 2 * * *"},
	}
}

// Every statement that is named so must wait for who holds what it reads, or
// fail at once.
func TestEveryLockWaitsForWhoHoldsIt(t *testing.T) {
	rawURL := pgtest.URL(t)
	s := opened(t, rawURL)
	w, lease := started(t, s)
	if _, err := s.SharePartitions(t.Context(), "r", 1, time.Hour); err != nil {
		t.Fatal(err)
	}
	ids := []any{[]job.ID{w.ID, lease.ID, lease.Jobs[0].Fence.Job}}
	for name := range statements {
		if !strings.HasPrefix(name, "lock_") || name == "lock_purging_workflows" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			table, args := "job_state", ids
			switch name {
			case "lock_partitions":
				args = nil // all of them
			case "lock_jobs_and_children", "lock_descendants":
				args = []any{ids[0], 10}
			case "lock_open_jobs":
				args = []any{w.ID[:], 0, 10, 0}
			case "lock_schedule":
				table, args = "schedules", []any{"nightly"}
				if _, err := s.CreateSchedule(t.Context(), nightly()); err != nil {
					t.Fatal(err)
				}
			case "lock_building":
				table, args = "workflows", []any{w.ID[:], 0}
				if _, err := s.db.pool.Exec(t.Context(), "UPDATE workflows SET hidden = 'building'"); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { // when nobody holds it any more
					if _, err := s.db.pool.Exec(context.Background(), "UPDATE workflows SET hidden = ''"); err != nil {
						t.Error(err)
					}
				})
			}
			for _, other := range []string{"workflows", "leases", "partitions"} {
				if strings.HasPrefix(name, "lock_"+other) {
					table = other
				}
			}
			one := impatient(t, rawURL)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			switch name {
			case "lock_descendants", "lock_open_jobs", "lock_more_jobs":
				one = opened(t, rawURL) // they do not wait at all
			}
			run := func() (found int, err error) {
				err = one.db.run(ctx, "BEGIN", func(x sqlstore.Tx) error {
					return x.Query(name, func(sqlstore.Row) error { found++; return nil }, args...)
				})
				return found, err
			}
			if found, err := run(); err != nil || found == 0 {
				t.Fatalf("while nobody holds it: %d rows, %v", found, err)
			}
			hold(t, s, "SELECT FROM "+table+" FOR UPDATE")
			if _, err := run(); code(err) != codeLockUnavailable {
				t.Errorf("while another holds rows of %s: %v", table, err)
			}
		})
	}
}

func TestWhatAnotherHasLockedIsLeftOut(t *testing.T) {
	rawURL := pgtest.URL(t)
	s := opened(t, rawURL)
	w, lease := started(t, s)
	if _, err := s.db.pool.Exec(t.Context(), "UPDATE workflows SET hidden = 'purging'"); err != nil {
		t.Fatal(err)
	}
	for name, id := range map[string]job.ID{"free_jobs": lease.Jobs[0].Fence.Job, "lock_purging_workflows": w.ID} {
		var found [2]int
		lock := func(s *Store, i int, f func() error) error {
			return s.db.run(t.Context(), "BEGIN", func(x sqlstore.Tx) error {
				return errors.Join(x.Query(name, func(sqlstore.Row) error { found[i]++; return nil }, []job.ID{id}), f())
			})
		}
		err := lock(s, 0, func() error { return lock(impatient(t, rawURL), 1, func() error { return nil }) })
		if err != nil || found != [2]int{1, 0} {
			t.Errorf("%s locks %d rows, and another meanwhile %d, %v", name, found[0], found[1], err)
		}
	}
}

func TestAClaimLeavesOutWhatAnotherClaimHasLocked(t *testing.T) {
	rawURL := pgtest.URL(t)
	s := opened(t, rawURL)
	jobs := []*job.Job{job.New("q", json.RawMessage("1")).WithPriority(job.High), job.New("q", json.RawMessage("1"))}
	if _, err := s.EnqueueJobs(t.Context(), jobs, nil); err != nil {
		t.Fatal(err)
	}
	hold(t, s, "SELECT FROM ready ORDER BY rank LIMIT 1 FOR UPDATE")
	leases, err := impatient(t, rawURL).Claim(t.Context(), []store.Grant{{Lease: job.NewID(), Worker: "w", Limit: 2}}, false)
	if err != nil || len(leases) != 1 || len(leases[0].Jobs) != 1 || leases[0].Jobs[0].Fence.Job != jobs[1].ID {
		t.Errorf("claimed is %+v, %v", leases, err)
	}
}

// While a claim that has not ended holds what it takes, another gets what comes
// next, in order, and nothing else.
func TestAClaimLocksOnlyWhatItTakes(t *testing.T) {
	for _, c := range []struct {
		name          string
		queues        []string
		each          int // jobs of each queue
		first, second int // how many the claims want
		want          int // how many the second gets
	}{
		{"two queues", []string{"a", "b"}, 8, 8, 8, 8},
		{"one queue", []string{"a"}, 300, 100, 100, 100},
		{"a large claim and a small one", []string{"a", "b", "c"}, 100, 250, 1, 1},
		{"there is less than the second wants", []string{"a", "b"}, 50, 80, 80, 20},
		{"nothing is left", []string{"a", "b"}, 8, 16, 5, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			rawURL := pgtest.URL(t)
			s, other := opened(t, rawURL), impatient(t, rawURL)
			var jobs []*job.Job
			for i := range c.each {
				for _, q := range c.queues {
					jobs = append(jobs, job.New(q, json.RawMessage("1")).WithPriority([]job.Priority{job.High, job.Normal}[i*2/c.each]))
				}
			}
			if _, err := s.EnqueueJobs(t.Context(), jobs, nil); err != nil {
				t.Fatal(err)
			}
			claim := func(s *Store, limit int) []store.Claimed {
				t.Helper()
				leases, err := s.Claim(t.Context(), []store.Grant{{Lease: job.NewID(), Worker: "w", Queues: c.queues, Limit: limit}}, false)
				if err != nil {
					t.Fatal(err)
				}
				if len(leases) == 0 {
					return nil
				}
				return leases[0].Jobs
			}
			var second []store.Claimed
			s.db.breakCommit = func(commit func() error) error {
				before := other.db.trips.Load()
				second = claim(other, c.second)
				if n := other.db.trips.Load() - before; n > 12 {
					t.Errorf("it took %d round trips", n)
				}
				return commit()
			}
			first := claim(s, c.first)
			if len(first) != c.first || len(second) != c.want {
				t.Fatalf("the first got %d jobs, the second %d, want %d and %d", len(first), len(second), c.first, c.want)
			}
			s.db.breakCommit = nil
			list := slices.Concat(first, second, claim(s, len(jobs)))
			if len(list) != len(jobs) {
				t.Errorf("%d of %d jobs were claimed", len(list), len(jobs))
			}
			if !slices.IsSortedFunc(list, func(a, b store.Claimed) int { return int(b.Priority) - int(a.Priority) }) {
				t.Error("a job was claimed before one of higher priority")
			}
		})
	}
}

func TestADelayedJobThatSomebodyHoldsHoldsUpNoOther(t *testing.T) {
	rawURL := pgtest.URL(t)
	s := opened(t, rawURL)
	var jobs []*job.Job
	for range 3 {
		jobs = append(jobs, job.New("q", json.RawMessage("1")).WithDelay(time.Millisecond))
	}
	if _, err := s.EnqueueJobs(t.Context(), jobs, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.pool.Exec(t.Context(), "UPDATE timers SET due_at = 1"); err != nil {
		t.Fatal(err)
	}
	fire := func(s *Store) int {
		t.Helper()
		r, next, err := s.FireTimers(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		if r.Done == 0 && next == 0 {
			t.Error("the next look is at once, although it can do nothing")
		}
		return r.Done
	}
	other, err := s.db.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Rollback(context.Background()) }) // if it failed before
	if _, err := other.Exec(t.Context(), "SELECT FROM job_state WHERE id = $1 FOR UPDATE", jobs[1].ID); err != nil {
		t.Fatal(err)
	}
	one := impatient(t, rawURL)
	for i, want := range []int{2, 0} {
		if n := fire(one); n != want {
			t.Errorf("look %d fired %d timers, want %d", i, n, want)
		}
	}
	if err := other.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := fire(one); n != 1 {
		t.Errorf("when it is free %d timers fire", n)
	}
}

func TestAWorkerThatSomebodySeesIsNotForgottenMeanwhile(t *testing.T) {
	rawURL := pgtest.URL(t)
	s := opened(t, rawURL)
	see := func(s *Store, name string) {
		t.Helper()
		if err := s.SeeWorkers(t.Context(), []store.WorkerSeen{{Name: name}}); err != nil {
			t.Error(err)
		}
	}
	see(s, "old")
	if _, err := s.db.pool.Exec(t.Context(), "UPDATE workers SET last_seen_at = 0"); err != nil {
		t.Fatal(err)
	}
	hold(t, s, "SELECT FROM workers FOR UPDATE")
	see(impatient(t, rawURL), "new")
}

func TestACommitThatTheServerTurnedIntoARollbackIsAnError(t *testing.T) {
	s := opened(t, pgtest.URL(t))
	err := s.db.Write(t.Context(), func(x sqlstore.Tx) error {
		if _, err := x.Now(); err != nil {
			return err
		}
		if _, err := x.(*tx).conn.Exec(t.Context(), "SELECT 1 / 0").ReadAll(); err == nil {
			t.Error("the server divides by zero")
		}
		return nil
	})
	if err == nil {
		t.Error("it is none")
	}
}

func TestNothingRunsAfterAnError(t *testing.T) {
	s := opened(t, pgtest.URL(t))
	err := s.db.Write(t.Context(), func(x sqlstore.Tx) error {
		x.QueueExec("no such statement")
		if x.Flush() == nil {
			t.Error("an unknown statement runs")
		}
		if _, err := x.Now(); err == nil {
			t.Error("the clock is read after an error")
		}
		return nil
	})
	if err == nil {
		t.Error("it is committed")
	}
}

func TestTheClockGoesOnWithinATransaction(t *testing.T) {
	s := opened(t, pgtest.URL(t))
	if err := s.db.Write(t.Context(), func(x sqlstore.Tx) error {
		first, err := x.Now()
		for range 10_000 {
			now, again := x.Now()
			if err != nil || again != nil || now > first {
				return again
			}
		}
		t.Error("it stands still")
		return err
	}); err != nil {
		t.Error(err)
	}
}

func TestAReaderSeesOneMoment(t *testing.T) {
	s := opened(t, pgtest.URL(t))
	j := job.New("q", json.RawMessage("1")).WithDelay(time.Hour)
	if err := s.db.Read(t.Context(), func(x sqlstore.Tx) error {
		found := func() (n int) {
			if err := x.Query("jobs_existing", func(sqlstore.Row) error { n++; return nil }, []job.ID{j.ID}); err != nil {
				t.Error(err)
			}
			return n
		}
		if n := found(); n != 0 {
			t.Errorf("%d jobs are there", n)
		}
		if _, err := s.EnqueueJobs(t.Context(), []*job.Job{j}, nil); err != nil {
			t.Error(err)
		}
		if n := found(); n != 0 {
			t.Error("a job came that was not there")
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}
