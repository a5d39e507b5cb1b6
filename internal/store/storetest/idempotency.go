package storetest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// key returns the idempotency key of a request.
func key(value, request string) store.Key {
	return store.Key{Value: value, Hash: sha256.Sum256([]byte(request))}
}

// enqueueKeyed stores jobs with a key each.
func (r *rig) enqueueKeyed(jobs []*job.Job, keys ...store.Key) store.Enqueued {
	r.Helper()
	r.ok(workflow.ValidateJobs(jobs), "validate jobs")
	e, err := r.s.EnqueueJobs(r.ctx, jobs, keys)
	r.ok(err, "enqueue jobs with keys")
	return e
}

func testIdempotency(t *testing.T, open Opener) {
	testKeysOfJobs(t, open)
	testKeysOfBatches(t, open)
	testKeysOfWorkflows(t, open)
}

func testKeysOfJobs(t *testing.T, open Opener) {
	one := func(j *job.Job) []*job.Job { return []*job.Job{j} }

	check(t, open, "a job with a new key is stored under its own id", func(r *rig) {
		a := task("a")
		e := r.enqueueKeyed(one(a), key("k", "a"))
		r.equal("ids", e.IDs, []job.ID{a.ID})
		r.equal("existing", e.Existing, []bool{false})
		r.claimNamed("a")
	})

	check(t, open, "the same key and request makes no second job and wakes nobody", func(r *rig) {
		a, b := task("a"), task("b")
		r.enqueueKeyed(one(a), key("k", "a"))
		e := r.enqueueKeyed(one(b), key("k", "a"))
		r.equal("enqueued", e, store.Enqueued{IDs: []job.ID{a.ID}, Existing: []bool{true}})
		r.wantAbsent(b.ID)
		r.claimNamed("a")
	})

	check(t, open, "the same key with another request is refused and stores nothing", func(r *rig) {
		a, b, c := task("a"), task("b"), task("c")
		r.enqueueKeyed(one(a), key("k", "a"))
		_, err := r.s.EnqueueJobs(r.ctx, []*job.Job{b, c}, []store.Key{key("new", "b"), key("k", "c")})
		r.isErr("enqueue", err, store.ErrKeyReused)
		if errors.Is(err, store.ErrUnavailable) {
			r.Errorf("it says to ask again: %v", err)
		}
		r.wantAbsent(b.ID, c.ID)
		r.wantRows("idempotency_keys", 1)
	})

	check(t, open, "an error about a key does not tell it", func(r *rig) {
		r.enqueueKeyed(one(task("a")), key("s3cret", "a"))
		_, err := r.s.EnqueueJobs(r.ctx, one(task("b")), []store.Key{key("s3cret", "b")})
		r.isErr("enqueue", err, store.ErrKeyReused)
		if strings.Contains(err.Error(), "s3cret") {
			r.Errorf("it is in %q", err)
		}
	})

	check(t, open, "a key holds on after its job has ended", func(r *rig) {
		a := task("a")
		r.enqueueKeyed(one(a), key("k", "a"))
		r.complete(r.claimOne())
		e := r.enqueueKeyed(one(task("b")), key("k", "a"))
		r.equal("ids", e.IDs, []job.ID{a.ID})
		r.wantIdle()
	})

	check(t, open, "queues have keys of their own", func(r *rig) {
		a, b := taskOn("ant", "a"), taskOn("bee", "b")
		r.enqueueKeyed(one(a), key("k", "a"))
		e := r.enqueueKeyed(one(b), key("k", "b"))
		r.equal("existing", e.Existing, []bool{false})
		r.claimNamed("a", "b")
	})

	check(t, open, "keys are told apart by case, blanks and marks", func(r *rig) {
		values := []string{"key", "Key", "key ", " key", "kéy", `k"ey`, `k\ey`, "k'ey", "k%ey"}
		for i, value := range values {
			e := r.enqueueKeyed(one(task(fmt.Sprintf("j%d", i))), key(value, value))
			r.equal(value, e.Existing, []bool{false})
		}
		for i, value := range values {
			e := r.enqueueKeyed(one(task(fmt.Sprintf("again%d", i))), key(value, value))
			r.equal(value+" again", e.Existing, []bool{true})
		}
	})

	check(t, open, "repeating an enqueue with its id and key is the same enqueue", func(r *rig) {
		a := task("a")
		r.enqueueKeyed(one(a), key("k", "a"))
		e := r.enqueueKeyed(one(a), key("k", "a"))
		r.equal("enqueued", e, store.Enqueued{IDs: []job.ID{a.ID}, Existing: []bool{true}})
		r.claimNamed("a")
	})

	check(t, open, "an enqueue with a key and an unknown outcome can be repeated", func(r *rig) {
		for i, mode := range []BreakMode{CommitHappened, CommitRefused} {
			a := task("a")
			k := key(fmt.Sprint(i), "a")
			r.BreakCommit(mode)
			if _, err := r.s.EnqueueJobs(r.ctx, one(a), []store.Key{k}); err == nil {
				r.Fatalf("the broken commit went unnoticed")
			}
			e := r.enqueueKeyed(one(a), k)
			r.equal("ids", e.IDs, []job.ID{a.ID})
			r.equal("existing", e.Existing, []bool{mode == CommitHappened})
			r.equal("jobs", len(r.claimAll()), 1)
		}
	})

	check(t, open, "a job without a key may come with the same request as often as it likes", func(r *rig) {
		for range 3 {
			e := r.enqueueKeyed(one(task("a")), store.Key{})
			r.equal("existing", e.Existing, []bool{false})
		}
		r.equal("jobs", len(r.claimAll()), 3)
		r.wantRows("idempotency_keys", 0)
	})

	check(t, open, "a failed enqueue leaves its key free", func(r *rig) {
		bad := task("bad", task("nobody"))
		_, err := r.s.EnqueueJobs(r.ctx, one(bad), []store.Key{key("k", "bad")})
		r.isErr("enqueue", err, store.ErrUnknownParent)
		e := r.enqueueKeyed(one(task("a")), key("k", "a"))
		r.equal("existing", e.Existing, []bool{false})
	})

	check(t, open, "a key that is too long or has a U+0000 is refused", func(r *rig) {
		for _, value := range []string{strings.Repeat("k", store.MaxKey+1), "k\x00"} {
			a := task("a")
			if _, err := r.s.EnqueueJobs(r.ctx, one(a), []store.Key{key(value, "a")}); err == nil {
				r.Errorf("%q was taken", value)
			}
			r.wantAbsent(a.ID)
		}
		r.enqueueKeyed(one(task("a")), key(strings.Repeat("k", store.MaxKey), "a"))
	})

	check(t, open, "callers with one key at the same time get one job", func(r *rig) {
		for round := range 20 {
			k := key(fmt.Sprint(round), "a")
			got := make([]store.Enqueued, 6)
			r.each(6, func(i int, s store.Store) (err error) {
				got[i], err = s.EnqueueJobs(r.ctx, one(task(fmt.Sprintf("a%d", i))), []store.Key{k})
				return err
			})
			claimed := r.claimAll()
			r.equal("jobs", len(claimed), 1)
			fresh := 0
			for _, e := range got {
				r.equal("ids", e.IDs, jobIDs(claimed))
				if !e.Existing[0] {
					fresh++
				}
			}
			r.equal("new ones", fresh, 1)
			r.complete(claimed...)
		}
	})

	check(t, open, "callers with one key and different requests at the same time: one gets it, the others an error", func(r *rig) {
		for round := range 20 {
			errs := make([]error, 4)
			r.each(4, func(i int, s store.Store) error {
				_, errs[i] = s.EnqueueJobs(r.ctx, one(task("a")), []store.Key{key(fmt.Sprint(round), fmt.Sprint(i))})
				return nil
			})
			stored := 0
			for _, err := range errs {
				if err == nil {
					stored++
				} else {
					r.isErr("enqueue", err, store.ErrKeyReused)
				}
			}
			r.equal("stored", stored, 1)
			r.equal("jobs", r.runToEnd(), 1)
		}
	})
}

