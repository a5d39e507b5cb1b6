package mysql

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/mysql/mysqltest"
	"github.com/hammerwork/hammerwork/internal/store/sqlstore"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// impatient is a store whose statements wait for a lock for a second only.
func impatient(t *testing.T, url string) *Store {
	return opened(t, url+"&lock_wait_timeout=1", store.Options{})
}

// hold locks what a query says in a transaction of its own, until the test has
// ended.
func hold(t *testing.T, url, query string, args ...any) {
	t.Helper()
	tx, err := mysqltest.Raw(t, url).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback() })
	for _, q := range []string{"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", query} {
		rows, err := tx.QueryContext(t.Context(), q, args...)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
		args = nil
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

// Every statement that is named so must wait for who holds what it reads, or
// fail at once, and wait for nobody who holds rows of other tables.
func TestEveryLockWaitsForWhoHoldsItAndForNobodyElse(t *testing.T) {
	for name := range statements {
		if !strings.HasPrefix(name, "lock_") || name == "lock_purging_workflows" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := mysqltest.URL(t)
			s := opened(t, url, store.Options{})
			w, lease := started(t, s)
			args := []any{[]job.ID{w.ID, lease.ID, lease.Jobs[0].Fence.Job}}
			switch name {
			case "lock_jobs_and_children", "lock_descendants":
				args = append(args, 1000)
			case "lock_open_jobs":
				args = []any{w.ID[:], 0, 1000, 0}
			case "lock_building":
				args = []any{w.ID[:], 0}
				if _, err := mysqltest.Raw(t, url).ExecContext(t.Context(), "UPDATE hw_workflows SET hidden = 'building'"); err != nil {
					t.Fatal(err)
				}
			case "lock_schedule":
				args = []any{"nightly"}
				if _, err := s.CreateSchedule(t.Context(), store.NewSchedule{
					ID: job.NewID(), Name: "nightly", Definition: json.RawMessage(`{"name":"w","schedule":{"cron":"0 2 * * *"},"jobs":[{"name":"a","queue":"q"}]}`),
					Schedule: workflow.Schedule{Cron: "0 2 * * *"},
				}); err != nil {
					t.Fatal(err)
				}
			case "lock_partitions":
				args = nil // all of them
				if _, err := s.SharePartitions(t.Context(), "r", 1, time.Hour); err != nil {
					t.Fatal(err)
				}
			}
			table := "hw_job_state"
			switch name {
			case "lock_building":
				table = "hw_workflows"
			case "lock_schedule":
				table = "hw_schedules"
			}
			for _, other := range []string{"workflows", "leases", "partitions"} {
				if strings.HasPrefix(name, "lock_"+other) {
					table = "hw_" + other
				}
			}
			one := impatient(t, url)
			run := func() (found int, err error) {
				err = one.db.run(t.Context(), beginWrite, true, func(x sqlstore.Tx) error {
					return x.Query(name, func(sqlstore.Row) error { found++; return nil }, args...)
				})
				return found, err
			}
			for _, other := range []string{"hw_jobs", "hw_workflows", "hw_leases", "hw_job_state"} {
				if other != table {
					hold(t, url, "SELECT 1 FROM "+other+" FOR UPDATE")
				}
			}
			if found, err := run(); err != nil || found == 0 {
				t.Fatalf("while nobody holds it: %d rows, %v", found, err)
			}
			hold(t, url, "SELECT 1 FROM "+table+" FOR UPDATE")
			if _, err := run(); code(err) != codeLockTimeout && code(err) != codeLockUnavailable {
				t.Errorf("while another holds rows of %s: %v", table, err)
			}
		})
	}
}

func TestAClaimLeavesOutWhatAnotherClaimHasLocked(t *testing.T) {
	url := mysqltest.URL(t)
	s := opened(t, url, store.Options{})
	jobs := []*job.Job{job.New("q", json.RawMessage("1")).WithPriority(job.High), job.New("q", json.RawMessage("1"))}
	if _, err := s.EnqueueJobs(t.Context(), jobs, nil); err != nil {
		t.Fatal(err)
	}
	hold(t, url, "SELECT 1 FROM hw_ready WHERE queue = 'q' ORDER BY `rank` LIMIT 1 FOR UPDATE")
	leases, err := impatient(t, url).Claim(t.Context(), []store.Grant{{Lease: job.NewID(), Worker: "w", Limit: 2}}, false)
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
			url := mysqltest.URL(t)
			s, other := opened(t, url, store.Options{}), impatient(t, url)
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
				second = claim(other, c.second)
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

func TestTheClockGoesOnWithinATransaction(t *testing.T) {
	s := opened(t, mysqltest.URL(t), store.Options{})
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

func TestTheClockGoesOnWithinARoundTrip(t *testing.T) {
	s := opened(t, mysqltest.URL(t), store.Options{})
	if err := s.db.Write(t.Context(), func(x sqlstore.Tx) error {
		times := make([]int64, 1000)
		for i := range times {
			x.QueueNow(&times[i])
		}
		before := s.db.trips.Load()
		err := x.Flush()
		if trips := s.db.trips.Load() - before; trips != 1 || times[0] >= times[999] {
			t.Errorf("from %d to %d in %d round trips", times[0], times[999], trips)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

func TestNothingRunsAfterAnError(t *testing.T) {
	s := opened(t, mysqltest.URL(t), store.Options{})
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

// Of statements that travel together, each is answered for itself, and those
// after one that fails do not run.
func TestAStatementThatFailsKeepsThoseAfterItFromRunning(t *testing.T) {
	s := opened(t, mysqltest.URL(t), store.Options{})
	for n, guarded := range []bool{true, false} {
		err := s.db.Write(t.Context(), func(x sqlstore.Tx) error {
			x.QueueExec("pause_queue", "q", int64(1))
			if guarded {
				x.QueueGuarded("mark_cancelling", 1, []job.ID{job.NewID()})
			} else {
				x.QueueExec("pause_queue", strings.Repeat("x", 2000), int64(1)) // longer than the column
			}
			x.QueueExec("pause_queue", "p", int64(1))
			return nil
		})
		if err == nil || guarded != errors.Is(err, sqlstore.ErrGuard) {
			t.Errorf("case %d: %v", n, err)
		}
		queues, err := s.Queues(t.Context())
		if err != nil || len(queues) != 0 {
			t.Errorf("case %d left %+v, %v", n, queues, err)
		}
	}
}

func TestAReaderSeesOneMoment(t *testing.T) {
	s := opened(t, mysqltest.URL(t), store.Options{})
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
		if _, err := s.EnqueueJobs(context.Background(), []*job.Job{j}, nil); err != nil {
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
