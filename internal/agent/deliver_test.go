package agent_test

import (
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
)

func TestACopyOfADeliveryIsIgnored(t *testing.T) {
	moments := []struct {
		name string
		then func(*rig)
	}{
		{"while its job runs", func(*rig) {}},
		{"before the verdict", func(r *rig) { r.finish(100, 10) }},
		{"after the verdict", func(r *rig) { r.finish(100, 10); r.answer(job.Committed) }},
		{"after a stale verdict", func(r *rig) { r.finish(100, 10); r.answer(job.Stale) }},
	}
	for _, moment := range moments {
		t.Run(moment.name, func(t *testing.T) {
			r := newRig(t, slots(5))
			pull := r.pulls[0].ID
			r.deliver(pull, 100, 10)
			moment.then(r)
			r.started()
			r.asks = nil
			r.deliver(pull, 100, 10)
			equal(t, "started again", r.started(), "")
			equal(t, "reports", len(r.asks), 0)
		})
	}
}

func TestTheSameJobUnderANewLeaseIsANewAttempt(t *testing.T) {
	r := newRig(t, slots(5))
	pull := r.pulls[0].ID
	r.deliver(pull, 100, 10)
	r.finish(100, 10)
	r.answer(job.Committed)
	r.deliver(pull, 101, 10)
	equal(t, "started", r.started(), "10 10")
}

func TestACopyOfAGivenBackJobIsGivenBackOnce(t *testing.T) {
	r := newRig(t, slots(1))
	pull := r.pulls[0].ID
	r.deliver(pull, 100, 10)
	r.deliver(pull, 101, 11)
	r.deliver(pull, 101, 11)
	equal(t, "outcomes", len(r.report().Outcomes), 1)
	r.answer(job.Committed)
	r.finish(100, 10)
	r.answer(job.Committed)
	r.deliver(pull, 101, 11)
	equal(t, "started", r.started(), "10")
	equal(t, "reports", len(r.asks), 0)
}

func TestWhatRanLongAgoIsForgottenInTheEnd(t *testing.T) {
	r := newRig(t, slots(400))
	for n := 0; n < 10_001; {
		p := r.pulls[len(r.pulls)-1]
		var jobs []int
		for range min(p.Offers[0].Slots, 10_001-n) {
			n++
			jobs = append(jobs, n)
		}
		r.deliver(p.ID, 1<<20, jobs...)
		for _, j := range jobs {
			r.finish(1<<20, j)
		}
		for len(r.asks) > 0 {
			r.answer(job.Committed)
		}
		r.pass(2 * time.Millisecond)
	}
	r.started()
	r.deliver(r.pulls[len(r.pulls)-1].ID, 1<<20, 2)
	equal(t, "a copy of the last but 9,999", r.started(), "")
	r.deliver(r.pulls[len(r.pulls)-1].ID, 1<<20, 1)
	equal(t, "a copy of the last but 10,000", r.started(), "1") // its lease has expired long ago
}
