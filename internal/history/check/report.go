package check

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hammerwork/hammerwork/internal/history"
	"github.com/hammerwork/hammerwork/pkg/job"
)

// Report is what a check found.
type Report struct {
	Records    int           `json:"records"`
	Torn       int           `json:"torn"`
	Processes  int           `json:"processes"`
	Instances  int           `json:"instances"` // starts of processes
	Kills      int           `json:"kills"`
	Workflows  int           `json:"workflows"`
	Jobs       int           `json:"jobs"`
	Starts     int           `json:"starts"` // of handlers
	Reruns     map[Cause]int `json:"reruns"`
	Explained  []Rerun       `json:"explained"` // every rerun, by job and time
	Violations []Violation   `json:"violations"`
}

// Cause is why a handler started again.
type Cause string

// The causes of reruns.
const (
	Failed        Cause = "failed"            // the attempt failed
	TimedOut      Cause = "timed out"         // it ran out of time
	Interrupted   Cause = "interrupted"       // it was cancelled because its worker stopped or lost it
	WorkerKilled  Cause = "worker killed"     // its worker was killed, or ended and began again, before it reported
	WorkerHalted  Cause = "worker halted"     // its worker was suspended, and its lease expired
	CutOff        Cause = "cut off"           // a server was away, and its lease expired
	WorkerSilent  Cause = "worker silent"     // its lease expired without a heartbeat; nobody recorded why
	NeverAccepted Cause = "never accepted"    // it started, but no heartbeat accepted its lease in time
	GivenBack     Cause = "given back"        // its worker gave it back
	Retried       Cause = "retried by a user" // the job had ended, or its workflow was paused, and a user had it run again
)

// Rerun is a start of a handler beyond the first of its job.
type Rerun struct {
	Job     job.ID `json:"job"`
	Name    string `json:"name"`
	Attempt int    `json:"attempt"`
	Time    int64  `json:"t"`
	Cause   Cause  `json:"cause"`
	Because string `json:"because"`
}

// Violation is a promise that was broken.
type Violation struct {
	Code  Code             `json:"code"`
	Text  string           `json:"text"`
	Proof []history.Record `json:"proof,omitempty"`
}

func (v Violation) String() string { return fmt.Sprintf("%s: %s", v.Code, v.Text) }

// Has reports whether a promise of that code was broken.
func (r Report) Has(c Code) bool {
	return slices.ContainsFunc(r.Violations, func(v Violation) bool { return v.Code == c })
}

// Err names the first violations; nil when there are none.
func (r Report) Err() error {
	if len(r.Violations) == 0 {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "the history has %d violations", len(r.Violations))
	for i, v := range r.Violations {
		if i == 10 {
			b.WriteString("\n  …")
			break
		}
		fmt.Fprintf(&b, "\n  %s", v)
	}
	return errors.New(b.String())
}
