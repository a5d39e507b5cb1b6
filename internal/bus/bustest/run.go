package bustest

import (
	"context"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
)

// patience is how long a test waits for what must come.
const patience = time.Minute

// Run holds the buses that open returns to the contract of bus.Bus. Each call
// of open returns a fresh bus with a Close method, which the caller closes
// again when the test ends; Close may be called twice.
func Run(t *testing.T, open func(t *testing.T) bus.Bus) {
	tests := []struct {
		name string
		run  func(t *testing.T, b bus.Bus)
	}{
		{"a subscription handles messages in the order they were sent", keepsOrder},
		{"a subscription handles one message at a time", handlesOneAtATime},
		{"everybody who subscribes gets the message", reachesEverybody},
		{"a message goes to its subject only", reachesItsSubjectOnly},
		{"a star stands for exactly one token", starIsOneToken},
		{"a closing angle bracket stands for one token or more", restIsOneTokenOrMore},
		{"the payload arrives byte for byte", keepsBytes},
		{"the sender may reuse its buffer", copiesTheBuffer},
		{"a message that nobody wants is no error", publishNeedsNobody},
		{"a published message wants no answer", publishHasNoReply},
		{"a subject that is no subject is refused", refusesBadSubjects},
		{"the largest message passes and a larger one is not sent", boundsTheSize},
		{"concurrent senders lose nothing and keep their own order", takesConcurrentSenders},

		{"one member of a group gets each message", groupGetsItOnce},
		{"a group is one group across overlapping patterns", groupSpansPatterns},
		{"two groups and a subscriber without group all get the message", groupsAreApart},
		{"a group whose member left goes on with the others", groupOutlivesMembers},

		{"a request gets its answer", requestIsAnswered},
		{"an empty answer is an answer", requestTakesEmptyAnswer},
		{"the first of several answers counts", requestTakesFirstAnswer},
		{"many requests at a time get each their own answer", requestsStayApart},
		{"a request that nobody hears fails at once", requestNeedsResponder},
		{"a request that nobody answers ends with its context", requestEndsWithContext},
		{"a request under a done context is not sent", requestHonorsDoneContext},
		{"a request to a group is handled by one member", requestReachesOneMember},

		{"a blocked handler holds up its own subscription only", blocksItselfOnly},
		{"a handler may publish, request, subscribe and unsubscribe", handlerMayDoAnything},
		{"unsubscribe ends the subscription", unsubscribeEnds},
		{"what was received before unsubscribe is still handled", unsubscribeKeepsReceived},
		{"unsubscribe twice is no error", unsubscribeTwice},

		{"names of any bytes make subjects of their own", hostileNamesStayApart},
		{"the longest name fits into every subject", longestNameFits},

		{"close handles what was received, and handlers may still publish", closeDrains},
		{"a closed bus refuses everything", closedRefuses},
		{"close ends a waiting request", closeEndsRequests},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// subscribe collects the messages of a subscription.
func subscribe(t *testing.T, b bus.Bus, subject, group string) (<-chan bus.Message, bus.Subscription) {
	t.Helper()
	ch := make(chan bus.Message, 10_000)
	return ch, handle(t, b, subject, group, func(m bus.Message) { ch <- m })
}

func handle(t *testing.T, b bus.Bus, subject, group string, f func(bus.Message)) bus.Subscription {
	t.Helper()
	s, err := b.Subscribe(subject, group, f)
	if err != nil {
		t.Fatalf("subscribe: %v", err)
	}
	return s
}

func publish(t *testing.T, b bus.Bus, subject, data string) {
	t.Helper()
	if err := b.Publish(subject, []byte(data)); err != nil {
		t.Fatalf("publish: %v", err)
	}
}

func request(t *testing.T, b bus.Bus, subject, data string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	answer, err := b.Request(ctx, subject, []byte(data))
	return string(answer), err
}

// next waits for what must come.
func next[T any](t *testing.T, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

// expect waits for messages with these contents, in this order.
func expect(t *testing.T, ch <-chan bus.Message, want ...string) {
	t.Helper()
	for _, w := range want {
		if got := string(next(t, ch).Data); got != w {
			t.Fatalf("got %q, want %q", got, w)
		}
	}
}

// closeBus closes b.
func closeBus(t *testing.T, b bus.Bus) {
	t.Helper()
	c, ok := b.(interface{ Close() })
	if !ok {
		t.Fatalf("%T has no Close method", b)
	}
	c.Close()
}
