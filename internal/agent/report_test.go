package agent_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/pkg/job"
)

func TestAnOutcomeIsReportedAsItIsToItsWorkflowsPartition(t *testing.T) {
	r := newRig(t, slots(5))
	r.deliver(r.pulls[0].ID, 100, 10)
	after := job.Duration(time.Minute)
	r.end(100, 10, job.Outcome{Kind: job.KindFailed, Error: "no", Permanent: true, Reason: job.ReasonResultTooLarge, RetryAfter: &after})
	partition := bus.PartitionOf(number(1), number(100))
	want := bus.Completed{Worker: "w", Partition: partition, Outcomes: []bus.Outcome{{
		Fence: job.Fence{Job: number(10), Epoch: 3, Lease: number(100)}, Kind: job.KindFailed, Error: "no", Permanent: true,
		Reason: job.ReasonResultTooLarge, RetryAfter: &after,
	}}}
	if got := r.report(); !reflect.DeepEqual(got, want) {
		t.Errorf("reported %+v, want %+v", got, want)
	}
	equal(t, "subject", r.asks[0].Subject, bus.CompletedSubject(partition, "w"))
}

func TestAnOutcomeIsKeptOverLostAnswersUntilItsVerdict(t *testing.T) {
	r := newRig(t, slots(5))
	r.deliver(r.pulls[0].ID, 100, 10)
	r.finish(100, 10)
	first := r.report()
	last := time.Duration(0)
	for range 10 {
		r.loseReport()
		r.loseReport() // nor by any other resolver
		lost := r.now
		equal(t, "reports without a back-off", len(r.asks), 0)
		for len(r.asks) == 0 {
			r.pass(10 * time.Millisecond)
		}
		last = r.now.Sub(lost)
		if !reflect.DeepEqual(r.report(), first) {
			t.Fatalf("reported %+v, first %+v", r.report(), first)
		}
		if r.beats != nil {
			r.beaten(fine)
		}
		if r.m.Idle() {
			t.Fatal("idle with an outcome that has no verdict")
		}
	}
	if last < 2*time.Second || last > 5*time.Second {
		t.Errorf("the last try came after %s", last)
	}
	r.answer(job.Committed)
	if !r.m.Idle() {
		t.Error("not idle after the verdict")
	}
	r.pass(time.Minute)
	equal(t, "reports after the verdict", len(r.asks), 0)
}

// A partition may have no owner for a while, or one that hangs.
func TestAReportThatIsNotAnsweredGoesToAnyResolverAtOnceAndToItsPartitionAfterAPause(t *testing.T) {
	r := newRig(t, slots(5))
	r.deliver(r.pulls[0].ID, 100, 10)
	r.finish(100, 10)
	owner, first := r.asks[0].Subject, r.report()
	for range 3 {
		r.loseReport()
		equal(t, "subject of the second try", r.asks[0].Subject, bus.AnyCompletedSubject("w"))
		if got := r.report(); !reflect.DeepEqual(got, first) {
			t.Fatalf("reported %+v, first %+v", got, first)
		}
		r.loseReport()
		equal(t, "reports without a back-off", len(r.asks), 0)
		for len(r.asks) == 0 {
			r.pass(10 * time.Millisecond)
		}
		equal(t, "subject after the pause", r.asks[0].Subject, owner)
	}
	r.loseReport()
	r.answer(job.Committed)
	if !r.m.Idle() {
		t.Error("not idle after the verdict of any resolver")
	}
	r.deliver(r.pulls[0].ID, 101, 11)
	r.finish(101, 11)
	equal(t, "subject of the next report", r.asks[0].Subject, owner)
}

func TestWhatEndsWhileAReportIsUnderWayGoesTogether(t *testing.T) {
	r := newRig(t, slots(5))
	r.deliver(r.pulls[0].ID, 100, 10, 11, 12)
	r.finish(100, 10)
	r.finish(100, 11)
	r.finish(100, 12)
	equal(t, "reports under way", len(r.asks), 1)
	r.answer(job.Committed)
	equal(t, "outcomes of the second", len(r.report().Outcomes), 2)
}

func TestTwoPartitionsDoNotWaitForEachOther(t *testing.T) {
	r := newRig(t, slots(5))
	for i, w := range []int{1, 2} {
		d := bus.Deliver{Pull: r.pulls[0].ID, Lease: number(100), Jobs: []bus.Job{{Job: number(10 + i), Epoch: 3, Workflow: number(w), Queue: "q"}}}
		r.hear(bus.DeliverSubject("w"), encode(t, d))
	}
	r.finish(100, 10)
	r.finish(100, 11)
	equal(t, "reports under way", len(r.asks), 2)
}

func TestAReportIsBoundedByCountAndBytes(t *testing.T) {
	r := newRig(t, slots(1000))
	var jobs []int
	for n := 1; n <= 600; n++ {
		jobs = append(jobs, n)
	}
	r.deliver(r.pulls[0].ID, 1000, jobs...)
	large := strings.Repeat(`"`, 256<<10) // escaped, twice that
	for n := 1; n <= 600; n++ {
		o := job.Outcome{Kind: job.KindCompleted, Result: []byte("null")}
		if n > 590 {
			o.Result = []byte(large)
		}
		r.end(1000, n, o)
	}
	seen := map[job.ID]bool{}
	for len(r.asks) > 0 {
		list := r.report().Outcomes // step checks the size
		if len(list) > 200 {
			t.Errorf("a report of %d outcomes", len(list))
		}
		for _, o := range list {
			if seen[o.Job] {
				t.Errorf("job %s is reported twice", o.Job)
			}
			seen[o.Job] = true
		}
		r.answer(job.Committed)
	}
	equal(t, "outcomes reported", len(seen), 600)
	if !r.m.Idle() {
		t.Error("not idle")
	}
}

