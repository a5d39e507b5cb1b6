package job

import (
	"math"
	"slices"
	"testing"
	"time"
)

func TestADelayGrowsAsItsStrategySays(t *testing.T) {
	const s = Duration(time.Second)
	tests := []struct {
		p    RetryPolicy
		want []time.Duration // after attempts 1, 2, 3, …; in seconds
	}{
		{RetryPolicy{Strategy: Fixed, InitialDelay: 3 * s}, []time.Duration{3, 3, 3, 3}},
		{RetryPolicy{Strategy: Linear, InitialDelay: 3 * s, Increment: 2 * s}, []time.Duration{3, 5, 7, 9}},
		{RetryPolicy{Strategy: Linear, InitialDelay: 3 * s}, []time.Duration{3, 6, 9, 12}},
		{RetryPolicy{Strategy: Linear, InitialDelay: 3 * s, Increment: 2 * s, MaxDelay: 6 * s}, []time.Duration{3, 5, 6, 6}},
		{RetryPolicy{Strategy: Exponential, InitialDelay: 3 * s}, []time.Duration{3, 6, 12, 24}},
		{RetryPolicy{Strategy: Exponential, InitialDelay: s, Multiplier: 10, MaxDelay: 50 * s}, []time.Duration{1, 10, 50, 50}},
		{RetryPolicy{Strategy: Fibonacci, InitialDelay: 2 * s}, []time.Duration{2, 2, 4, 6, 10, 16}},
		{RetryPolicy{Strategy: Fibonacci, InitialDelay: 2 * s, MaxDelay: 9 * s}, []time.Duration{2, 2, 4, 6, 9, 9}},
		{RetryPolicy{}, []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300}},
		{RetryPolicy{Strategy: Fixed, InitialDelay: 3600 * s}, []time.Duration{3600, 3600}},
	}
	for _, tt := range tests {
		tt.p.Jitter = NoJitter
		for i, want := range tt.want {
			if got := tt.p.Delay(i+1, 0.5); got != want*time.Second {
				t.Errorf("%+v after attempt %d: got %s, want %ds", tt.p, i+1, got, want)
			}
		}
	}
}

func TestJitterStaysWithinItsBounds(t *testing.T) {
	const d = 8 * time.Second // the computed delay after attempt 4
	for _, tt := range []struct {
		jitter    Jitter
		low, high time.Duration
	}{{NoJitter, d, d}, {FullJitter, 0, d}, {EqualJitter, d / 2, d}, {"", 0, d}} {
		p := RetryPolicy{Jitter: tt.jitter}
		if got := p.Delay(4, 0); got != tt.low {
			t.Errorf("jitter %q, random 0: got %s, want %s", tt.jitter, got, tt.low)
		}
		almost := math.Nextafter(1, 0)
		if got := p.Delay(4, almost); got < tt.high-time.Microsecond || got > tt.high {
			t.Errorf("jitter %q, random almost 1: got %s, want almost %s", tt.jitter, got, tt.high)
		}
	}
}

func TestADelayNeverOverflows(t *testing.T) {
	for _, strategy := range []Strategy{Fixed, Linear, Exponential, Fibonacci} {
		for _, limit := range []Duration{Duration(time.Hour), math.MaxInt64} {
			p := RetryPolicy{Strategy: strategy, InitialDelay: Duration(time.Minute), MaxDelay: limit, Multiplier: 1000, Jitter: NoJitter}
			before := time.Duration(0)
			for _, n := range []int{-1, 0, 1, 2, 10, 100, 1000, 1_000_000, math.MaxInt} {
				got := p.Delay(n, 0.5)
				if got < before || got > time.Duration(limit) {
					t.Errorf("%s up to %s after attempt %d: got %s after %s", strategy, limit, n, got, before)
				}
				before = got
			}
		}
	}
	huge := RetryPolicy{InitialDelay: math.MaxInt64, Jitter: NoJitter}
	if got := huge.Delay(3, 0); got != math.MaxInt64 {
		t.Errorf("the largest delay became %d", got)
	}
}

func TestProblemsNameTheirField(t *testing.T) {
	tests := []struct {
		p    RetryPolicy
		want []string
	}{
		{RetryPolicy{}, nil},
		{RetryPolicy{Strategy: Fibonacci, MaxAttempts: 1000, Multiplier: 1, Jitter: EqualJitter}, nil},
		{RetryPolicy{Strategy: "square"}, []string{`strategy: "square" is not one of fixed, linear, exponential, fibonacci`}},
		{RetryPolicy{Jitter: "much"}, []string{`jitter: "much" is not one of none, full, equal`}},
		{RetryPolicy{MaxAttempts: 1001}, []string{"max_attempts: 1001 is not between 1 and 1000"}},
		{RetryPolicy{MaxAttempts: -1, Increment: -1}, []string{"max_attempts: -1 is not between 1 and 1000", "increment: -1ns is negative"}},
		{RetryPolicy{Multiplier: 0.5}, []string{"multiplier: 0.5 is not between 1 and 1000"}},
		{RetryPolicy{Multiplier: math.NaN()}, []string{"multiplier: NaN is not between 1 and 1000"}},
		{RetryPolicy{InitialDelay: 2, MaxDelay: 1}, []string{"max_delay: 1ns is below initial_delay 2ns"}},
	}
	for _, tt := range tests {
		if got := tt.p.Problems(); !slices.Equal(got, tt.want) {
			t.Errorf("%+v: got %q, want %q", tt.p, got, tt.want)
		}
	}
}

func FuzzDelay(f *testing.F) {
	f.Add(uint8(2), int64(time.Second), int64(0), 2.0, int64(5*time.Minute), uint8(1), 3, 0.5)
	f.Add(uint8(1), int64(math.MaxInt64), int64(math.MaxInt64), 1000.0, int64(math.MaxInt64), uint8(0), math.MaxInt, 0.999)
	strategies := []Strategy{"", Fixed, Linear, Exponential, Fibonacci}
	jitters := []Jitter{"", NoJitter, FullJitter, EqualJitter}
	f.Fuzz(func(t *testing.T, strategy uint8, initial, increment int64, multiplier float64, limit int64, jitter uint8, n int, random float64) {
		p := RetryPolicy{
			Strategy: strategies[int(strategy)%len(strategies)], InitialDelay: Duration(initial), Increment: Duration(increment),
			Multiplier: multiplier, MaxDelay: Duration(limit), Jitter: jitters[int(jitter)%len(jitters)],
		}
		if len(p.Problems()) > 0 || !(random >= 0 && random < 1) {
			return // not what Delay takes
		}
		if got, most := p.Delay(n, random), time.Duration(p.WithDefaults().MaxDelay); got < 0 || got > most {
			t.Errorf("%+v after attempt %d: got %d, not in [0, %d]", p, n, got, most)
		}
	})
}
