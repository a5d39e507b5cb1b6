package resolver_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/services/resolver"
)

// sizes makes the store commit everything and returns how many outcomes each
// transaction took.
func (r *rig) sizes() *[]int {
	var list []int
	r.resolve = func(o []job.Outcome) (store.Resolution, error) {
		list = append(list, len(o))
		return committed(o), nil
	}
	return &list
}

func upTo(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i + 10
	}
	return list
}

func TestAVerdictComesOnlyAfterTheCommit(t *testing.T) {
	r := newRig(t)
	r.report("reply", 10)
	equal(t, "answers before the commit", len(r.verdicts()), 0)
	if r.m.Idle() {
		t.Error("idle during a transaction")
	}
	r.finish("resolve")
	if got, want := r.verdicts(), map[string][]job.Verdict{"reply": {job.Committed}}; !reflect.DeepEqual(got, want) {
		t.Errorf("answers %v, want %v", got, want)
	}
	if !r.m.Idle() {
		t.Error("not idle after the answer")
	}
}

func TestAnOutcomeReachesTheStoreAsItsWorkerToldIt(t *testing.T) {
	r := newRig(t)
	after := job.Duration(3 * time.Second)
	sent := bus.Outcome{
		Fence: job.Fence{Job: number(10), Epoch: 4, Lease: number(11)}, Kind: job.KindFailed, Result: bus.Text(`{"a":  1}`),
		Error: "no", Permanent: true, Reason: job.ReasonResultTooLarge, RetryAfter: &after,
	}
	var got []job.Outcome
	r.resolve = func(o []job.Outcome) (store.Resolution, error) { got = o; return committed(o), nil }
	r.receive(bus.CompletedSubject(63, "w"), "reply", encode(t, bus.Completed{Worker: "w", Outcomes: []bus.Outcome{sent}}))
	r.finish("resolve")
	want := []job.Outcome{{
		Fence: sent.Fence, Kind: job.KindFailed, Result: []byte(`{"a":  1}`), Error: "no", Permanent: true,
		Reason: job.ReasonResultTooLarge, RetryAfter: &after,
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestWhatOnlyTheReaperMaySayIsAPlainFailure(t *testing.T) {
	for _, kind := range []job.Kind{job.KindLeaseLost, "", "nonsense"} {
		r := newRig(t)
		var got []job.Outcome
		r.resolve = func(o []job.Outcome) (store.Resolution, error) { got = o; return committed(o), nil }
		r.receive(bus.CompletedSubject(0, "w"), "reply", encode(t, bus.Completed{Worker: "w", Outcomes: []bus.Outcome{{Kind: kind}}}))
		r.finish("resolve")
		equal(t, "kind", got[0].Kind, job.KindFailed)
	}
}

func TestWhatArrivesDuringATransactionGoesIntoTheNext(t *testing.T) {
	r := newRig(t)
	sizes := r.sizes()
	r.report("a", 10)
	r.report("b", 11, 12)
	r.report("c", 13)
	equal(t, "transactions under way", r.running("resolve"), 1)
	r.finish("resolve")
	equal(t, "answers", len(r.verdicts()), 1)
	r.finish("resolve")
	answers := r.verdicts()
	equal(t, "verdicts for b", len(answers["b"]), 2)
	equal(t, "verdicts for c", len(answers["c"]), 1)
	if want := []int{1, 3}; !reflect.DeepEqual(*sizes, want) {
		t.Errorf("outcomes per transaction %v, want %v", *sizes, want)
	}
}

func TestATransactionTakesAtMostABatch(t *testing.T) {
	r := newRig(t, func(c *resolver.Config) { c.Batch = 5 })
	sizes := r.sizes()
	r.report("first", 10)
	for _, reply := range []string{"a", "b", "c"} {
		r.report(reply, 10, 11)
	}
	r.report("large", upTo(12)...)
	for r.running("resolve") > 0 {
		r.finish("resolve")
	}
	if want := []int{1, 4, 2, 5, 5, 2}; !reflect.DeepEqual(*sizes, want) {
		t.Errorf("outcomes per transaction %v, want %v", *sizes, want)
	}
	answers := r.verdicts()
	equal(t, "answers", len(answers), 5)
	equal(t, "verdicts for the large report", len(answers["large"]), 12)
}

func TestAnEmptyReportIsAnsweredAtOnce(t *testing.T) {
	r := newRig(t)
	r.report("reply")
	equal(t, "transactions", r.running("resolve"), 0)
	answers := r.verdicts()
	if v, ok := answers["reply"]; !ok || len(v) != 0 {
		t.Errorf("answers %v, want one without verdicts", answers)
	}
}

func TestAFailedTransactionIsRepeatedWithTheSameOutcomesAfterABackOff(t *testing.T) {
	r := newRig(t)
	var tries [][]job.Outcome
	r.resolve = func(o []job.Outcome) (store.Resolution, error) {
		if tries = append(tries, o); len(tries) < 3 {
			return store.Resolution{}, errStore
		}
		return committed(o), nil
	}
	r.report("a", 10, 11)
	began := r.now
	r.finish("resolve")
	r.report("b", 12) // waits for its turn
	equal(t, "transactions under way", r.running("resolve"), 0)
	if r.m.Idle() {
		t.Error("idle while a transaction is to be repeated")
	}
	r.retry()
	if d := r.now.Sub(began); d < 50*time.Millisecond || d > 200*time.Millisecond {
		t.Errorf("repeated after %s", d)
	}
	r.finish("resolve")
	r.retry()
	equal(t, "answers before the commit", len(r.verdicts()), 0)
	r.finish("resolve")
	for _, o := range tries {
		if !reflect.DeepEqual(o, tries[0]) {
			t.Errorf("a try took %v, the first %v", o, tries[0])
		}
	}
	equal(t, "answers", len(r.verdicts()), 1)
	equal(t, "transactions under way for b", r.running("resolve"), 1)
	equal(t, "errors counted", testutil.ToFloat64(r.metrics.Errors), 2)
}

// Wherever it stands: the outcome that cannot be stored is found, its worker is
// told to come again, and all others are committed.
func TestAnOutcomeThatCannotBeStoredDoesNotHoldUpTheOthers(t *testing.T) {
	for _, poison := range []int{0, 1, 50, 99} {
		t.Run(fmt.Sprint(poison), func(t *testing.T) {
			r := newRig(t)
			var after []int // sizes of the transactions after it was found
			lone := 0
			r.resolve = func(o []job.Outcome) (store.Resolution, error) {
				if slices.ContainsFunc(o, func(o job.Outcome) bool { return o.Job == number(poison+10) }) {
					if len(o) == 1 {
						lone++
					}
					return store.Resolution{}, errStore
				}
				if lone > 0 {
					after = append(after, len(o))
				}
				return committed(o), nil
			}
			r.report("busy", 9) // so that the next two go together
			r.report("a", upTo(100)[:60]...)
			r.report("b", upTo(100)[60:]...)
			began := r.now
			for tries := 0; len(r.calls) > 0 || !r.m.Idle(); tries++ {
				if tries == 1000 {
					t.Fatal("it is never found")
				}
				r.retry()
				r.finish("resolve")
			}
			equal(t, "tries of it alone", lone, 3)
			if d := r.now.Sub(began); d > 10*time.Second {
				t.Errorf("the others waited %s", d)
			}
			answers := r.verdicts()
			verdicts := append(answers["a"], answers["b"]...)
			for i, v := range verdicts {
				want := job.Committed
				if i == poison {
					want = job.Retry
				}
				if v != want {
					t.Errorf("verdict %d is %s, want %s", i, v, want)
				}
			}
			equal(t, "verdicts", len(verdicts), 100)
			if len(after) > 1 {
				t.Errorf("after it was found the rest took transactions of %v", after)
			}
		})
	}
}

func TestAResolverThatIsTooBusyAsksWorkersToComeAgain(t *testing.T) {
	r := newRig(t, func(c *resolver.Config) { c.Batch, c.Queue = 2, 4 })
	r.report("running", 10)
	r.report("a", 11, 12, 13)
	r.report("b", 14, 15) // one too many
	answers := r.verdicts()
	if want := map[string][]job.Verdict{"b": {job.Retry, job.Retry}}; !reflect.DeepEqual(answers, want) {
		t.Errorf("answers %v, want %v", answers, want)
	}
	equal(t, "counted", testutil.ToFloat64(r.metrics.Overloaded), 1)
	for r.running("resolve") > 0 {
		r.finish("resolve")
	}
	r.report("running", 10)
	r.report("giant", upTo(20)...) // larger than the queue, but nothing else waits
	r.verdicts()
	for r.running("resolve") > 0 {
		r.finish("resolve")
	}
	equal(t, "verdicts for the giant", len(r.verdicts()["giant"]), 20)
}

func TestAStopAnswersWhatHasArrived(t *testing.T) {
	r := newRig(t)
	failed := false
	r.resolve = func(o []job.Outcome) (store.Resolution, error) {
		if !failed {
			failed = true
			return store.Resolution{}, errStore
		}
		return committed(o), nil
	}
	r.report("a", 10)
	r.report("b", 11)
	r.step(service.Stop{})
	for range 3 {
		if r.m.Idle() {
			t.Fatal("idle while reports wait")
		}
		r.retry()
		r.finish("resolve")
	}
	equal(t, "answers", len(r.verdicts()), 2)
	if !r.m.Idle() {
		t.Error("not idle")
	}
	equal(t, "wake", r.m.Wake(), time.Time{})
}

func TestWhatWasCommittedBeforeAnErrorIsAnnounced(t *testing.T) {
	r := newRig(t)
	calls := 0
	r.resolve = func(o []job.Outcome) (store.Resolution, error) {
		if calls++; calls == 1 {
			return store.Resolution{Verdicts: []job.Verdict{job.Committed}, Queues: []string{"q"}}, errStore
		}
		equal(t, "outcomes that are left", len(o), 2)
		return committed(o), nil
	}
	r.report("reply", 10, 11, 12)
	r.finish("resolve")
	equal(t, "hints before the answer", len(r.sent), 1)
	r.finish("resolve")
	equal(t, "verdicts", len(r.verdicts()["reply"]), 3)
}
