package sqlstore

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/plainjson"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// jobRules is what jobs.rules says of a job, in JSON; most have nothing to say
// and an empty text.
type jobRules struct {
	Condition    string            `json:"condition,omitempty"`
	Unmet        job.Unmet         `json:"unmet,omitempty"`
	With         map[string]string `json:"with,omitempty"`
	AllowFailure bool              `json:"allow_failure,omitempty"`
	Tolerated    bool              `json:"tolerated,omitempty"`
	Finally      bool              `json:"finally,omitempty"`
	Catch        bool              `json:"catch,omitempty"`
	Deadline     int64             `json:"deadline,omitempty"`   // microseconds from the enqueue, or a retry
	Delay        int64             `json:"delay,omitempty"`      // microseconds from the enqueue, as it was asked for
	NotBefore    int64             `json:"not_before,omitempty"` // microseconds, as it was asked for
	Inherit      bool              `json:"inherit,omitempty"`
	Passes       int               `json:"passes,omitempty"` // what its parents get at least, by its enqueue
	Only         *job.ID           `json:"only,omitempty"`   // the one parent that it had when others were spawned before it
	Gate         *gateRules        `json:"gate,omitempty"`
	Parts        *partsRules       `json:"parts,omitempty"`
}

// workflowRules is the same for workflows.rules.
type workflowRules struct {
	Running         workflow.Drain  `json:"running,omitempty"`
	Handlers        bool            `json:"handlers,omitempty"`
	Catches         bool            `json:"catches,omitempty"`
	Finally         []job.ID        `json:"finally,omitempty"`
	DecisionTimeout int64           `json:"decision_timeout,omitempty"` // microseconds
	DecisionDefault workflow.Action `json:"decision_default,omitempty"`
	MaxParallel     int             `json:"max_parallel,omitempty"`
	Tolerate        int             `json:"tolerate,omitempty"`
	Schedule        string          `json:"schedule,omitempty"`
	ScheduledFor    int64           `json:"scheduled_for,omitempty"` // microseconds
	Items           bool            `json:"items,omitempty"`         // of a batch or a map
	Edges           int             `json:"edges,omitempty"`         // of one that has grown
}

// rulesOf returns the rules of a workflow's jobs, and its own. tolerated is
// parallel to the jobs.
func rulesOf(w *workflow.Workflow) workflowRules {
	rules := workflowRules{
		Running: w.Running, DecisionTimeout: microsUp(w.DecisionTimeout), DecisionDefault: w.DecisionDefault,
	}
	if w.Scheduled != nil {
		rules.Schedule, rules.ScheduledFor = w.Scheduled.Schedule, micros(w.Scheduled.For)
	}
	for _, j := range w.Jobs {
		rules.Catches = rules.Catches || j.Catch
		if j.Finally {
			rules.Finally = append(rules.Finally, j.ID)
		}
		for _, d := range j.DependsOn {
			rules.Handlers = rules.Handlers || d.On == job.OnFailure || d.On == job.OnDone
		}
	}
	return rules
}

func rulesOfJob(j *job.Job, tolerated bool) jobRules {
	return jobRules{
		Condition: j.Condition, Unmet: j.Unmet, With: j.With, AllowFailure: j.AllowFailure, Tolerated: tolerated,
		Finally: j.Finally, Catch: j.Catch, Deadline: microsUp(j.Deadline),
		Delay: microsUp(j.Delay), NotBefore: micros(j.ScheduledAt), Inherit: j.Inherit, Gate: rulesOfGate(j.Gate), Parts: rulesOfParts(j),
	}
}

// rulesText writes rules; those that say nothing are an empty text.
func rulesText(rules any) (string, error) {
	b, err := plainjson.Marshal(rules)
	if err != nil || string(b) == "{}" {
		return "", err
	}
	return string(b), nil
}