func TestARejectedResultIsReportedAsAPermanentFailure(t *testing.T) {
	r := newRig(t, slots(5))
	r.deliver(r.pulls[0].ID, 100, 10)
	r.finish(100, 10)
	r.answer(job.Rejected)
	o := r.report().Outcomes[0]
	equal(t, "kind", o.Kind, job.KindFailed)
	equal(t, "permanent", o.Permanent, true)
	equal(t, "fence", o.Fence, job.Fence{Job: number(10), Epoch: 3, Lease: number(100)})
	if !strings.Contains(o.Error, "refused") || len(o.Result) > 0 {
		t.Errorf("outcome %+v", o)
	}
	r.answer(job.Rejected) // of a failure there is nothing else to say
	if !r.m.Idle() {
		t.Error("not idle")
	}
}

func TestAnOutcomeThatNoMessageTakesIsReportedAsAPermanentFailure(t *testing.T) {
	r := newRig(t, slots(5))
	r.deliver(r.pulls[0].ID, 100, 10, 11)
	var list []job.Spawned
	size := 0
	for range 300 {
		s := job.Spawned{Job: job.New("q", json.RawMessage(`"`+strings.Repeat(`\\`, 420)+`"`))} // each backslash is escaped once more
		list, size = append(list, s), size+s.Size()
	}
	result := []byte(`"` + strings.Repeat(`\\`, 131_000) + `"`)
	if size > job.MaxSpawnedBytes || len(result) > job.MaxResult {
		t.Fatalf("%d and %d bytes: over their limits", size, len(result))
	}
	r.end(100, 10, job.Outcome{Kind: job.KindCompleted, Result: result, Spawned: list}) // step checks the size
	o := r.report().Outcomes[0]
	equal(t, "fence", o.Fence, job.Fence{Job: number(10), Epoch: 3, Lease: number(100)})
	equal(t, "kind", o.Kind, job.KindFailed)
	equal(t, "permanent", o.Permanent, true)
	equal(t, "reason", o.Reason, job.ReasonPermanent)
	if !strings.Contains(o.Error, "1048576") || len(o.Result) > 0 || len(o.Spawned) > 0 {
		t.Errorf("outcome %+v", o)
	}
	r.finish(100, 11)
	r.answer(job.Committed)
	equal(t, "the other", r.report().Outcomes[0].Kind, job.KindCompleted)
	r.answer(job.Committed)
	if !r.m.Idle() {
		t.Error("not idle")
	}
}

func TestARetryVerdictSendsTheOutcomeAgainAlone(t *testing.T) {
	r := newRig(t, slots(5))
	r.deliver(r.pulls[0].ID, 100, 10, 11)
	r.finish(100, 10)
	r.answer(job.Retry)
	equal(t, "reports at once", len(r.asks), 0)
	r.pass(200 * time.Millisecond)
	equal(t, "outcome", r.report().Outcomes[0].Job, number(10))
	r.answer(job.Committed)
	r.finish(100, 11)
	r.answer(job.Committed)
	if !r.m.Idle() {
		t.Error("not idle")
	}
}

func TestAnAnswerWithAnotherNumberOfVerdictsIsNone(t *testing.T) {
	r := newRig(t, slots(5))
	r.deliver(r.pulls[0].ID, 100, 10)
	r.finish(100, 10)
	ask := r.asks[0]
	r.asks = nil
	r.step(ask.Then(encode(t, bus.CompletedReply{}), nil))
	if r.m.Idle() {
		t.Error("idle")
	}
	r.pass(200 * time.Millisecond)
	equal(t, "reports", len(r.asks), 1)
}

func TestAStopDrainsAndThenStopsTheHandlers(t *testing.T) {
	r := newRig(t, slots(5))
	pull := r.pulls[0].ID
	r.deliver(pull, 100, 10, 11)
	r.step(service.Stop{})
	r.deliver(pull, 101, 12) // was on its way
	equal(t, "started", r.started(), "10 11")
	equal(t, "given back", r.report().Outcomes[0].Kind, job.KindGivenBack)
	r.answer(job.Committed)
	r.finish(100, 10)
	r.answer(job.Committed)
	for passed := time.Duration(0); passed < drain-time.Second; passed += time.Second {
		r.pass(time.Second)
		if r.beats != nil {
			r.beaten(fine) // leases are prolonged meanwhile
		}
	}
	equal(t, "handlers stopped within the drain", len(r.stops), 0)
	equal(t, "offers", len(r.pulls), 1)
	r.pass(time.Second)
	if len(r.stops) != 1 || r.stops[0].Key != key(100, 11) {
		t.Errorf("handlers stopped after the drain: %v", r.stops)
	}
	if r.m.Idle() {
		t.Error("idle while a handler runs")
	}
	r.pass(time.Minute)
	equal(t, "handlers are stopped once", len(r.stops), 1)
	r.end(100, 11, job.Outcome{Kind: job.KindCancelled})
	if r.m.Idle() {
		t.Error("idle while an outcome has no verdict")
	}
	r.answer(job.Committed)
	if !r.m.Idle() {
		t.Error("not idle")
	}
	equal(t, "wake", r.m.Wake(), time.Time{})
}
