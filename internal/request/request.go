// Package request tells requests apart that come with an idempotency key: the
// same key with the same request changes nothing, with another it is refused.
//
// A hash leaves out what differs when one request is made twice: ids that are
// chosen for each, and the trace and correlation ids of a call. Hashes are
// stored; what goes into them may change only with its version.
package request

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

const version = 1

// HashWorkflow returns the hash of a workflow that has passed its validation.
// Parents within it count by their names, others by their ids.
func HashWorkflow(w *workflow.Workflow) [32]byte {
	names := make(map[job.ID]int, len(w.Jobs))
	for i, j := range w.Jobs {
		names[j.ID] = i
	}
	spec := workflowSpec{
		Version: version, Name: w.Name, Description: w.Description, Metadata: compact(w.Metadata), FailurePolicy: w.FailurePolicy,
		Priority: w.Priority, Retry: w.Retry, Timeout: w.Timeout, HealthCheckInterval: w.HealthCheckInterval, Schedule: w.Schedule,
	}
	parent := func(d job.Dependency) any {
		if i, inside := names[d.Parent]; inside {
			return w.Jobs[i].Name
		}
		return d.Parent
	}
	// As though spec.Jobs held them, but never with all of their JSON at once.
	h := sha256.New()
	h.Write(bytes.TrimSuffix(encode(spec), []byte("null}")))
	between := "["
	for _, j := range w.Jobs {
		h.Write([]byte(between))
		h.Write(encode(specOf(j, parent)))
		between = ","
	}
	h.Write([]byte("]}"))
	return [32]byte(h.Sum(nil))
}

// HashJobs returns the hash of each of jobs without a workflow that have passed
// their validation. Parents among them count by their place, others by their
// ids.
func HashJobs(jobs []*job.Job) [][32]byte {
	places := make(map[job.ID]int, len(jobs))
	for i, j := range jobs {
		places[j.ID] = i
	}
	list := make([][32]byte, len(jobs))
	for i, j := range jobs {
		list[i] = sha256.Sum256(encode(specOf(j, func(d job.Dependency) any {
			if n, inside := places[d.Parent]; inside {
				return n
			}
			return d.Parent
		})))
	}
	return list
}

type workflowSpec struct {
	Version             int
	Name                string
	Description         string
	Metadata            json.RawMessage
	FailurePolicy       workflow.FailurePolicy
	Priority            *job.Priority
	Retry               *job.RetryPolicy
	Timeout             time.Duration
	HealthCheckInterval time.Duration
	Schedule            *workflow.Schedule
	Jobs                []jobSpec // the last: what is hashed ends with them
}

type jobSpec struct {
	Version     int
	Name        string
	Queue       string
	Payload     json.RawMessage
	Parents     []parentSpec
	Join        job.Join
	Priority    *job.Priority
	Retry       *job.RetryPolicy
	Timeout     time.Duration
	Deadline    time.Duration
	ScheduledAt int64 // microseconds, as it is stored
	Delay       time.Duration

	// What is empty is left out: such a job has the hash it had before there was
	// any of these.
	Condition    string            `json:",omitempty"`
	Unmet        job.Unmet         `json:",omitempty"`
	With         map[string]string `json:",omitempty"`
	AllowFailure bool              `json:",omitempty"`
	Catch        bool              `json:",omitempty"`
	Finally      bool              `json:",omitempty"`
	Inherit      bool              `json:",omitempty"`
	Gate         *job.Gate         `json:",omitempty"`
	Parts        *partsSpec        `json:",omitempty"`
}

type partsSpec struct {
	Kind        workflow.PartsKind
	Mode        workflow.BatchMode
	Over        string
	MaxParallel int
	Tolerate    int
	Workflow    [32]byte // hash of what is known of it
}

type parentSpec struct {
	Parent   any // a name, a place or an id
	On       job.On
	Optional bool
}

func specOf(j *job.Job, parent func(job.Dependency) any) jobSpec {
	spec := jobSpec{
		Version: version, Name: j.Name, Queue: j.Queue, Payload: compact(j.Payload), Join: j.Join, Priority: j.Priority, Retry: j.Retry,
		Timeout: j.Timeout, Deadline: j.Deadline, Delay: j.Delay,
		Condition: j.Condition, With: j.With, AllowFailure: j.AllowFailure, Catch: j.Catch, Finally: j.Finally, Inherit: j.Inherit, Gate: j.Gate,
	}
	if j.Condition != "" {
		spec.Unmet = j.Unmet
	}
	if p := workflow.PartsOf(j); p != nil {
		spec.Parts = &partsSpec{Kind: p.Kind, Mode: p.Mode, Over: p.Over, MaxParallel: p.MaxParallel, Tolerate: p.Tolerate}
		if p.Workflow != nil {
			spec.Parts.Workflow = HashWorkflow(p.Workflow)
		}
	}
	if !j.ScheduledAt.IsZero() {
		spec.ScheduledAt = j.ScheduledAt.UnixMicro()
	}
	for _, d := range j.DependsOn {
		spec.Parents = append(spec.Parents, parentSpec{parent(d), d.On, d.Optional})
	}
	return spec
}

// compact leaves out the white space of valid JSON.
func compact(raw json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return nil
	}
	return b.Bytes()
}

// encode encodes a validated spec. What cannot be encoded is a programming
// error.
func encode(spec any) []byte {
	data, err := json.Marshal(spec)
	if err != nil {
		panic(err)
	}
	return data
}
