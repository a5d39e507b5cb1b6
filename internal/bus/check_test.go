package bus_test

import (
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/internal/bus"
)

func TestWildcardsMayBeSubscribedToButNotPublishedTo(t *testing.T) {
	for _, s := range []string{"*", ">", "a.*", "*.a", "a.*.b", "a.>", "*.>", bus.AllPulls, bus.AllCompleted, bus.AllReady} {
		if err := bus.CheckPattern(s); err != nil {
			t.Errorf("CheckPattern(%q): %v", s, err)
		}
		if bus.CheckSubject(s) == nil {
			t.Errorf("CheckSubject(%q) passes", s)
		}
	}
	for _, s := range []string{"a", "a.b", "a*", ">a", "a*b.c>", bus.Timers, bus.CheckEdges} {
		if err := bus.CheckSubject(s); err != nil {
			t.Errorf("CheckSubject(%q): %v", s, err)
		}
	}
	for _, s := range []string{"", ".", "a.", ".a", "a..b", "a b", "a\n", "\x7f", ">.a", "a.>.b", "a.>.>", strings.Repeat("a", bus.MaxSubject+1)} {
		if bus.CheckPattern(s) == nil {
			t.Errorf("CheckPattern(%.40q) passes", s)
		}
	}
}

func TestPatternsMatchTokenByToken(t *testing.T) {
	for _, c := range []struct {
		pattern, subject string
		want             bool
	}{
		{"a", "a", true},
		{"a", "b", false},
		{"a", "a.b", false},
		{"a.b", "a", false},
		{"a.b", "a.b", true},
		{"a.b", "a.bb", false},
		{"*", "a", true},
		{"*", "a.b", false},
		{"a.*", "a.b", true},
		{"a.*", "a", false},
		{"a.*.c", "a.b.c", true},
		{"*.*", "a", false},
		{">", "a", true},
		{">", "a.b", true},
		{"a.>", "a", false},
		{"a.>", "a.b", true},
		{"a.>", "a.b.c", true},
		{"*.>", "a.b", true},
		{"*.>", "a", false},
	} {
		if got := bus.Match(c.pattern, c.subject); got != c.want {
			t.Errorf("Match(%q, %q) = %v", c.pattern, c.subject, got)
		}
	}
}
