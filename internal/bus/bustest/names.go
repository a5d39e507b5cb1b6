package bustest

import (
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// hostileNames would break a subject, or meet another name's, unencoded.
var hostileNames = []string{
	"", " ", ".", "..", "*", ">", "a", "A", "a.b", "a.*", "a.>", "a b", "a\tb", "a\r\nPUB x 0\r\n\r\n", "\x00", "\x01" + "0", "\x10", "=", "=2E", "=2e", "==",
	"ü", "u\u0308", "😀", "\xff", "\xfe", "_INBOX.x", "$SYS", "$JS.API.>", "-", "_", "%2E", "hw.v1.pull.a",
}

var constructors = []func(string) string{
	bus.PullSubject, bus.HeartbeatSubject, bus.FetchSubject, bus.DeliverSubject, bus.ControlSubject, bus.ReadySubject, bus.EventSubject,
	func(worker string) string { return bus.CompletedSubject(0, worker) },
	func(worker string) string { return bus.CompletedSubject(bus.Partitions-1, worker) },
	bus.AnyCompletedSubject,
}

func hostileNamesStayApart(t *testing.T, b bus.Bus) {
	all, _ := subscribe(t, b, ">", "")
	own := map[string]<-chan bus.Message{}
	for _, of := range constructors {
		for _, name := range hostileNames {
			if own[of(name)] != nil {
				t.Fatalf("%q shares the subject %q", name, of(name))
			}
			own[of(name)], _ = subscribe(t, b, of(name), "")
		}
	}
	for range 2 {
		for subject := range own {
			publish(t, b, subject, subject)
		}
	}
	for subject, got := range own {
		expect(t, got, subject, subject)
	}
	for range 2 * len(own) {
		if m := next(t, all); m.Subject != string(m.Data) {
			t.Errorf("sent to %q, came on %q", m.Data, m.Subject)
		}
	}
}

func longestNameFits(t *testing.T, b bus.Bus) {
	name := strings.Repeat("😀", job.MaxName)
	for _, of := range constructors {
		subject := of(name)
		if err := bus.CheckSubject(subject); err != nil {
			t.Fatal(err)
		}
		answer(t, b, subject, "", func(s string) string { return s })
		if got, err := request(t, b, subject, "x"); err != nil || got != "x" {
			t.Fatalf("got %q, %v", got, err)
		}
	}
}
