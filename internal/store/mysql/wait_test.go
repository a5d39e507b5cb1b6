package mysql

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/internal/store/mysql/mysqltest"
	"github.com/hammerwork/hammerwork/internal/store/sqlstore"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// locked counts the rows that a statement locks, and calls f while it does.
func locked(t *testing.T, s *Store, name string, f func(), args ...any) (found int, err error) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err = s.db.run(ctx, beginWrite, true, func(x sqlstore.Tx) error {
		err := x.Query(name, func(sqlstore.Row) error { found++; return nil }, args...)
		f()
		return err
	})
	return found, err
}

func TestWhatAnotherHasLockedIsLeftOut(t *testing.T) {
	url := mysqltest.URL(t)
	s := opened(t, url, store.Options{})
	w, lease := started(t, s)
	if _, err := mysqltest.Raw(t, url).ExecContext(t.Context(), "UPDATE hw_workflows SET hidden = 'purging'"); err != nil {
		t.Fatal(err)
	}
	for name, id := range map[string]job.ID{"free_jobs": lease.Jobs[0].Fence.Job, "lock_purging_workflows": w.ID} {
		again, againErr := -1, error(nil)
		found, err := locked(t, s, name, func() {
			again, againErr = locked(t, impatient(t, url), name, func() {}, []job.ID{id})
		}, []job.ID{id})
		if err != nil || found != 1 || againErr != nil || again != 0 {
			t.Errorf("%s locks %d rows, %v, and another meanwhile %d, %v", name, found, err, again, againErr)
		}
	}
}

func TestWhatIsToBeRemovedIsLockedWhenItIsRead(t *testing.T) {
	url := mysqltest.URL(t)
	s := opened(t, url, store.Options{})
	jobs := []*job.Job{job.New("q", json.RawMessage("1"))}
	for range 2 {
		jobs = append(jobs, job.New("q", json.RawMessage("1")).WithDelay(time.Hour))
	}
	if _, err := s.EnqueueJobs(t.Context(), jobs, nil); err != nil {
		t.Fatal(err)
	}
	timer := timerRow{ID: jobs[2].ID, Kind: "job"}
	if err := mysqltest.Raw(t, url).QueryRowContext(t.Context(), "SELECT due_at FROM hw_timers WHERE id = ?", jobs[2].ID[:]).Scan(&timer.DueAt); err != nil {
		t.Fatal(err)
	}
	for name, list := range map[string]any{
		"take_ready":    []job.ID{jobs[0].ID},
		"take_timers":   []job.ID{jobs[1].ID},
		"delete_timers": []timerRow{timer},
	} {
		var again error
		found, err := locked(t, s, name, func() { _, again = locked(t, impatient(t, url), name, func() {}, list) }, list)
		if err != nil || found != 1 || code(again) != codeLockTimeout {
			t.Errorf("%s finds %d rows, %v, and another meanwhile %v", name, found, err, again)
		}
	}
}

// A transaction that holds locks of jobs must wait for no more of them: as long
// as a statement would wait, nobody waits for it.
func TestWhatLocksMoreJobsWaitsForNobody(t *testing.T) {
	url := mysqltest.URL(t)
	s := opened(t, url+"&lock_wait_timeout=60", store.Options{})
	w, lease := started(t, s)
	hold(t, url, "SELECT 1 FROM hw_job_state FOR UPDATE")
	id := []job.ID{lease.Jobs[0].Fence.Job}
	for name, args := range map[string][]any{
		"lock_descendants": {id, 1000},
		"lock_open_jobs":   {w.ID[:], 0, 1000, 0},
		"lock_more_jobs":   {id},
	} {
		if _, err := locked(t, s, name, func() {}, args...); code(err) != codeLockTimeout && code(err) != codeLockUnavailable {
			t.Errorf("%s while another holds its rows: %v", name, err)
		}
	}
}

func TestAWorkerThatSomebodySeesIsNotForgottenMeanwhile(t *testing.T) {
	url := mysqltest.URL(t)
	see := func(s *Store, name string) {
		t.Helper()
		if err := s.SeeWorkers(t.Context(), []store.WorkerSeen{{Name: name}}); err != nil {
			t.Error(err)
		}
	}
	see(opened(t, url, store.Options{}), "old")
	if _, err := mysqltest.Raw(t, url).ExecContext(t.Context(), "UPDATE hw_workers SET last_seen_at = 0"); err != nil {
		t.Fatal(err)
	}
	hold(t, url, "SELECT 1 FROM hw_workers WHERE name = 'old' FOR UPDATE")
	see(impatient(t, url), "new")
}
