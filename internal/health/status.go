package health

import (
	"context"
	"sync"
	"time"
)

// Check says whether something the process needs is there: nil, or why not.
// The text is shown to whoever can reach the port; it holds no secret.
type Check func(ctx context.Context) error

// checkTimeout bounds one check, cacheTime how often it is made: an
// orchestrator, or anybody who can reach the port, costs the database no more.
const (
	checkTimeout = 2 * time.Second
	cacheTime    = time.Second
)

// Status is what a process knows of its health. Its methods may be called from
// several goroutines.
type Status struct {
	mu     sync.Mutex
	checks []*named
	phase  string // why it is not ready whatever the checks say; empty: nothing
}

// named is a check with its last answer.
type named struct {
	name  string
	check Check

	mu  sync.Mutex // held during a check, so that one is under way at a time
	at  time.Time  // of err; zero: never checked
	err error
}

// NewStatus returns the status of a process that is starting.
func NewStatus() *Status { return &Status{phase: "starting"} }

// Add adds a check under a name.
func (s *Status) Add(name string, c Check) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checks = append(s.checks, &named{name: name, check: c})
}

// Set says in which phase the process is: starting, stopping, or empty when
// the checks alone decide.
func (s *Status) Set(phase string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.phase = phase
}

// Report is the answer of /readyz.
type Report struct {
	Status string            `json:"status"` // ready, starting, stopping or unavailable
	Checks map[string]string `json:"checks"` // ok, or why not
}

// Ready makes the checks whose answers are old, side by side.
func (s *Status) Ready(ctx context.Context) Report {
	s.mu.Lock()
	checks, phase := append([]*named(nil), s.checks...), s.phase
	s.mu.Unlock()
	errs := make([]error, len(checks))
	var all sync.WaitGroup
	for i, c := range checks {
		all.Go(func() { errs[i] = c.ask(ctx) })
	}
	all.Wait()
	r := Report{Status: "ready", Checks: make(map[string]string, len(checks))}
	for i, c := range checks {
		r.Checks[c.name] = "ok"
		if errs[i] != nil {
			r.Checks[c.name] = errs[i].Error()
			r.Status = "unavailable"
		}
	}
	if phase != "" {
		r.Status = phase
	}
	return r
}

func (n *named) ask(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.at.IsZero() && time.Since(n.at) < cacheTime {
		return n.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
	defer cancel()
	n.err = n.check(ctx)
	n.at = time.Now()
	return n.err
}
