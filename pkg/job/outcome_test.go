package job

import (
	"testing"
	"time"
)

func TestWhatAnOutcomeMakesOfItsJob(t *testing.T) {
	after := Duration(42 * time.Second)
	negative := Duration(-1)
	fresh := Standing{Retry: RetryPolicy{Jitter: NoJitter}}
	last := Standing{Attempts: 2, Retry: RetryPolicy{Jitter: NoJitter}}
	with := func(s Standing, change func(*Standing)) Standing { change(&s); return s }
	draining := func(s *Standing) { s.Draining = true }
	cancelling := func(s *Standing) { s.Cancelling = true }
	both := func(s *Standing) { s.Draining, s.Cancelling = true, true }

	failed, permanent := Outcome{Kind: KindFailed}, Outcome{Kind: KindFailed, Permanent: true}
	tooLarge := Outcome{Kind: KindFailed, Permanent: true, Reason: ReasonResultTooLarge}
	tests := []struct {
		what string
		o    Outcome
		s    Standing
		want Next
	}{
		{"completed", Outcome{Kind: KindCompleted}, fresh, Next{Status: Completed, Attempts: 1}},
		{"completed on the last attempt", Outcome{Kind: KindCompleted}, last, Next{Status: Completed, Attempts: 3}},
		{"completed while draining", Outcome{Kind: KindCompleted}, with(fresh, draining), Next{Status: Completed, Attempts: 1}},
		{"completed while cancelling", Outcome{Kind: KindCompleted}, with(fresh, cancelling), Next{Status: Completed, Attempts: 1}},

		{"failed", failed, fresh, Next{Status: Retrying, Delay: time.Second, Attempts: 1}},
		{"failed a second time", failed, with(fresh, func(s *Standing) { s.Attempts = 1 }), Next{Status: Retrying, Delay: 2 * time.Second, Attempts: 2}},
		{"failed with a delay of its own", Outcome{Kind: KindFailed, RetryAfter: &after}, fresh, Next{Status: Retrying, Delay: 42 * time.Second, Attempts: 1}},
		{"failed with a negative delay", Outcome{Kind: KindFailed, RetryAfter: &negative}, fresh, Next{Status: Retrying, Attempts: 1}},
		{"failed on the last attempt", failed, last, Next{Status: Dead, Reason: ReasonExhausted, Attempts: 3}},
		{"failed on the last attempt, asking for another", Outcome{Kind: KindFailed, RetryAfter: &after}, last, Next{Status: Dead, Reason: ReasonExhausted, Attempts: 3}},
		{"failed while draining", failed, with(fresh, draining), Next{Status: Dead, Reason: ReasonFailFast, Attempts: 1}},
		{"failed on the last attempt while draining", failed, with(last, draining), Next{Status: Dead, Reason: ReasonExhausted, Attempts: 3}},
		{"failed while cancelling", failed, with(fresh, cancelling), Next{Status: Cancelled, Reason: ReasonUser, Attempts: 1}},
		{"failed with one attempt allowed", failed, Standing{Retry: RetryPolicy{MaxAttempts: 1}}, Next{Status: Dead, Reason: ReasonExhausted, Attempts: 1}},

		{"failed for good", permanent, fresh, Next{Status: Failed, Reason: ReasonPermanent, Attempts: 1}},
		{"failed for good on the last attempt", permanent, last, Next{Status: Failed, Reason: ReasonPermanent, Attempts: 3}},
		{"failed for good while draining", permanent, with(fresh, draining), Next{Status: Failed, Reason: ReasonPermanent, Attempts: 1}},
		{"failed for good while cancelling", permanent, with(fresh, cancelling), Next{Status: Failed, Reason: ReasonPermanent, Attempts: 1}},
		{"failed while its workflow is over time", failed, with(fresh, func(s *Standing) { s.Cancelling, s.Deadline = true, true }), Next{Status: Cancelled, Reason: ReasonDeadline, Attempts: 1}},
		{"failed for good, with a reason", tooLarge, fresh, Next{Status: Failed, Reason: ReasonResultTooLarge, Attempts: 1}},

		{"timed out", Outcome{Kind: KindTimedOut}, fresh, Next{Status: Retrying, Delay: time.Second, Attempts: 1}},
		{"timed out on the last attempt", Outcome{Kind: KindTimedOut}, last, Next{Status: TimedOut, Reason: ReasonTimeout, Attempts: 3}},
		{"timed out while draining", Outcome{Kind: KindTimedOut}, with(fresh, draining), Next{Status: TimedOut, Reason: ReasonFailFast, Attempts: 1}},
		{"timed out while cancelling", Outcome{Kind: KindTimedOut}, with(fresh, cancelling), Next{Status: Cancelled, Reason: ReasonUser, Attempts: 1}},

		{"lost with its worker", Outcome{Kind: KindLeaseLost}, fresh, Next{Status: Retrying, Attempts: 1}},
		{"lost on the last attempt", Outcome{Kind: KindLeaseLost}, last, Next{Status: Dead, Reason: ReasonLeaseLost, Attempts: 3}},
		{"lost while draining", Outcome{Kind: KindLeaseLost}, with(fresh, draining), Next{Status: Dead, Reason: ReasonFailFast, Attempts: 1}},
		{"lost while cancelling", Outcome{Kind: KindLeaseLost}, with(fresh, cancelling), Next{Status: Cancelled, Reason: ReasonUser, Attempts: 1}},

		{"stopped by its context", Outcome{Kind: KindCancelled}, fresh, Next{Status: Retrying, Attempts: 1}},
		{"stopped on the last attempt", Outcome{Kind: KindCancelled}, last, Next{Status: Dead, Reason: ReasonExhausted, Attempts: 3}},
		{"stopped while draining", Outcome{Kind: KindCancelled}, with(fresh, draining), Next{Status: Cancelled, Reason: ReasonFailFast, Attempts: 1}},
		{"stopped while cancelling", Outcome{Kind: KindCancelled}, with(fresh, cancelling), Next{Status: Cancelled, Reason: ReasonUser, Attempts: 1}},

		{"given back", Outcome{Kind: KindGivenBack}, fresh, Next{Status: Pending, GiveBacks: 1}},
		{"given back between attempts", Outcome{Kind: KindGivenBack}, last, Next{Status: Retrying, Attempts: 2, GiveBacks: 1}},
		{"given back the ninth time", Outcome{Kind: KindGivenBack}, Standing{GiveBacks: 8}, Next{Status: Pending, GiveBacks: 9}},
		{"given back the tenth time", Outcome{Kind: KindGivenBack}, Standing{GiveBacks: 9}, Next{Status: Dead, Reason: ReasonLeaseLost, GiveBacks: 10}},
		{"given back while draining", Outcome{Kind: KindGivenBack}, with(fresh, draining), Next{Status: Cancelled, Reason: ReasonFailFast, GiveBacks: 1}},
		{"given back while cancelling", Outcome{Kind: KindGivenBack}, with(fresh, cancelling), Next{Status: Cancelled, Reason: ReasonUser, GiveBacks: 1}},
		{"given back while draining and cancelling", Outcome{Kind: KindGivenBack}, with(fresh, both), Next{Status: Cancelled, Reason: ReasonUser, GiveBacks: 1}},
		{"an attempt ends the row of give-backs", failed, Standing{GiveBacks: 9, Retry: fresh.Retry}, Next{Status: Retrying, Delay: time.Second, Attempts: 1}},
	}
	for _, tt := range tests {
		if got := EndAttempt(tt.o, tt.s, 0.5); got != tt.want {
			t.Errorf("%s:\n got  %+v\n want %+v", tt.what, got, tt.want)
		}
	}
}

func TestNothingIsAttemptedAgainInAWorkflowThatStops(t *testing.T) {
	kinds := []Kind{KindCompleted, KindFailed, KindTimedOut, KindCancelled, KindGivenBack, KindLeaseLost}
	for _, kind := range kinds {
		for attempts := range 4 {
			for _, s := range []Standing{{Attempts: attempts, Draining: true}, {Attempts: attempts, Cancelling: true}} {
				if next := EndAttempt(Outcome{Kind: kind}, s, 0.5); !next.Status.Terminal() {
					t.Errorf("%s in %+v goes on as %s", kind, s, next.Status)
				}
			}
		}
	}
}
