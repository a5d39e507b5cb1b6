package dispatcher_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// claims counts claims, each of which takes a while, and who was asked for.
type claims struct {
	n, most int
	asked   map[string]int
}

// storm lets n workers offer slots over a time, while claims find nothing and
// take a millisecond each.
func storm(r *rig, n int, over time.Duration) *claims {
	c := &claims{asked: make(map[string]int)}
	r.claim = func(grants []store.Grant, _ bool) ([]store.Lease, error) {
		c.n++
		c.most = max(c.most, len(grants))
		for _, g := range grants {
			c.asked[g.Worker]++
		}
		return nil, nil
	}
	began, sent := r.now, 0
	for end := began.Add(over + 2*time.Second); r.now.Before(end); r.now = r.now.Add(time.Millisecond) {
		if r.running("claim") > 0 {
			r.finish("claim")
		}
		for ; sent < n && r.now.Sub(began) >= over*time.Duration(sent)/time.Duration(n); sent++ {
			r.pull("p", fmt.Sprintf("w%d", sent), 10)
		}
		if at := r.m.Wake(); !at.IsZero() && !at.After(r.now) {
			r.step(service.Tick{})
		}
	}
	return c
}

func TestThousandsOfWorkersThatComeAtOnceMakeFewClaims(t *testing.T) {
	for over, most := range map[time.Duration]int{0: 100, time.Second: 500} {
		r := newRig(t)
		c := storm(r, 10_000, over)
		equal(t, "workers asked for", len(c.asked), 10_000)
		if c.n > most {
			t.Errorf("10,000 offers within %s made %d claims", over, c.n)
		}
		if c.most > 500 {
			t.Errorf("a claim had %d grants", c.most)
		}
	}
}

func TestAHintIsFollowedAtOnceAlsoInAStorm(t *testing.T) {
	r := newRig(t)
	storm(r, 400, 200*time.Millisecond)
	for i := range 40 {
		r.pull("late", fmt.Sprintf("late%d", i), 1)
		if r.running("claim") > 0 {
			r.finish("claim")
		}
	}
	equal(t, "claims for offers alone, after many found nothing", r.running("claim"), 0)
	r.hint()
	equal(t, "claims after a hint", r.running("claim"), 1)
}

func TestAnOfferIsFollowedAtOnceInQuietTimes(t *testing.T) {
	r := newRig(t)
	r.record(0)
	for i := range 100 {
		r.pull("p", fmt.Sprintf("w%d", i), 1)
		equal(t, "claims", r.running("claim"), 1)
		r.finish("claim")
		r.now = r.now.Add(20 * time.Millisecond)
	}
}

// However many offers stand, each gets its turn.
func TestOffersBeyondOneClaimAreAskedForInTurns(t *testing.T) {
	r := newRig(t)
	asked := r.record(0)
	for i := range 1200 {
		r.pull("p", fmt.Sprintf("w%d", i), 1)
	}
	for r.running("claim") > 0 {
		r.finish("claim")
	}
	*asked = nil
	r.hint()
	for r.running("claim") > 0 {
		r.finish("claim")
	}
	var sizes []int
	seen := make(map[string]bool)
	leases := make(map[job.ID]bool)
	for _, grants := range *asked {
		sizes = append(sizes, len(grants))
		for _, g := range grants {
			seen[g.Worker], leases[g.Lease] = true, true
		}
	}
	equal(t, "grants of the claims", fmt.Sprint(sizes), "[500 500 200]")
	equal(t, "workers", len(seen), 1200)
	equal(t, "leases", len(leases), 1200)
}
