package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/hammerwork/hammerwork/internal/store"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// plan is a workflow to enqueue, and how it must end.
type plan struct {
	Name          string           `json:"name"`
	FailurePolicy string           `json:"failure_policy,omitempty"`
	Retry         *job.RetryPolicy `json:"retry,omitempty"`
	Jobs          []*planned       `json:"jobs"`

	kind   string
	ends   workflow.Status
	cancel bool     // once it runs
	across []across // parents in other workflows; such a plan is enqueued by sdk/client
	twice  bool     // it is enqueued again under its key
}

// across is a dependency on a job of a plan that was enqueued before.
type across struct{ child, plan, parent int }

// planned is a job of a plan, as a workflow file says it.
type planned struct {
	Name      string           `json:"name"`
	Queue     string           `json:"queue"`
	Payload   payload          `json:"payload"`
	DependsOn []string         `json:"depends_on,omitempty"`
	Priority  string           `json:"priority,omitempty"`
	Delay     string           `json:"delay,omitempty"`
	Timeout   string           `json:"timeout,omitempty"`
	Retry     *job.RetryPolicy `json:"retry,omitempty"`

	ends []job.Status // any of these; none: completed
}

// payload is what the simulate handler reads.
type payload struct {
	SleepMS   int `json:"sleep_ms"`
	FailTimes int `json:"fail_times,omitempty"`
	Result    any `json:"result,omitempty"`
}

// file returns the workflow file.
func (p *plan) file() []byte {
	text, err := json.Marshal(p)
	if err != nil {
		panic(err) // it is made of texts and numbers
	}
	return text
}

// faults returns what of a workflow's end differs from the plan.
func (p *plan) faults(w store.WorkflowRecord, jobs []store.JobRecord) []string {
	var list []string
	say := func(format string, args ...any) {
		list = append(list, fmt.Sprintf("%s (%s): ", p.Name, p.kind)+fmt.Sprintf(format, args...))
	}
	if w.Status != p.ends {
		say("it is %s; want %s", w.Status, p.ends)
	}
	if len(jobs) != len(p.Jobs) || w.Tally.Total != len(p.Jobs) || w.Tally.Ended() != len(p.Jobs) {
		say("%d jobs are stored, %d are counted, %d ended; want %d", len(jobs), w.Tally.Total, w.Tally.Ended(), len(p.Jobs))
		return list
	}
	byName := make(map[string]store.JobRecord, len(jobs))
	for _, j := range jobs {
		byName[j.Name] = j
	}
	for _, want := range p.Jobs {
		j, there := byName[want.Name]
		if !there {
			say("%s is not stored", want.Name)
			continue
		}
		if want.ends == nil && j.Status != job.Completed || want.ends != nil && !slices.Contains(want.ends, j.Status) {
			say("%s is %s (%s) after %d attempts; want %v", j.Name, j.Status, j.Reason, j.Attempts, want.ends)
		}
		if j.Status != job.Completed {
			continue
		}
		if j.Attempts <= want.Payload.FailTimes {
			say("%s completed in attempt %d; its first %d must fail", j.Name, j.Attempts, want.Payload.FailTimes)
		}
		if delay, _ := time.ParseDuration(want.Delay); j.StartedAt.Before(j.CreatedAt.Add(delay)) {
			say("%s started %s after its enqueue; its delay is %s", j.Name, j.StartedAt.Sub(j.CreatedAt), delay)
		}
		for _, name := range want.DependsOn {
			if parent := byName[name]; parent.Status != job.Completed || j.StartedAt.Before(parent.FinishedAt) {
				say("%s started at %s; its parent %s is %s since %s", j.Name, clock(j.StartedAt), name, parent.Status, clock(parent.FinishedAt))
			}
		}
	}
	return list
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05.000000") }
