package storetest

import (
	"testing"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// storedMeanwhile is what another transaction does between a look at the keys
// and their insert: it stores key b for the job that key a made.
const storedMeanwhile = `INSERT INTO idempotency_keys (scope, "key", hash, id, created_at)
	SELECT scope, 'b', hash, id, created_at FROM idempotency_keys WHERE "key" = 'a'`

// guardedKeys let somebody store a key just before it is stored.
func guardedKeys(t *testing.T, open Opener) {
	check(t, open, "of two keys of which somebody stored one meanwhile, the other makes its job", func(r *rig) {
		a, b, c := task("a"), task("b"), task("c")
		r.enqueueKeyed([]*job.Job{a}, key("a", "same"))
		var e store.Enqueued
		r.ok(r.meddle("insert_keys", storedMeanwhile, func() (err error) {
			e, err = r.s.EnqueueJobs(r.ctx, []*job.Job{b, c}, []store.Key{key("b", "same"), key("c", "c")})
			return err
		}), "enqueue")
		r.equal("ids", e.IDs, []job.ID{a.ID, c.ID})
		r.equal("existing", e.Existing, []bool{true, false})
		r.wantAbsent(b.ID)
		r.claimNamed("a", "c")
	})

	check(t, open, "a key that somebody stored meanwhile for another request is refused", func(r *rig) {
		a, b := task("a"), task("b")
		r.enqueueKeyed([]*job.Job{a}, key("a", "a"))
		r.isErr("enqueue", r.meddle("insert_keys", storedMeanwhile, func() error {
			_, err := r.s.EnqueueJobs(r.ctx, []*job.Job{b}, []store.Key{key("b", "b")})
			return err
		}), store.ErrKeyReused)
		r.wantAbsent(b.ID)
	})

	check(t, open, "a child of two jobs that one key makes waits for that one", func(r *rig) {
		one, two := task("one"), task("two")
		child := task("child", one, two)
		r.enqueueKeyed([]*job.Job{one, two, child}, key("k", "same"), key("k", "same"), store.Key{})
		r.equal("parents", r.job(child.ID).DependsOn, []job.ID{one.ID})
		r.complete(r.claimNamed("one")["one"])
		r.claimNamed("child")
	})
}
