package resolver_test

import (
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
)

func TestWhatAWorkerMayNotSayOrNoDatabaseCanStoreStaysOut(t *testing.T) {
	r := newRig(t)
	var stored []job.Outcome
	r.resolve = func(list []job.Outcome) (store.Resolution, error) {
		stored = list
		return committed(list), nil
	}
	fence := job.Fence{Job: number(1), Epoch: 1, Lease: number(2)}
	r.receive(bus.CompletedSubject(5, "w"), "reply", encode(t, bus.Completed{Worker: "w", Outcomes: []bus.Outcome{
		{Fence: fence, Kind: job.KindLeaseLost, Error: "a\x00b"},
		{Fence: fence, Kind: "made up", Permanent: true, Reason: job.ReasonUser},
		{Fence: fence, Kind: job.KindFailed, Permanent: true, Reason: job.ReasonResultTooLarge, Error: strings.Repeat("é", job.MaxError)},
	}}))
	r.finish("resolve")
	equal(t, "outcomes", len(stored), 3)
	equal(t, "kind only the reaper has", stored[0].Kind, job.KindFailed)
	equal(t, "error", stored[0].Error, "a\uFFFDb")
	equal(t, "kind nobody has", stored[1].Kind, job.KindFailed)
	equal(t, "reason of somebody else", stored[1].Reason, job.ReasonPermanent)
	equal(t, "reason", stored[2].Reason, job.ReasonResultTooLarge)
	equal(t, "bytes of the error", len(stored[2].Error), job.MaxError)
}

func TestAReportThatIsSentAgainTakesThePlaceOfTheOneThatWaits(t *testing.T) {
	r := newRig(t)
	r.report("busy", 1)
	completed := func(reply string, jobs ...int) {
		var list []bus.Outcome
		for _, n := range jobs {
			list = append(list, bus.Outcome{Fence: job.Fence{Job: number(n), Epoch: 1, Lease: number(1)}, Kind: job.KindCompleted})
		}
		r.receive(bus.CompletedSubject(5, "w"), reply, encode(t, bus.Completed{Worker: "w", Outcomes: list}))
	}
	completed("given up", 2)
	completed("again", 2, 3)
	r.finish("resolve")
	r.finish("resolve")
	answers := r.verdicts()
	equal(t, "answers", len(answers), 2)
	equal(t, "verdicts of the second", len(answers["again"]), 2)
	if !r.m.Idle() {
		t.Error("not idle")
	}
}
