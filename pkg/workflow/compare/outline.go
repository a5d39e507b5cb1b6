package compare

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// Outline is what is compared of a workflow. A field that has its default is
// left out.
type Outline struct {
	ID      string            `json:"id,omitempty"` // of a stored one
	Name    string            `json:"name"`
	Fields  map[string]string `json:"fields"`
	Jobs    []JobOutline      `json:"jobs"` // in the order of the definition, each before what it is made of
	Outcome *Outcome          `json:"outcome,omitempty"`
}

// JobOutline is what is compared of a job.
type JobOutline struct {
	Name      string            `json:"name"` // with a path, if another is made of it: sub/name
	Fields    map[string]string `json:"fields"`
	DependsOn map[string]string `json:"depends_on"`        // parent by name, outside of the workflow by id → "success", "failure", "done", also "… optional"
	Spawned   bool              `json:"spawned,omitempty"` // by a handler: no definition has it
	Outcome   *Outcome          `json:"outcome,omitempty"`
}

// defined returns the outline without what handlers spawned.
func (o Outline) defined() Outline {
	spawned := make(map[string]bool)
	for _, j := range o.Jobs {
		if j.Spawned {
			spawned[j.Name] = true
		}
	}
	if len(spawned) == 0 {
		return o
	}
	jobs := make([]JobOutline, 0, len(o.Jobs)-len(spawned))
	for _, j := range o.Jobs {
		if j.Spawned {
			continue
		}
		path := j.Name[:strings.LastIndex(j.Name, Separator)+1]
		j.DependsOn = maps.Clone(j.DependsOn)
		maps.DeleteFunc(j.DependsOn, func(parent, _ string) bool { return spawned[path+parent] })
		jobs = append(jobs, j)
	}
	o.Jobs = jobs
	return o
}

// Outcome is what became of a workflow or a job so far.
type Outcome struct {
	Status   string `json:"status"`
	Reason   string `json:"reason,omitempty"`
	Attempts int    `json:"attempts,omitempty"`
	Took     string `json:"took,omitempty"` // like 1m30s; empty: it has not ended, or never ran
}

// maxValue bounds the value of a field; of a longer one the digest is kept.
const maxValue = 1000

// Fields collects the fields of an outline.
type Fields map[string]string

// Set sets a field unless the value is its default.
func (f Fields) Set(name, value, usual string) {
	if value == usual {
		return
	}
	if len(value) > maxValue {
		value = fmt.Sprintf("%d bytes, sha256 %x", len(value), sha256.Sum256([]byte(value)))
	}
	f[name] = value
}

// JSON sets a field to a JSON text without insignificant space.
func (f Fields) JSON(name string, value json.RawMessage, usual string) {
	var b bytes.Buffer
	if json.Compact(&b, value) != nil {
		b.Reset()
		b.Write(value)
	}
	f.Set(name, cmp.Or(b.String(), usual), usual)
}

// Duration sets a field to a duration; none is the default.
func (f Fields) Duration(name string, d time.Duration) {
	f.Set(name, d.String(), time.Duration(0).String())
}

// Flag sets a field that is on.
func (f Fields) Flag(name string, on bool) { f.Set(name, strconv.FormatBool(on), "false") }

// Retry sets the retry policy, of which fields that say nothing are left out.
func (f Fields) Retry(p job.RetryPolicy) {
	text := func(p job.RetryPolicy) string {
		p = p.WithDefaults()
		if p.Strategy != job.Linear {
			p.Increment = 0
		}
		if p.Strategy != job.Exponential {
			p.Multiplier = 0
		}
		b, _ := json.Marshal(p) // cannot fail
		return string(b)
	}
	f.Set("retry", text(p), text(job.RetryPolicy{}))
}

// Join sets the join.
func (f Fields) Join(j job.Join) {
	text := string(j.Rule.Canonical())
	if j.Rule == job.JoinQuorum {
		text = fmt.Sprintf("quorum %d", j.Quorum)
	}
	f.Set("join", text, string(job.JoinAll))
}

// Parts sets what a job is made of, without the items.
func (f Fields) Parts(p workflow.Parts) {
	f.Set("made_of", string(p.Kind), "")
	f.Set("mode", string(cmp.Or(p.Mode, workflow.ContinueOnError)), string(workflow.ContinueOnError))
	f.Set("over", p.Over, "")
	f.Set("max_parallel", strconv.Itoa(p.MaxParallel), "0")
	f.Set("tolerate", strconv.Itoa(p.Tolerate), "0")
}

// EdgeText is how an edge is written in an outline.
func EdgeText(on job.On, optional bool) string {
	text := string(cmp.Or(on, job.OnSuccess))
	if optional {
		text += " optional"
	}
	return text
}