func testKeysOfBatches(t *testing.T, open Opener) {
	check(t, open, "of a batch only what is new is stored", func(r *rig) {
		a, b, c, d := task("a"), task("b"), task("c"), task("d")
		r.enqueueKeyed([]*job.Job{a}, key("a", "a"))
		e := r.enqueueKeyed([]*job.Job{b, c, d}, key("b", "b"), key("a", "a"), store.Key{})
		r.equal("ids", e.IDs, []job.ID{b.ID, a.ID, d.ID})
		r.equal("existing", e.Existing, []bool{false, true, false})
		r.claimNamed("a", "b", "d")
	})

	check(t, open, "one key twice in a batch makes one job", func(r *rig) {
		a, b := task("a"), task("b")
		e := r.enqueueKeyed([]*job.Job{a, b}, key("k", "same"), key("k", "same"))
		r.equal("ids", e.IDs, []job.ID{a.ID, a.ID})
		r.equal("existing", e.Existing, []bool{false, true})
		r.claimNamed("a")
	})

	check(t, open, "one key twice in a batch with different requests is refused", func(r *rig) {
		a, b := task("a"), task("b")
		_, err := r.s.EnqueueJobs(r.ctx, []*job.Job{a, b}, []store.Key{key("k", "a"), key("k", "b")})
		r.isErr("enqueue", err, store.ErrKeyReused)
		r.wantAbsent(a.ID, b.ID)
	})

	check(t, open, "a child of a job that its key made before waits for that one", func(r *rig) {
		old := task("old")
		r.enqueueKeyed([]*job.Job{old}, key("k", "parent"))
		parent := task("parent")
		child := task("child", parent)
		r.enqueueKeyed([]*job.Job{parent, child}, key("k", "parent"), store.Key{})
		r.equal("parents", r.job(child.ID).DependsOn, []job.ID{old.ID})
		r.equal("the caller's job", child.DependsOn[0].Parent, parent.ID)
		r.complete(r.claimNamed("old")["old"])
		r.checkEdges()
		r.claimNamed("child")
	})

	check(t, open, "there must be a key for each job or none at all", func(r *rig) {
		a, b := task("a"), task("b")
		if _, err := r.s.EnqueueJobs(r.ctx, []*job.Job{a, b}, []store.Key{key("k", "a")}); err == nil {
			r.Errorf("one key for two jobs was taken")
		}
		r.wantAbsent(a.ID, b.ID)
	})

	check(t, open, "a thousand keys take as many statements as one", func(r *rig) {
		count := func(n int, prefix string) int {
			keys := make([]store.Key, n)
			for i := range keys {
				keys[i] = key(fmt.Sprintf("%s%d", prefix, i), "x")
			}
			jobs := tasks(n, "j")
			return r.cost(func() { r.enqueueKeyed(jobs, keys...) })
		}
		one := count(1, "a")
		r.equal("statements", count(1000, "b"), one)
	})

	check(t, open, "batches that share keys in opposite orders do not hold each other up", func(r *rig) {
		for round := range 10 {
			r.each(4, func(i int, s store.Store) error {
				jobs := tasks(20, "j")
				keys := make([]store.Key, len(jobs))
				for n := range keys {
					at := n
					if i%2 == 1 {
						at = len(keys) - 1 - n
					}
					keys[n] = key(fmt.Sprintf("%d %d", round, at), "x")
				}
				_, err := s.EnqueueJobs(r.ctx, jobs, keys)
				return err
			})
			r.equal("jobs", r.runToEnd(), 20)
		}
	})
}

