package simulation

import (
	"encoding/json"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Report is what would happen. Times are measured from the enqueue.
type Report struct {
	Workflow string          `json:"workflow"`
	Status   workflow.Status `json:"status"` // paused: it waits for a decision; running: for the answer to a gate
	Duration job.Duration    `json:"duration"`
	Tally    map[string]int  `json:"stats"` // jobs by status; what there is none of is left out
	Steps    []Step          `json:"steps"` // in the order they happen
	Jobs     []Job           `json:"jobs"`  // in the order of the definition, then as they were spawned
}

// Step is something that happens to a job, or to the workflow.
type Step struct {
	At      job.Duration  `json:"at"`
	Job     string        `json:"job"`     // its path, see Attempt; empty: the workflow
	Attempt int           `json:"attempt"` // that ended; 0: none
	Outcome string        `json:"outcome"` // the status then, or one of the words below
	Took    job.Duration  `json:"took"`    // the attempt
	Reason  job.Reason    `json:"reason"`
	Cause   string        `json:"cause"` // the job whose failure is behind it, or that spawned it
	Error   string        `json:"error"`
	Again   *job.Duration `json:"again_in"` // of a retry; null: none
}

// The outcomes of steps that are not the status of a job or of the workflow.
const (
	Failing   = "failing"   // of the workflow: nothing new starts but what handles failures
	Undecided = "undecided" // the failure waits for a decision
	Decided   = "decided"   // Reason says what
	Spawned   = "spawned"   // by the job that Cause names
)

// Job is how a job ends, or stands when nothing more happens.
type Job struct {
	Name       string               `json:"name"`
	Queue      string               `json:"queue"`
	Status     job.Status           `json:"status"`
	Dependency job.DependencyStatus `json:"dependency_status"`
	Reason     job.Reason           `json:"reason"`
	Cause      string               `json:"cause"`
	Attempts   int                  `json:"attempts"`
	DependsOn  []string             `json:"depends_on"`
	WaitedFor  string               `json:"waited_for"`  // the parent that decided last about it; empty: none
	SpawnedBy  string               `json:"spawned_by"`  // the job whose handler spawned it; empty: none
	Finally    bool                 `json:"finally"`     // it waited for all others
	ReadyAt    *job.Duration        `json:"ready_at"`    // when it could first be claimed; null: never
	StartedAt  *job.Duration        `json:"started_at"`  // first; null: never
	FinishedAt *job.Duration        `json:"finished_at"` // null: not
	Condition  *bool                `json:"condition"`   // what it said; null: it was not asked, or could not say
	Decision   workflow.Action      `json:"decision"`
	Error      string               `json:"error"`
	Result     json.RawMessage      `json:"result"`
	Parts      *Report              `json:"parts"` // what it is made of, without steps; null: it has work of its own, or did not begin
}

// report tells how everything stands.
func (m *machine) report() *Report {
	r := &Report{
		Workflow: m.w.Name, Status: m.h.Status, Duration: job.Duration(m.now), Tally: map[string]int{},
		Steps: []Step{}, Jobs: make([]Job, len(m.w.Jobs)),
	}
	if m.parent == nil {
		r.Steps = m.steps
	} else {
		r.Duration = job.Duration(m.last - m.began)
	}
	for i, j := range m.w.Jobs {
		n, s := &m.p.Nodes[i], &m.jobs[i]
		out := Job{
			Name: j.Name, Queue: j.Queue, Status: n.Status, Dependency: n.Deps, Reason: n.Reason, Cause: m.name(n.Cause),
			Attempts: m.number(i), DependsOn: make([]string, len(j.DependsOn)), Finally: j.Finally,
			ReadyAt: offset(s.ready), StartedAt: offset(s.start), FinishedAt: offset(s.end),
			Decision: n.Decision, Error: s.err, Result: json.RawMessage("null"),
		}
		if n.Held && n.Status != job.Suspended {
			out.Status = job.Running
		}
		if s.parts != nil {
			out.Parts = s.parts.report()
		}
		if n.Status == job.Completed || n.Status == job.Skipped {
			out.Error = ""
		}
		if len(s.result) > 0 {
			out.Result = s.result
		}
		for k, d := range j.DependsOn {
			out.DependsOn[k] = m.name(d.Parent)
		}
		if s.spawner > 0 {
			out.SpawnedBy = m.w.Jobs[s.spawner-1].Name
		}
		if s.waitedFor >= 0 {
			out.WaitedFor = m.name(m.p.Nodes[s.waitedFor].ID)
		}
		if in := m.p.Inputs[i]; in != nil {
			out.Condition = in.Evidence.Value
		}
		r.Jobs[i] = out
		r.Tally[string(out.Status)]++
	}
	return r
}

func offset(d time.Duration) *job.Duration {
	if d < 0 {
		return nil
	}
	at := job.Duration(d)
	return &at
}
