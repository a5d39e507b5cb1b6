package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// CallerTx is a transaction of a user's own, on a connection that is none of
// the store's.
type CallerTx interface {
	// EnqueueJobs and EnqueueWorkflow are Store's calls for a transaction that
	// is not its own.
	EnqueueJobs(jobs []*job.Job, keys []store.Key) (store.Enqueued, error)
	EnqueueWorkflow(w *workflow.Workflow, o store.EnqueueOptions) (store.Enqueued, error)
	// Exec runs a statement of the user's, with ? for each argument.
	Exec(query string, args ...any) error
}

var errChangedMind = errors.New("the caller changed its mind")

// mark is a row that a caller writes of its own.
const mark = "INSERT INTO queues (name, paused_at) VALUES (?, NULL)"

func testCallerTx(t *testing.T, open Opener) {
	check(t, open, "what a caller's transaction enqueues is there when it commits, not before", func(r *rig) {
		a, w := task("a"), graph(chain(2)...)
		r.ok(w.Validate(), "validate")
		r.ok(r.InTx(func(tx CallerTx) error {
			if err := tx.Exec(mark, "mine"); err != nil {
				return err
			}
			e, err := tx.EnqueueJobs([]*job.Job{a}, nil)
			r.equal("jobs", e, store.Enqueued{IDs: []job.ID{a.ID}, Existing: []bool{false}, Queues: []string{queue}})
			if err != nil {
				return err
			}
			e, err = tx.EnqueueWorkflow(w, store.EnqueueOptions{Digest: "d"})
			r.equal("workflow", e, store.Enqueued{IDs: []job.ID{w.ID}, Existing: []bool{false}, Queues: []string{queue}})
			r.wantAbsent(a.ID, w.Jobs[0].ID)
			return err
		}), "transaction")
		r.wantRows("queues", 1)
		id, err := r.s.OpenWorkflow(r.ctx, "d")
		r.ok(err, "open workflow")
		r.equal("id", id, w.ID)
		r.equal("jobs that run", r.runToEnd(), 3)
		r.wantWorkflow(w.ID, workflow.Completed)
	})

	check(t, open, "what a caller's transaction enqueued is gone when it rolls back", func(r *rig) {
		a, w := task("a"), graph(chain(2)...)
		r.ok(w.Validate(), "validate")
		err := r.InTx(func(tx CallerTx) error {
			_, err := tx.EnqueueJobs([]*job.Job{a}, []store.Key{key("k", "a")})
			if err == nil {
				_, err = tx.EnqueueWorkflow(w, store.EnqueueOptions{Key: key("k", "w")})
			}
			r.ok(err, "enqueue")
			return errChangedMind
		})
		r.isErr("transaction", err, errChangedMind)
		for _, table := range []string{"jobs", "job_state", "workflows", "edges", "ready", "idempotency_keys"} {
			r.wantRows(table, 0)
		}
	})

	check(t, open, "another process' claim finds what a caller committed", func(r *rig) {
		a := task("a")
		r.ok(r.InTx(func(tx CallerTx) error {
			_, err := tx.EnqueueJobs([]*job.Job{a}, nil)
			return err
		}), "transaction")
		got, err := r.claimVia(r.Second(), worker, 1)
		r.ok(err, "claim")
		r.equal("claimed", jobIDs(got), []job.ID{a.ID})
	})

	check(t, open, "a caller's job may depend on a stored one", func(r *rig) {
		parent := task("parent")
		r.enqueueJobs(parent)
		child := task("child", parent)
		r.ok(workflow.ValidateJobs([]*job.Job{child}), "validate")
		r.ok(r.InTx(func(tx CallerTx) error {
			e, err := tx.EnqueueJobs([]*job.Job{child}, nil)
			r.equal("checks", e.Checks, true)
			return err
		}), "transaction")
		r.complete(r.claimNamed("parent")["parent"])
		r.checkEdges()
		r.claimNamed("child")
	})

	check(t, open, "a caller's key is the same as everybody's", func(r *rig) {
		a := task("a")
		r.enqueueKeyed([]*job.Job{a}, key("k", "a"))
		r.ok(r.InTx(func(tx CallerTx) error {
			e, err := tx.EnqueueJobs([]*job.Job{task("b")}, []store.Key{key("k", "a")})
			r.equal("enqueued", e, store.Enqueued{IDs: []job.ID{a.ID}, Existing: []bool{true}})
			return err
		}), "transaction")
		r.claimNamed("a")
	})

	check(t, open, "an enqueue whose last statement fails is an error to the caller", func(r *rig) {
		r.isErr("transaction", r.InTx(func(tx CallerTx) error {
			a := task("a")
			a.ScheduledAt = time.Now().Add(time.Hour).Truncate(time.Microsecond)
			r.ok(tx.Exec("INSERT INTO timers (due_at, kind, id) VALUES (?, 'job', ?)", a.ScheduledAt.UnixMicro(), a.ID[:]), "be in its way")
			if _, err := tx.EnqueueJobs([]*job.Job{a}, nil); err == nil {
				r.Errorf("it is none")
			}
			return errChangedMind
		}), errChangedMind)
		r.wantRows("jobs", 0)
		r.wantRows("timers", 0)
	})

	for _, c := range []struct {
		what string
		want error
		try  func(before *job.Job, tx CallerTx) error
	}{
		{"an id that exists", store.ErrExists, func(before *job.Job, tx CallerTx) error {
			_, err := tx.EnqueueJobs([]*job.Job{task("x"), before}, []store.Key{key("other", "x"), {}})
			return err
		}},
		{"an unknown parent", store.ErrUnknownParent, func(_ *job.Job, tx CallerTx) error {
			_, err := tx.EnqueueJobs([]*job.Job{task("x"), task("y", task("nobody"))}, []store.Key{key("other", "x"), {}})
			return err
		}},
		{"an unknown parent of a workflow", store.ErrUnknownParent, func(_ *job.Job, tx CallerTx) error {
			_, err := tx.EnqueueWorkflow(graph(task("x"), task("y", task("nobody"))), store.EnqueueOptions{Key: key("other", "x")})
			return err
		}},
		{"a key of another request", store.ErrKeyReused, func(_ *job.Job, tx CallerTx) error {
			_, err := tx.EnqueueJobs([]*job.Job{task("x"), task("y")}, []store.Key{key("other", "x"), key("k", "another")})
			return err
		}},
	} {
		check(t, open, "the caller's transaction goes on after "+c.what+", as if it had not asked", func(r *rig) {
			before, after := task("before"), task("after")
			r.ok(r.InTx(func(tx CallerTx) error {
				_, err := tx.EnqueueJobs([]*job.Job{before}, []store.Key{key("k", "before")})
				r.ok(err, "enqueue")
				r.isErr("refused", c.try(before, tx), c.want)
				r.ok(tx.Exec(mark, "mine"), "the caller's own statement")
				_, err = tx.EnqueueJobs([]*job.Job{after}, nil)
				return err
			}), "transaction")
			r.wantRows("queues", 1)
			r.wantRows("idempotency_keys", 1)
			r.wantRows("workflows", 0)
			r.claimNamed("before", "after")
		})
	}
}
