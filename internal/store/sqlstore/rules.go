package sqlstore

import (
	"encoding/json"
	"fmt"

	"github.com/hammerwork/hammerwork/pkg/job"
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
	Deadline     int64             `json:"deadline,omitempty"` // microseconds from the enqueue, or a retry
}

// workflowRules is the same for workflows.rules.
type workflowRules struct {
	Running         workflow.Drain  `json:"running,omitempty"`
	Handlers        bool            `json:"handlers,omitempty"`
	Catches         bool            `json:"catches,omitempty"`
	Finally         []job.ID        `json:"finally,omitempty"`
	DecisionTimeout int64           `json:"decision_timeout,omitempty"` // microseconds
	DecisionDefault workflow.Action `json:"decision_default,omitempty"`
	Schedule        string          `json:"schedule,omitempty"`
	ScheduledFor    int64           `json:"scheduled_for,omitempty"` // microseconds
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
	}
}

// rulesText writes rules; those that say nothing are an empty text.
func rulesText(rules any) (string, error) {
	b, err := json.Marshal(rules)
	if err != nil || string(b) == "{}" {
		return "", err
	}
	return string(b), nil
}

func readJobRules(text string, n *workflow.Node) (deadline int64, err error) {
	if text == "" {
		return 0, nil
	}
	var r jobRules
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return 0, fmt.Errorf("rules of job %s: %w", n.ID, err)
	}
	n.Condition, n.Unmet, n.With = r.Condition, r.Unmet, r.With
	n.AllowFailure, n.Tolerated, n.Finally, n.Catch = r.AllowFailure, r.Tolerated, r.Finally, r.Catch
	return r.Deadline, nil
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
	return workflowEnds{
		decisionTimeout: r.DecisionTimeout, decisionDefault: r.DecisionDefault, finally: r.Finally,
		schedule: r.Schedule, scheduledFor: r.ScheduledFor,
	}, nil
}
