package storetest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
)

const (
	allPartitions = 64
	resolverTTL   = 30 * time.Minute
)

// shares lets a resolver say that it is alive and returns what it owns.
func (r *rig) shares(resolver string) []int {
	r.Helper()
	own, err := r.s.SharePartitions(r.ctx, resolver, allPartitions, resolverTTL)
	r.ok(err, "share partitions")
	return own
}

// shareOut lets resolvers share until each has let go of what is over and taken
// what is free, and checks that each partition has one owner.
func (r *rig) shareOut(resolvers ...string) map[string][]int {
	r.Helper()
	owned := make(map[string][]int)
	for range 2 {
		for _, name := range resolvers {
			owned[name] = r.shares(name)
		}
	}
	var all []int
	for _, list := range owned {
		all = append(all, list...)
	}
	slices.Sort(all)
	r.equal("partitions that have an owner", all, numbers(0, allPartitions))
	return owned
}

// numbers returns lo to hi-1.
func numbers(lo, hi int) []int {
	var list []int
	for i := lo; i < hi; i++ {
		list = append(list, i)
	}
	return list
}

func testPartitions(t *testing.T, open Opener) {
	check(t, open, "a resolver that is alone owns every partition at once", func(r *rig) {
		r.equal("own", r.shares("a"), numbers(0, allPartitions))
		r.equal("own when it asks again", r.shares("a"), numbers(0, allPartitions))
		r.wantRows("resolvers", 1)
	})

	check(t, open, "a second resolver takes what the first has let go, half of all", func(r *rig) {
		r.shares("a")
		r.equal("b while a owns all", len(r.shares("b")), 0)
		r.equal("a", len(r.shares("a")), allPartitions/2)
		r.equal("b", len(r.shares("b")), allPartitions/2)
		r.shareOut("a", "b")
	})

	check(t, open, "a partition stays with its owner while nobody comes or goes", func(r *rig) {
		before := r.shareOut("a", "b", "c")
		after := r.shareOut("c", "a", "b")
		r.equal("owners", after, before)
	})

	check(t, open, "shares differ by no more than the rounding, however many resolvers there are", func(r *rig) {
		for _, n := range []int{3, 5, 70} {
			var names []string
			for i := range n {
				names = append(names, fmt.Sprintf("r%d", i))
			}
			fair := (allPartitions + n - 1) / n
			for name, list := range r.shareOut(names...) {
				if len(list) > fair {
					r.Errorf("%s of %d owns %d, its share is %d", name, n, len(list), fair)
				}
			}
		}
	})

	check(t, open, "what a silent resolver owned goes to others when its time is over, and not before", func(r *rig) {
		owned := r.shareOut("a", "b")
		r.Advance(resolverTTL - slack)
		r.equal("b before a is given up", r.shares("b"), owned["b"])
		r.Advance(2 * slack)
		r.equal("b after a was given up", r.shares("b"), numbers(0, allPartitions))
		r.wantRows("resolvers", 1)
	})

	check(t, open, "a resolver that was given up and comes back owns nothing that another took", func(r *rig) {
		r.shareOut("a", "b")
		r.Advance(resolverTTL + slack)
		r.shares("b")
		r.equal("a", len(r.shares("a")), 0)
		r.shareOut("a", "b")
	})

	check(t, open, "a resolver that was silent for long keeps what nobody took meanwhile", func(r *rig) {
		own := r.shares("a")
		r.Advance(resolverTTL + slack)
		r.equal("own", r.shares("a"), own)
	})

	check(t, open, "what a resolver leaves is free at once", func(r *rig) {
		r.shareOut("a", "b")
		r.ok(r.s.LeavePartitions(r.ctx, "a"), "leave")
		r.equal("b", r.shares("b"), numbers(0, allPartitions))
		r.wantRows("resolvers", 1)
	})

	check(t, open, "leaving takes nothing from others, and may be repeated", func(r *rig) {
		r.shareOut("a", "b")
		r.ok(r.s.LeavePartitions(r.ctx, "a"), "leave")
		r.shares("b")
		r.ok(r.s.LeavePartitions(r.ctx, "a"), "leave again")
		r.ok(r.s.LeavePartitions(r.ctx, "nobody"), "leave of one who never came")
		r.equal("b", r.shares("b"), numbers(0, allPartitions))
		r.wantRows("resolvers", 1)
	})

	check(t, open, "resolvers whose names differ in case or in a blank are two", func(r *rig) {
		r.shareOut("a", "A", "a ")
		r.wantRows("resolvers", 3)
	})

	check(t, open, "a share that may have been committed is asked for again", func(r *rig) {
		r.shares("a")
		for _, mode := range []BreakMode{CommitHappened, CommitRefused} {
			r.BreakCommit(mode)
			if _, err := r.s.SharePartitions(r.ctx, "b", allPartitions, resolverTTL); err == nil {
				r.Error("a broken commit is no error")
			}
			r.shareOut("a", "b")
		}
	})

	check(t, open, "a partition that another has taken meanwhile is not taken, and nothing else either", func(r *rig) {
		r.shareOut("a", "b")
		r.ok(r.s.LeavePartitions(r.ctx, "a"), "leave")
		err := r.meddle("own_partitions", "UPDATE partitions SET resolver = 'c', expires_at = 9000000000000000 WHERE id = 0", func() error {
			_, err := r.s.SharePartitions(r.ctx, "b", allPartitions, resolverTTL)
			return err
		})
		if err == nil {
			r.Error("it is no error")
		}
		r.equal("b", r.shares("b"), numbers(0, allPartitions)) // all was rolled back
	})

	check(t, open, "a share takes as many statements for all partitions as for one", func(r *rig) {
		r.shares("a")
		all := r.cost(func() { r.shares("a") })
		r.shareOut("a", "b")
		r.equal("statements for half of them", r.cost(func() { r.shares("a") }), all)
	})

	check(t, open, "resolvers that share at the same time never own a partition together", func(r *rig) {
		var mu sync.Mutex
		var owner [allPartitions]string
		note := func(resolver string, own []int) error {
			mu.Lock()
			defer mu.Unlock()
			for _, id := range own {
				if owner[id] != "" {
					return fmt.Errorf("%s and %s own partition %d", owner[id], resolver, id)
				}
				owner[id] = resolver
			}
			return nil
		}
		forget := func(resolver string) {
			mu.Lock()
			defer mu.Unlock()
			for id, name := range owner {
				if name == resolver {
					owner[id] = ""
				}
			}
		}
		r.each(4, func(i int, s store.Store) error {
			name := fmt.Sprintf("r%d", i)
			for k := range 25 {
				forget(name) // the next call may let go
				if k%7 == 5 {
					if err := s.LeavePartitions(r.ctx, name); err != nil {
						return err
					}
				}
				own, err := s.SharePartitions(r.ctx, name, allPartitions, resolverTTL)
				if err != nil {
					return err
				}
				if err := note(name, own); err != nil {
					return err
				}
			}
			return nil
		})
		r.shareOut("r0", "r1", "r2", "r3")
	})
}