// readJobRules reads rules into a node and returns them.
func readJobRules(text string, n *workflow.Node) (r jobRules, err error) {
	if text == "" {
		return r, nil
	}
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return r, fmt.Errorf("rules of job %s: %w", n.ID, err)
	}
	n.Condition, n.Unmet, n.With = r.Condition, r.Unmet, r.With
	n.AllowFailure, n.Tolerated, n.Finally, n.Catch = r.AllowFailure, r.Tolerated, r.Finally, r.Catch
	if r.Gate != nil {
		n.Gate = r.Gate.Type
	}
	if r.Parts != nil {
		n.Parts, n.Over = r.Parts.Kind, r.Parts.Over
	}
	return r, nil
}

func readWorkflowRules(text string, h *workflow.Header) (workflowEnds, error) {
	if text == "" {
		return workflowEnds{}, nil
	}
	var r workflowRules
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return workflowEnds{}, fmt.Errorf("rules of workflow %s: %w", h.ID, err)
	}
	h.CancelRunning, h.Handlers, h.Catches, h.Finally = r.Running == workflow.CancelRunning, r.Handlers, r.Catches, len(r.Finally)
	h.MaxParallel, h.Tolerate = r.MaxParallel, r.Tolerate
	return workflowEnds{
		decisionTimeout: r.DecisionTimeout, decisionDefault: r.DecisionDefault, finally: r.Finally,
		schedule: r.Schedule, scheduledFor: r.ScheduledFor, items: r.Items, rules: r,
	}, nil
}

// gateRules is a gate in jobRules. Times are microseconds.
type gateRules struct {
	Type    job.GateType    `json:"type"`
	Wait    int64           `json:"wait,omitempty"`
	Until   int64           `json:"until,omitempty"`
	Expires int64           `json:"expires,omitempty"` // after it opened
	Approve bool            `json:"approve,omitempty"` // when it expires
	Payload json.RawMessage `json:"payload,omitempty"` // when it expires
}

func rulesOfGate(g *job.Gate) *gateRules {
	if g == nil {
		return nil
	}
	return &gateRules{
		Type: g.Type, Wait: microsUp(g.Wait), Until: micros(g.Until), Expires: microsUp(g.ExpiresAfter),
		Approve: g.ApproveOnExpiry, Payload: g.DefaultPayload,
	}
}

// gate is what rulesOfGate was made of.
func (g *gateRules) gate() *job.Gate {
	return &job.Gate{
		Type: g.Type, Wait: time.Duration(g.Wait) * time.Microsecond, Until: timeOf(g.Until), ExpiresAfter: time.Duration(g.Expires) * time.Microsecond,
		ApproveOnExpiry: g.Approve, DefaultPayload: g.Payload,
	}
}

// expires is when a gate that opens now ends if nobody answers it; nil: never.
func (g *gateRules) expires(now int64) *int64 {
	var at int64
	switch {
	case g.Type == job.GateTimer && g.Until > 0:
		at = max(now, g.Until)
	case g.Type == job.GateTimer:
		at = now + g.Wait
	case g.Expires > 0:
		at = now + g.Expires
	default:
		return nil
	}
	return &at
}

// partsRules is what a job is made of in jobRules.
type partsRules struct {
	Kind        workflow.PartsKind `json:"kind"`
	Mode        workflow.BatchMode `json:"mode,omitempty"`
	Over        string             `json:"over,omitempty"`
	MaxParallel int                `json:"max_parallel,omitempty"`
	Tolerate    int                `json:"tolerate,omitempty"`
	Workflow    *job.ID            `json:"workflow,omitempty"` // nil: it is made when the list is known
}

func rulesOfParts(j *job.Job) *partsRules {
	p := workflow.PartsOf(j)
	if p == nil {
		return nil
	}
	r := &partsRules{Kind: p.Kind, Mode: p.Mode, Over: p.Over, MaxParallel: p.MaxParallel, Tolerate: p.Tolerate}
	if p.Workflow != nil {
		r.Workflow = &p.Workflow.ID
	}
	return r
}
