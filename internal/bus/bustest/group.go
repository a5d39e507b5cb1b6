package bustest

import (
	"strconv"
	"testing"

	"github.com/hammerwork/hammerwork/internal/bus"
)

// join adds members to a group that all report to one channel.
func join(t *testing.T, b bus.Bus, group string, subjects ...string) (<-chan string, []bus.Subscription) {
	t.Helper()
	got := make(chan string, 10_000)
	var members []bus.Subscription
	for _, s := range subjects {
		members = append(members, handle(t, b, s, group, func(m bus.Message) { got <- string(m.Data) }))
	}
	return got, members
}

// sent is how many messages send publishes.
const sent = 200

// send publishes 0, 1, 2, … and returns when the bus has delivered them all.
func send(t *testing.T, b bus.Bus, subject string) {
	t.Helper()
	end, _ := subscribe(t, b, "end", "")
	for i := range sent {
		publish(t, b, subject, strconv.Itoa(i))
	}
	publish(t, b, "end", "")
	next(t, end)
}

// expectOnce closes the bus, so that all is handled, and fails unless got
// brought each message exactly once.
func expectOnce(t *testing.T, b bus.Bus, got <-chan string) {
	t.Helper()
	closeBus(t, b)
	seen := map[string]bool{}
	for len(got) > 0 {
		m := <-got
		if seen[m] {
			t.Fatalf("message %s came twice", m)
		}
		seen[m] = true
	}
	if len(seen) != sent {
		t.Fatalf("%d messages of %d came", len(seen), sent)
	}
}

func groupGetsItOnce(t *testing.T, b bus.Bus) {
	got, _ := join(t, b, "g", "a", "a", "a")
	send(t, b, "a")
	expectOnce(t, b, got)
}

func groupSpansPatterns(t *testing.T, b bus.Bus) {
	got, _ := join(t, b, "g", "a.b", "a.*", "a.>", "*.b")
	send(t, b, "a.b")
	expectOnce(t, b, got)
}

func groupsAreApart(t *testing.T, b bus.Bus) {
	one, _ := join(t, b, "one", "a", "a")
	two, _ := join(t, b, "two", "a", "a")
	alone, _ := join(t, b, "", "a")
	send(t, b, "a")
	expectOnce(t, b, one)
	expectOnce(t, b, two)
	expectOnce(t, b, alone)
}

func groupOutlivesMembers(t *testing.T, b bus.Bus) {
	got, members := join(t, b, "g", "a", "a", "a")
	for _, m := range members[:2] {
		if err := m.Unsubscribe(); err != nil {
			t.Fatal(err)
		}
	}
	send(t, b, "a")
	expectOnce(t, b, got)
}
