package history

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// finalName is the file of the final state in the folder of a history.
const finalName = "final.json"

// Final is what the database holds at the end. Times are ns since 1970, 0 for
// none.
type Final struct {
	TakenAt   int64      `json:"taken_at"` // by the clock of the processes
	Workflows []Workflow `json:"workflows"`
	Jobs      []Job      `json:"jobs"`
	Queues    []Queue    `json:"queues"`
}

// Workflow is a workflow at the end.
type Workflow struct {
	ID            job.ID                 `json:"id"`
	Name          string                 `json:"name"`
	Status        workflow.Status        `json:"status"`
	Reason        job.Reason             `json:"reason,omitempty"`
	FailurePolicy workflow.FailurePolicy `json:"failure_policy"`
	Run           int                    `json:"run,omitempty"`
	Acts          []Act                  `json:"acts,omitempty"` // by time
	Total         int                    `json:"total"`
	Counters      map[job.Status]int     `json:"counters"`              // of terminal statuses; none is 0
	DeadlineAt    int64                  `json:"deadline_at,omitempty"` // of its last run
	FinishedAt    int64                  `json:"finished_at,omitempty"`
	Parent        job.ID                 `json:"parent,omitzero"`    // the job that it is run as; zero: none
	Tolerate      int                    `json:"tolerate,omitempty"` // so many failures don't fail it; below 0: any number
}

// Act is something that somebody did to a workflow, as it was stored with what
// it did.
type Act struct {
	At     int64  `json:"t"`
	Action string `json:"action"`       // cancel, pause, resume, retry, decide.skip, …
	Job    job.ID `json:"job,omitzero"` // zero: to all of it
}

// Job is a job at the end.
type Job struct {
	ID               job.ID               `json:"id"`
	Workflow         job.ID               `json:"workflow,omitzero"`
	Name             string               `json:"name"`
	Queue            string               `json:"queue"`
	Join             job.Join             `json:"join,omitzero"`
	Barrier          bool                 `json:"barrier,omitempty"`  // has no work, or is a gate or made of others: ends without a handler
	Suspends         bool                 `json:"suspends,omitempty"` // a gate, or made of others
	AllowFailure     bool                 `json:"allow_failure,omitempty"`
	Finally          bool                 `json:"finally,omitempty"`
	Catch            bool                 `json:"catch,omitempty"`
	Unmet            job.Unmet            `json:"unmet,omitempty"`
	Asks             *Asked               `json:"asks,omitempty"` // its condition and its inputs; nil: it has none
	Status           job.Status           `json:"status"`
	DependencyStatus job.DependencyStatus `json:"dependency_status"`
	Reason           job.Reason           `json:"reason,omitempty"`
	Cause            job.ID               `json:"cause,omitzero"`
	Decision         workflow.Action      `json:"decision,omitempty"`
	Run              int                  `json:"run,omitempty"`   // of its workflow, in which it was reset last
	Lives            []Life               `json:"lives,omitempty"` // until it was reset, by epoch
	Attempts         int                  `json:"attempts"`        // counted
	Earlier          int                  `json:"earlier,omitempty"`
	MaxAttempts      int                  `json:"max_attempts"`
	Epoch            int64                `json:"epoch"` // claims that ended without a terminal status, and resets
	Worker           string               `json:"worker,omitempty"`
	Payload          string               `json:"payload"`          // Hash
	Result           string               `json:"result,omitempty"` // Hash, of a completed job
	DependsOn        []job.ID             `json:"depends_on,omitempty"`
	Edges            []Edge               `json:"edges,omitempty"` // to its parents
	Tries            []Try                `json:"tries,omitempty"` // by epoch
	CreatedAt        int64                `json:"created_at,omitempty"`
	StartedAt        int64                `json:"started_at,omitempty"`
	FinishedAt       int64                `json:"finished_at,omitempty"`
}

// Asked is what the condition and the inputs of a job came to when they were
// worked out last.
type Asked struct {
	Condition bool   `json:"condition,omitempty"` // there is one
	Value     *bool  `json:"value,omitempty"`     // of it; nil: it was not asked, or in vain
	Fault     bool   `json:"fault,omitempty"`
	Payload   string `json:"payload,omitempty"` // Hash, with the inputs; empty: it has none
}

// Life is how a job stood when it was reset.
type Life struct {
	Epoch      int64      `json:"epoch"` // the last one
	Run        int        `json:"run"`   // in which it had been reset before
	Status     job.Status `json:"status"`
	Reason     job.Reason `json:"reason,omitempty"`
	Attempts   int        `json:"attempts"`
	Worker     string     `json:"worker,omitempty"`
	Payload    string     `json:"payload,omitempty"` // Hash, if it was replaced
	Result     string     `json:"result,omitempty"`  // Hash, if it had completed
	StartedAt  int64      `json:"started_at,omitempty"`
	FinishedAt int64      `json:"finished_at,omitempty"`
}

// Edge is a dependency at the end.
type Edge struct {
	Parent   job.ID             `json:"parent"`
	On       job.On             `json:"on,omitempty"`
	Optional bool               `json:"optional,omitempty"`
	State    workflow.EdgeState `json:"state"`
}

// Try is an attempt that did not complete, or a claim that was given back.
type Try struct {
	Epoch      int64    `json:"epoch"`
	Attempt    int      `json:"attempt"`
	Lease      job.ID   `json:"lease"`
	Worker     string   `json:"worker"`
	Outcome    job.Kind `json:"outcome"`
	ClaimedAt  int64    `json:"claimed_at"`
	FinishedAt int64    `json:"finished_at"`
}

// Queue is a queue at the end.
type Queue struct {
	Name    string `json:"name"`
	Ready   int    `json:"ready"`
	Running int    `json:"running"`
}

// Save writes the final state into the folder of a history.
func (f Final) Save(dir string) error {
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, finalName), text, 0o600); err != nil {
		return fmt.Errorf("write the final state: %w", err)
	}
	return nil
}

// ReadFinal reads the final state of a folder.
func ReadFinal(dir string) (Final, error) {
	var f Final
	text, err := os.ReadFile(filepath.Join(dir, finalName))
	if err != nil {
		return f, fmt.Errorf("read the final state: %w", err)
	}
	if err := json.Unmarshal(text, &f); err != nil {
		return f, fmt.Errorf("%s: %w", filepath.Join(dir, finalName), err)
	}
	return f, nil
}
