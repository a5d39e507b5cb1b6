package e2e

import (
	"context"
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
	born   []*planned // what handlers spawn: not in the file
	ends   workflow.Status
	cancel bool                                                           // once it runs
	steer  func(d *driver, ctx context.Context, p *plan, id job.ID) error // what people do to it meanwhile; nil: nothing
	across []across                                                       // parents in other workflows; such a plan is enqueued by sdk/client
	twice  bool                                                           // it is enqueued again under its key
}

// across is a dependency on a job of a plan that was enqueued before.
type across struct{ child, plan, parent int }

// planned is a job of a plan, as a workflow file says it.
type planned struct {
	Name         string            `json:"name"`
	Queue        string            `json:"queue"`
	Payload      payload           `json:"payload"`
	DependsOn    []need            `json:"depends_on,omitempty"`
	Join         any               `json:"join,omitempty"`
	Condition    string            `json:"condition,omitempty"`
	With         map[string]string `json:"with,omitempty"`
	AllowFailure bool              `json:"allow_failure,omitempty"`
	Catch        bool              `json:"catch,omitempty"`
	Finally      bool              `json:"finally,omitempty"`
	Priority     string            `json:"priority,omitempty"`
	Delay        string            `json:"delay,omitempty"`
	Timeout      string            `json:"timeout,omitempty"`
	Retry        *job.RetryPolicy  `json:"retry,omitempty"`
	Gate         any               `json:"gate,omitempty"`
	Batch        any               `json:"batch,omitempty"`
	Map          any               `json:"map,omitempty"`
	Workflow     any               `json:"workflow,omitempty"`

	number   int
	later    []need          // what it depends on once that was spawned
	ends     []job.Status    // any of these; none: completed
	decision workflow.Action // about its failure
	mended   bool            // it fails until it gets another payload
}

// all are the jobs that there are in the end.
func (p *plan) all() []*planned { return slices.Concat(p.Jobs, p.born) }

// needs are the dependencies that a job has in the end.
func (j *planned) needs() []need { return slices.Concat(j.DependsOn, j.later) }

// need is a dependency of a planned job.
type need struct {
	Job      string `json:"job"`
	On       job.On `json:"on,omitempty"`
	Optional bool   `json:"optional,omitempty"`
}

// MarshalJSON leaves out what a job has not that no worker gets.
func (j *planned) MarshalJSON() ([]byte, error) {
	type all planned
	out := struct {
		*all
		Queue   string   `json:"queue,omitempty"`
		Payload *payload `json:"payload,omitempty"`
	}{all: (*all)(j)}
	if j.Gate == nil && j.Workflow == nil {
		out.Queue = j.Queue
		if j.Batch == nil {
			out.Payload = &j.Payload
		}
	}
	return json.Marshal(out)
}

// plain reports whether a job needs all of its parents to complete.
func (j *planned) plain() bool {
	return j.Join == nil && !slices.ContainsFunc(j.DependsOn, func(n need) bool { return n.On != "" || n.Optional })
}

// payload is what the simulate handler reads.
type payload struct {
	SleepMS   int `json:"sleep_ms"`
	FailTimes int `json:"fail_times,omitempty"`
	Result    any `json:"result,omitempty"`
	Spawn     any `json:"spawn,omitempty"`
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
	all := p.all()
	if len(jobs) != len(all) || w.Tally.Total != len(all) || w.Tally.Ended() != len(all) {
		say("%d jobs are stored, %d are counted, %d ended; want %d", len(jobs), w.Tally.Total, w.Tally.Ended(), len(all))
		return list
	}
	byName := make(map[string]store.JobRecord, len(jobs))
	for _, j := range jobs {
		byName[j.Name] = j
	}
	for _, want := range all {
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
		works := want.Gate == nil && want.Batch == nil && want.Map == nil && want.Workflow == nil
		if works && !want.mended && j.Attempts <= want.Payload.FailTimes {
			say("%s completed in attempt %d; its first %d must fail", j.Name, j.Attempts, want.Payload.FailTimes)
		}
		if delay, _ := time.ParseDuration(want.Delay); j.StartedAt.Before(j.CreatedAt.Add(delay)) {
			say("%s started %s after its enqueue; its delay is %s", j.Name, j.StartedAt.Sub(j.CreatedAt), delay)
		}
		if !want.plain() {
			continue // the history says whether it ran in its turn
		}
		if len(p.across) == 0 && len(j.DependsOn) != len(want.needs()) {
			say("%s depends on %d jobs; want %d", j.Name, len(j.DependsOn), len(want.needs()))
		}
		for _, n := range want.needs() {
			parent := byName[n.Job]
			good := parent.Status == job.Completed || parent.AllowFailure || parent.Decision == workflow.ActionSkip || parent.Decision == workflow.ActionComplete
			if !good || j.StartedAt.Before(parent.FinishedAt) {
				say("%s started at %s; its parent %s is %s since %s", j.Name, clock(j.StartedAt), n.Job, parent.Status, clock(parent.FinishedAt))
			}
		}
	}
	return list
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05.000000") }
