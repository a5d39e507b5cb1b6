package dispatcher_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// Whatever is offered, hinted, claimed, lost and repeated: nobody is claimed
// for beyond what he has on offer, what was claimed is delivered once, and the
// machine never asks for ticks that lead nowhere.
func TestNeverIsMoreClaimedThanWasOffered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRig(t)
		type offer struct {
			left    int
			expires time.Time
		}
		offers := map[string]*offer{} // by worker; each offers once
		delivered := map[job.ID]int{}
		committed := map[job.ID]store.Lease{}
		began := r.now // of the claim under way
		owed := 0
		r.claim = func(grants []store.Grant, repeat bool) ([]store.Lease, error) {
			var leases []store.Lease
			for _, g := range grants {
				if repeat {
					if l, ok := committed[g.Lease]; ok {
						leases = append(leases, l)
						continue
					}
				} else if o := offers[g.Worker]; g.Limit < 1 || g.Limit > o.left || !began.Before(o.expires) {
					t.Fatalf("asks for %d jobs for %s, who offers %d until %s", g.Limit, g.Worker, o.left, o.expires)
				}
				if n := rapid.IntRange(0, g.Limit).Draw(t, "jobs"); n > 0 {
					l := r.lease(g, n)
					committed[g.Lease] = l
					leases = append(leases, l)
				}
			}
			if rapid.IntRange(0, 3).Draw(t, "commit") == 0 {
				if rapid.Bool().Draw(t, "rolled back") {
					for _, l := range leases {
						delete(committed, l.ID)
					}
				}
				return nil, errStore
			}
			for _, l := range leases {
				offers[l.Worker].left -= len(l.Jobs)
				owed += len(l.Jobs)
			}
			return leases, nil
		}
		finish := func(t *rapid.T) {
			if r.running("claim") > 0 {
				r.finish("claim")
				began = r.now // of the next one
			}
		}
		step := func(f func()) {
			before := r.running("claim")
			f()
			if before == 0 && r.running("claim") > 0 {
				began = r.now
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"pull": func(t *rapid.T) {
				w := fmt.Sprintf("w%d", len(offers))
				n := rapid.IntRange(1, 5).Draw(t, "slots")
				offers[w] = &offer{n, r.now.Add(4 * time.Second)}
				step(func() { r.pull("p", w, n) })
			},
			"hint":   func(*rapid.T) { step(r.hint) },
			"finish": finish,
			"pass": func(t *rapid.T) {
				r.now = r.now.Add(time.Duration(rapid.IntRange(1, 3000).Draw(t, "ms")) * time.Millisecond)
				if at := r.m.Wake(); !at.IsZero() && !r.now.Before(at) {
					step(func() { r.step(service.Tick{}) })
				}
			},
			"": func(t *rapid.T) {
				for w := range offers {
					for _, m := range decoded[bus.Deliver](t, r.sent, bus.DeliverSubject(w)) {
						for _, j := range m.Jobs {
							delivered[j.Job]++
							if owed--; delivered[j.Job] != 1 {
								t.Fatalf("job delivered %d times", delivered[j.Job])
							}
						}
					}
				}
				r.take()
				if owed != 0 {
					t.Fatalf("%d jobs claimed and not delivered", owed)
				}
				if at := r.m.Wake(); !at.IsZero() && !at.After(r.now) {
					if step(func() { r.step(service.Tick{}) }); r.running("claim") == 0 && !r.m.Wake().IsZero() && !r.m.Wake().After(r.now) {
						t.Fatalf("a tick at %s led nowhere", r.now)
					}
				}
			},
		})
	})
}