// OutlineOf returns the outline of a definition that has passed Validate.
func OutlineOf(w *workflow.Workflow) Outline {
	out := Outline{Name: w.Name, Fields: fieldsOf(w), Jobs: make([]JobOutline, 0, len(w.Jobs))}
	out.add(w, "")
	return out
}

// add adds the jobs of a workflow, and what they are made of, below a path.
func (o *Outline) add(w *workflow.Workflow, path string) {
	names := make(map[job.ID]string, len(w.Jobs))
	for _, j := range w.Jobs {
		names[j.ID] = j.Name
	}
	for _, j := range w.Jobs {
		of := jobOf(j, w, names)
		of.Name = path + j.Name
		p := workflow.PartsOf(j)
		if p != nil && p.Kind == workflow.PartsWorkflow {
			Fields(of.Fields).Within(fieldsOf(p.Workflow))
		}
		o.Jobs = append(o.Jobs, of)
		if p != nil && p.Workflow != nil {
			o.add(p.Workflow, of.Name+Separator)
		}
	}
}

// Separator stands between a job and what it is made of in names.
const Separator = "/"

func fieldsOf(w *workflow.Workflow) Fields {
	f := Fields{}
	f.Set("description", w.Description, "")
	f.JSON("metadata", w.Metadata, "{}")
	f.Set("failure_policy", string(w.FailurePolicy), string(workflow.FailFast))
	f.Set("running", string(w.Running), string(workflow.DrainRunning))
	if w.Running == "" {
		delete(f, "running")
	}
	f.Set("priority", priority(w.Priority, nil).String(), job.Normal.String())
	f.Duration("timeout", w.Timeout)
	f.Duration("health_check_interval", w.HealthCheckInterval)
	f.Decision(w.DecisionTimeout, w.DecisionDefault)
	return f
}

// Within sets the fields of the workflow that a job is.
func (f Fields) Within(inner Fields) {
	for name, value := range inner {
		f["workflow."+name] = value
	}
}

// Decision sets what holds when nobody decides.
func (f Fields) Decision(after time.Duration, otherwise workflow.Action) {
	f.Duration("decision_timeout", after)
	f.Set("decision_default", string(cmp.Or(otherwise, workflow.ActionCancel)), string(workflow.ActionCancel))
}

// Gate sets what a gate waits for.
func (f Fields) Gate(g job.Gate) {
	f.Set("gate", string(g.Type), "")
	f.Duration("gate.wait", g.Wait)
	if !g.Until.IsZero() {
		f.Set("gate.until", g.Until.UTC().Format(time.RFC3339Nano), "")
	}
	f.Duration("gate.expires_after", g.ExpiresAfter)
	if g.ApproveOnExpiry {
		f.Set("gate.default", "approve", "")
	}
	f.JSON("gate.default", g.DefaultPayload, "null")
}

func jobOf(j *job.Job, w *workflow.Workflow, names map[job.ID]string) JobOutline {
	f := Fields{}
	f.Set("queue", j.Queue, "")
	f.JSON("payload", j.Payload, "null")
	f.Set("priority", priority(j.Priority, w.Priority).String(), job.Normal.String())
	f.Flag("inherit", j.Inherit)
	f.Join(j.Join)
	f.Set("condition", j.Condition, "")
	f.Set("unmet", string(cmp.Or(j.Unmet, job.UnmetSkip)), string(job.UnmetSkip))
	f.With(j.With)
	f.Flag("allow_failure", j.AllowFailure)
	f.Flag("catch", j.Catch)
	f.Flag("finally", j.Finally)
	f.Flag("barrier", j.Barrier)
	f.Duration("timeout", j.Timeout)
	f.Duration("deadline", j.Deadline)
	var retry job.RetryPolicy
	switch {
	case j.Retry != nil:
		retry = *j.Retry
	case w.Retry != nil:
		retry = *w.Retry
	}
	f.Retry(retry)
	if j.Gate != nil {
		f.Gate(*j.Gate)
	}
	if p := workflow.PartsOf(j); p != nil {
		f.Parts(*p)
	}
	out := JobOutline{Name: j.Name, Fields: f, DependsOn: make(map[string]string, len(j.DependsOn))}
	for _, d := range j.DependsOn {
		name, inside := names[d.Parent]
		if !inside {
			name = d.Parent.String()
		}
		out.DependsOn[name] = EdgeText(d.On, d.Optional)
	}
	return out
}

// With sets the inputs, a field each.
func (f Fields) With(inputs map[string]string) {
	for name, expression := range inputs {
		f.Set("with."+name, expression, "")
	}
}

func priority(own, base *job.Priority) job.Priority {
	switch {
	case own != nil:
		return *own
	case base != nil:
		return *base
	}
	return job.Normal
}