func testKeysOfWorkflows(t *testing.T, open Opener) {
	enqueue := func(r *rig, w *workflow.Workflow, k store.Key) (store.Enqueued, error) {
		r.Helper()
		r.ok(w.Validate(), "validate")
		return r.s.EnqueueWorkflow(r.ctx, w, store.EnqueueOptions{Key: k})
	}

	check(t, open, "the same key and request makes no second workflow", func(r *rig) {
		one, two := graph(task("a")), graph(task("b"))
		_, err := enqueue(r, one, key("k", "w"))
		r.ok(err, "enqueue")
		e, err := enqueue(r, two, key("k", "w"))
		r.ok(err, "enqueue again")
		r.equal("enqueued", e, store.Enqueued{IDs: []job.ID{one.ID}, Existing: []bool{true}})
		r.wantRows("workflows", 1)
		r.claimNamed("a")
	})

	check(t, open, "a workflow's key with another request is refused", func(r *rig) {
		_, err := enqueue(r, graph(task("a")), key("k", "w"))
		r.ok(err, "enqueue")
		_, err = enqueue(r, graph(task("b")), key("k", "other"))
		r.isErr("enqueue again", err, store.ErrKeyReused)
		r.wantRows("workflows", 1)
	})

	check(t, open, "workflows and jobs have keys of their own", func(r *rig) {
		_, err := enqueue(r, graph(task("a")), key("k", "w"))
		r.ok(err, "enqueue")
		e := r.enqueueKeyed([]*job.Job{taskOn("workflow", "b")}, key("k", "j"))
		r.equal("existing", e.Existing, []bool{false})
	})

	check(t, open, "an id that exists without the key is an error and leaves the key free", func(r *rig) {
		w := graph(task("a"))
		r.enqueue(w)
		_, err := enqueue(r, w, key("k", "w"))
		r.isErr("enqueue", err, store.ErrExists)
		r.wantRows("idempotency_keys", 0)
	})

	check(t, open, "two callers with a workflow's key at the same time get one workflow", func(r *rig) {
		for round := range 20 {
			got := make([]store.Enqueued, 2)
			r.each(2, func(i int, s store.Store) (err error) {
				got[i], err = s.EnqueueWorkflow(r.ctx, graph(task("a")), store.EnqueueOptions{Key: key(fmt.Sprint(round), "w")})
				return err
			})
			r.equal("ids", got[0].IDs, got[1].IDs)
			r.equal("existing", got[0].Existing[0] != got[1].Existing[0], true)
		}
		r.wantRows("workflows", 20)
	})
}
