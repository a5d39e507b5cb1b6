package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
)

// seeWorkers says that workers were heard from.
func (r *rig) seeWorkers(seen ...store.WorkerSeen) {
	r.Helper()
	r.ok(r.s.SeeWorkers(r.ctx, seen), "see workers")
}

// workers lists the workers.
func (r *rig) workers() []store.WorkerRecord {
	r.Helper()
	list, err := r.s.Workers(r.ctx)
	r.ok(err, "workers")
	return list
}

func testWorkers(t *testing.T, open Opener) {
	check(t, open, "a worker is listed as it was seen", func(r *rig) {
		seen := store.WorkerSeen{Name: "w1", Queues: []string{"ant", "bee"}, Slots: 4, Draining: true}
		r.seeWorkers(seen)
		list := r.workers()
		r.equal("workers", len(list), 1)
		r.equal("worker", list[0].WorkerSeen, seen)
		r.equal("running", list[0].Running, 0)
		r.isNear("first seen", list[0].FirstSeenAt.Sub(r.Now()), 0)
		r.isNear("last seen", list[0].LastSeenAt.Sub(r.Now()), 0)
	})

	check(t, open, "a worker that serves every queue is told from one that serves none by name", func(r *rig) {
		r.seeWorkers(store.WorkerSeen{Name: "all"}, store.WorkerSeen{Name: "none", Queues: []string{}})
		list := r.workers()
		r.equal("all", list[0].Queues == nil, true)
		r.equal("none", list[1].Queues != nil && len(list[1].Queues) == 0, true)
	})

	check(t, open, "workers are listed by name", func(r *rig) {
		r.seeWorkers(store.WorkerSeen{Name: "c"}, store.WorkerSeen{Name: "a"}, store.WorkerSeen{Name: "b"})
		var got []string
		for _, w := range r.workers() {
			got = append(got, w.Name)
		}
		r.equal("names", got, []string{"a", "b", "c"})
	})

	check(t, open, "a worker seen again keeps its first time and has its new settings", func(r *rig) {
		r.seeWorkers(store.WorkerSeen{Name: "w", Slots: 1})
		first := r.workers()[0].FirstSeenAt
		r.seeWorkers(store.WorkerSeen{Name: "w", Slots: 2, Queues: []string{"ant"}})
		w := r.workers()[0]
		r.equal("first seen", w.FirstSeenAt, first)
		r.equal("slots", w.Slots, 2)
		r.equal("queues", w.Queues, []string{"ant"})
	})

	check(t, open, "a worker that comes back within ten minutes keeps its first time", func(r *rig) {
		r.seeWorkers(store.WorkerSeen{Name: "w"})
		r.Advance(store.WorkerAway - slack)
		r.seeWorkers(store.WorkerSeen{Name: "w"})
		w := r.workers()[0]
		r.isNear("first seen", r.Now().Sub(w.FirstSeenAt), store.WorkerAway-slack)
		r.isNear("last seen", r.Now().Sub(w.LastSeenAt), 0)
	})

	check(t, open, "a worker unseen for ten minutes is not listed, and comes back as new", func(r *rig) {
		r.seeWorkers(store.WorkerSeen{Name: "w"})
		r.Advance(store.WorkerAway + slack)
		r.equal("workers", len(r.workers()), 0)
		r.seeWorkers(store.WorkerSeen{Name: "w"})
		r.isNear("first seen", r.Now().Sub(r.workers()[0].FirstSeenAt), 0)
	})

	check(t, open, "a worker unseen for a day is forgotten when another is seen", func(r *rig) {
		r.seeWorkers(store.WorkerSeen{Name: "old"})
		r.Advance(23 * time.Hour)
		r.seeWorkers(store.WorkerSeen{Name: "new"})
		r.wantRows("workers", 2)
		r.Advance(2 * time.Hour)
		r.seeWorkers(store.WorkerSeen{Name: "new"})
		r.wantRows("workers", 1)
	})

	check(t, open, "no workers seen is no work", func(r *rig) {
		r.equal("statements", len(r.Statements(func() { r.seeWorkers() })), 0)
	})

	check(t, open, "of a worker that is seen twice at once the last counts", func(r *rig) {
		r.seeWorkers(store.WorkerSeen{Name: "w", Slots: 1}, store.WorkerSeen{Name: "w", Slots: 2})
		list := r.workers()
		r.equal("workers", len(list), 1)
		r.equal("slots", list[0].Slots, 2)
	})

	check(t, open, "a worker runs the jobs that its leases hold and that have not ended", func(r *rig) {
		r.seeWorkers(store.WorkerSeen{Name: "w1"}, store.WorkerSeen{Name: "w2"})
		r.enqueueJobs(tasks(5, "j")...)
		one, two := r.claimLease("w1", 2), r.claimLease("w1", 2)
		r.claimLease("w2", 1)
		r.complete(one.Jobs[0])
		list := r.workers()
		r.equal("w1", list[0].Running, 3)
		r.equal("w2", list[1].Running, 1)
		r.complete(append(two.Jobs, one.Jobs[1])...)
		r.equal("w1 in the end", r.workers()[0].Running, 0)
	})

	check(t, open, "a thousand workers are seen in as many statements as one", func(r *rig) {
		count := func(n int) int {
			seen := make([]store.WorkerSeen, n)
			for i := range seen {
				seen[i] = store.WorkerSeen{Name: fmt.Sprintf("w%04d", i)}
			}
			return r.cost(func() { r.seeWorkers(seen...) })
		}
		one := count(1)
		r.equal("statements", count(1000), one)
		r.equal("workers", len(r.workers()), 1000)
	})

	check(t, open, "dispatchers that see the same workers at the same time do not hold each other up", func(r *rig) {
		r.each(4, func(i int, s store.Store) error {
			for k := range 20 {
				seen := make([]store.WorkerSeen, 10)
				for n := range seen {
					seen[n] = store.WorkerSeen{Name: fmt.Sprintf("w%d", (n*(1+2*i)+k)%10), Slots: i}
				}
				if err := s.SeeWorkers(r.ctx, seen); err != nil {
					return err
				}
			}
			return nil
		})
		r.equal("workers", len(r.workers()), 10)
	})
}
