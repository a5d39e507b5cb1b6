package job

import (
	"fmt"
	"math"
	"time"
)

// Strategy names how the delay between attempts grows.
type Strategy string

// The back-off strategies.
const (
	Fixed       Strategy = "fixed"       // initial_delay every time
	Linear      Strategy = "linear"      // initial_delay + increment × (n−1)
	Exponential Strategy = "exponential" // initial_delay × multiplier^(n−1)
	Fibonacci   Strategy = "fibonacci"   // initial_delay × fib(n): 1 1 2 3 5 8 …
)

// Jitter names how the computed delay is spread, so that jobs which failed
// together do not come back together.
type Jitter string

// The kinds of jitter, applied to a computed delay d.
const (
	NoJitter    Jitter = "none"  // d
	FullJitter  Jitter = "full"  // uniform in [0, d]
	EqualJitter Jitter = "equal" // uniform in [d/2, d]
)

// RetryPolicy says how often and after which delays a job is attempted again.
// The zero value of each field means its default; see WithDefaults.
type RetryPolicy struct {
	Strategy     Strategy `json:"strategy,omitempty"`      // default exponential
	MaxAttempts  int      `json:"max_attempts,omitempty"`  // all attempts, the first included; default 3
	InitialDelay Duration `json:"initial_delay,omitempty"` // default 1s
	Increment    Duration `json:"increment,omitempty"`     // linear only; default initial_delay
	Multiplier   float64  `json:"multiplier,omitempty"`    // exponential only; default 2
	MaxDelay     Duration `json:"max_delay,omitempty"`     // bound of any delay; default 5m
	Jitter       Jitter   `json:"jitter,omitempty"`        // default full
}

// WithDefaults returns p with every zero field set to its default.
func (p RetryPolicy) WithDefaults() RetryPolicy {
	if p.Strategy == "" {
		p.Strategy = Exponential
	}
	if p.MaxAttempts == 0 {
		p.MaxAttempts = DefaultMaxAttempts
	}
	if p.InitialDelay == 0 {
		p.InitialDelay = Duration(DefaultInitialDelay)
	}
	if p.Increment == 0 {
		p.Increment = p.InitialDelay
	}
	if p.Multiplier == 0 {
		p.Multiplier = DefaultMultiplier
	}
	if p.MaxDelay == 0 {
		p.MaxDelay = max(Duration(DefaultMaxDelay), p.InitialDelay)
	}
	if p.Jitter == "" {
		p.Jitter = FullJitter
	}
	return p
}

// Delay returns how long to wait after failed attempt n (from 1) before the
// next one. random is uniform in [0, 1). The result is in [0, MaxDelay]; it
// never overflows, however large n is.
func (p RetryPolicy) Delay(n int, random float64) time.Duration {
	p = p.WithDefaults()
	n = max(n, 1)
	first := float64(p.InitialDelay)
	var d float64
	switch p.Strategy {
	case Fixed:
		d = first
	case Linear:
		d = first + float64(p.Increment)*float64(n-1)
	case Fibonacci:
		d = first * fibonacci(n)
	default:
		d = first * math.Pow(p.Multiplier, float64(n-1))
	}
	if limit := float64(p.MaxDelay); !(d < limit) { // also catches +Inf and NaN
		d = limit
	}
	switch p.Jitter {
	case NoJitter:
	case EqualJitter:
		d = d/2 + d/2*random
	default:
		d *= random
	}
	if d >= float64(p.MaxDelay) { // the bound itself may not survive the way back from float64
		return time.Duration(p.MaxDelay)
	}
	return time.Duration(max(0, d))
}

// fibonacci returns the nth Fibonacci number as a float: 1, 1, 2, 3, 5, …
func fibonacci(n int) float64 {
	a, b := 0.0, 1.0
	for range min(n-1, 1500) { // beyond this a float64 holds only +Inf
		a, b = b, a+b
	}
	return b
}

// Problems returns every fault of p as "field: what is wrong", and nothing
// when p is valid.
func (p RetryPolicy) Problems() []string {
	var faults []string
	bad := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	switch p.Strategy {
	case "", Fixed, Linear, Exponential, Fibonacci:
	default:
		bad("strategy: %q is not one of fixed, linear, exponential, fibonacci", p.Strategy)
	}
	switch p.Jitter {
	case "", NoJitter, FullJitter, EqualJitter:
	default:
		bad("jitter: %q is not one of none, full, equal", p.Jitter)
	}
	if p.MaxAttempts < 0 || p.MaxAttempts > 1000 {
		bad("max_attempts: %d is not between 1 and 1000", p.MaxAttempts)
	}
	for _, d := range []struct {
		name  string
		value Duration
	}{{"initial_delay", p.InitialDelay}, {"increment", p.Increment}, {"max_delay", p.MaxDelay}} {
		if d.value < 0 {
			bad("%s: %s is negative", d.name, d.value)
		}
	}
	if p.Multiplier != 0 && !(p.Multiplier >= 1 && p.Multiplier <= 1000) {
		bad("multiplier: %v is not between 1 and 1000", p.Multiplier)
	}
	if p.MaxDelay != 0 && p.MaxDelay < p.InitialDelay {
		bad("max_delay: %s is below initial_delay %s", p.MaxDelay, p.InitialDelay)
	}
	return faults
}
