package workflow

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow/spelling"
)

// maxItemsName leaves room in the name of an item for its number.
const maxItemsName = job.MaxName - len("[1000000]")

// placeWorkless says where a job is that no worker gets: on no queue that
// anybody serves.
func placeWorkless(j *job.Job) {
	if j.Queue != "" {
		return
	}
	if p := PartsOf(j); p != nil && p.Kind == PartsWorkflow {
		j.Queue = WorkflowQueue
	}
	if j.Gate != nil {
		j.Queue = job.GateQueue
	}
}

// workless checks a job that no worker gets: a gate, or one made of parts.
func (v *validator) workless(path string, j *job.Job) {
	if j.Gate == nil && j.Parts == nil {
		return
	}
	p := PartsOf(j)
	switch {
	case j.Parts != nil && p == nil:
		v.fault(CodeInvalid, path, "use NewBatch, NewMap or Workflow.AsJob", "job %q is made of what nobody knows", j.Name)
		return
	case j.Gate != nil && p != nil, j.Barrier:
		v.fault(CodeInvalid, path, "make two jobs of it", "job %q is two of these at once: a gate, a batch, a map, a workflow, a barrier", j.Name)
		return
	case j.Gate != nil:
		v.gate(path, j)
		return
	}
	v.notDelayed(path, j)
	if j.Timeout != 0 && p.Kind == PartsWorkflow {
		v.fault(CodeInvalid, path+".timeout", "write deadline, or give the workflow a timeout", "a job that is a workflow has no attempts that a timeout could bound")
	}
	if len(j.With) > 0 && p.Kind != PartsMap {
		v.fault(CodeInvalid, path+".with", "let the jobs that it is made of ask for them, or use a map", "nobody reads the inputs of a job that is a %s", p.Kind)
	}
	if p.Kind != PartsMap && !isNull(j.Payload) {
		v.fault(CodeInvalid, path+".payload", "put it into the jobs that it is made of", "nobody reads the payload of a job that is a %s", p.Kind)
	}
	if p.Kind != PartsBatch && p.Mode != "" {
		v.fault(CodeInvalid, fmt.Sprintf("%s.%s.mode", path, p.Kind), "leave it out", "only a batch has a mode")
	}
	if p.Kind != PartsMap && (p.Over != "" || p.MaxParallel != 0 || p.Tolerate != 0) {
		v.fault(CodeInvalid, fmt.Sprintf("%s.%s", path, p.Kind), "leave them out, or use NewMap", "only a map has over, max_parallel and tolerate")
	}
	switch p.Kind {
	case PartsBatch:
		v.batch(path, j, p)
	case PartsMap:
		v.mapped(path, j, p)
	case PartsWorkflow:
		v.subWorkflow(path, j, p)
	default:
		v.fault(CodeInvalid, path, "", "job %q is made of %q, which is not one of batch, map, workflow", j.Name, p.Kind)
	}
}

// notDelayed refuses what keeps a job from being claimed: nobody claims it.
func (v *validator) notDelayed(path string, j *job.Job) {
	const hint = "let it depend on a gate: {type: timer, wait: 10m}"
	if j.Delay != 0 {
		v.fault(CodeInvalid, path+".delay", hint, "job %q has no work that could be delayed", j.Name)
	}
	if !j.ScheduledAt.IsZero() {
		v.fault(CodeInvalid, path+".scheduled_at", hint, "job %q has no work that could wait for a time", j.Name)
	}
	if j.Cron != "" {
		v.fault(CodeInvalid, path+".cron", "give the cron to a job that it depends on", "job %q has no work that could wait for a tick", j.Name)
	}
}

// gate checks a gate.
func (v *validator) gate(path string, j *job.Job) {
	g, at := j.Gate, path+".gate"
	v.notDelayed(path, j)
	if j.Queue != job.GateQueue {
		v.fault(CodeInvalid, path+".queue", "leave it out", "no worker serves a gate, so it has no queue")
	}
	for _, unused := range []struct {
		field string
		set   bool
		hint  string
	}{
		{"payload", !isNull(j.Payload), "leave it out"},
		{"with", len(j.With) > 0, "leave it out"},
		{"retry", j.Retry != nil, "leave it out; a retry of the workflow opens it again"},
		{"timeout", j.Timeout != 0, "write expires_after, or deadline"},
		{"priority", j.Priority != nil, "leave it out"},
	} {
		if unused.set {
			v.fault(CodeInvalid, path+"."+unused.field, unused.hint, "job %q is a gate: it has no work, and no %s", j.Name, unused.field)
		}
	}
	switch g.Type {
	case job.GateApproval, job.GateSignal:
		v.answered(at, g)
	case job.GateTimer:
		v.timer(at, g)
	default:
		hint := "write gate: approval, or a gate: {type: timer, wait: 10m}"
		if meant := spelling.Nearest(string(g.Type), []string{string(job.GateApproval), string(job.GateSignal), string(job.GateTimer)}); meant != "" {
			hint = fmt.Sprintf("did you mean %q?", meant)
		}
		v.fault(CodeInvalid, at+".type", hint, "gate type %s is not one of approval, signal, timer", quote(string(g.Type)))
	}
}

// timer checks a gate that waits for a time.
func (v *validator) timer(at string, g *job.Gate) {
	switch {
	case g.Wait < 0:
		v.fault(CodeInvalid, at+".wait", "", "wait %s is negative", g.Wait)
	case g.Wait != 0 && !g.Until.IsZero():
		v.fault(CodeInvalid, at, "write one of them", "the timer has wait and until")
	case g.Wait == 0 && g.Until.IsZero():
		v.fault(CodeInvalid, at, "write wait: 10m, or until: 2030-01-31T08:00:00Z", "the timer waits for nothing")
	case !storable(g.Until):
		v.fault(CodeInvalid, at+".until", "", "until is not between the years 1 and %d", lastYear)
	}
	if g.ExpiresAfter != 0 {
		v.fault(CodeInvalid, at+".expires_after", "write wait", "a timer does not expire: it completes when its time has come")
	}
	if g.ApproveOnExpiry || len(g.DefaultPayload) > 0 {
		v.fault(CodeInvalid, at+".default", "leave it out", "a timer has no default: nobody answers it")
	}
}

// answered checks a gate that somebody answers.
func (v *validator) answered(at string, g *job.Gate) {
	const hint = "leave it out, or make the gate a timer"
	if g.Wait != 0 {
		v.fault(CodeInvalid, at+".wait", hint, "only a timer waits for a time")
	}
	if !g.Until.IsZero() {
		v.fault(CodeInvalid, at+".until", hint, "only a timer waits for a time")
	}
	if g.ExpiresAfter < 0 {
		v.fault(CodeInvalid, at+".expires_after", "", "expires_after %s is negative", g.ExpiresAfter)
	}
	switch {
	case g.ApproveOnExpiry && g.Type != job.GateApproval:
		v.fault(CodeInvalid, at+".default", "give it a payload that holds then", "only an approval is approved")
	case len(g.DefaultPayload) > 0 && g.Type != job.GateSignal:
		v.fault(CodeInvalid, at+".default", "write approve or reject", "only a signal has a payload")
	case (g.ApproveOnExpiry || len(g.DefaultPayload) > 0) && g.ExpiresAfter == 0:
		v.fault(CodeInvalid, at+".default", "say with expires_after after how long it holds", "the default of a gate never comes without an expiry")
	case len(g.DefaultPayload) > job.MaxResult:
		v.fault(CodeTooLarge, at+".default", "keep large data outside and pass its place", "the default has %d bytes; at most %d are allowed", len(g.DefaultPayload), job.MaxResult)
	case len(g.DefaultPayload) > 0 && (!json.Valid(g.DefaultPayload) || !utf8.Valid(g.DefaultPayload)):
		v.fault(CodeInvalid, at+".default", "", "the default is not valid JSON")
	}
}

// batch completes and checks the items of a batch.
func (v *validator) batch(path string, j *job.Job, p *Parts) {
	switch p.Mode {
	case "":
		p.Mode = ContinueOnError
	case ContinueOnError, CollectErrors, BatchFailFast:
	default:
		hint := ""
		if meant := spelling.Nearest(string(p.Mode), []string{string(ContinueOnError), string(CollectErrors), string(BatchFailFast)}); meant != "" {
			hint = fmt.Sprintf("did you mean %q?", meant)
		}
		v.fault(CodeInvalid, path+".batch.mode", hint, "batch mode %s is not one of continue_on_error, collect_errors, fail_fast", quote(string(p.Mode)))
	}
	v.itemsName(path, j)
	if p.Workflow == nil || len(p.Workflow.Jobs) == 0 {
		v.fault(CodeInvalid, path+".batch.payloads", "give it at least one payload", "the batch has no items")
		return
	}
	w := p.Workflow
	w.Metadata = json.RawMessage("{}")
	w.FailurePolicy, w.Running = ContinueOnFailure, ""
	if p.Mode == BatchFailFast {
		w.FailurePolicy, w.Running = FailFast, CancelRunning
	}
	v.adopt(j, w)
	seen := make(map[job.ID]bool, len(w.Jobs))
	for i, item := range w.Jobs {
		at := fmt.Sprintf("%s.batch.payloads[%d]", path, i)
		item.Name = ItemName(j.Name, i)
		item.Queue = cmp.Or(item.Queue, j.Queue)
		item.Timeout = cmp.Or(item.Timeout, j.Timeout)
		if seen[item.ID] || v.homes[item.ID] != w {
			v.fault(CodeDuplicateName, at, "add each job once", "the item has the same id as another job")
		}
		seen[item.ID] = true
		if len(item.DependsOn) > 0 || item.Join != (job.Join{}) || item.Condition != "" || len(item.With) > 0 || item.Gate != nil || item.Parts != nil || item.Barrier || item.Finally || item.Catch || item.Unmet != "" {
			v.fault(CodeInvalid, at, "make it a job of a workflow", "an item of a batch waits for nothing and is made of nothing: it is a queue and a payload")
		}
		if item.Queue != j.Queue {
			v.queue(at, item.Queue)
		}
		v.attempts(at, at, item)
	}
}

// mapped checks a map; its list is checked with the other expressions.
func (v *validator) mapped(path string, j *job.Job, p *Parts) {
	v.itemsName(path, j)
	if strings.TrimSpace(p.Over) == "" {
		v.fault(CodeInvalid, path+".map.over", `name a list, like over: deps.extract.result.files`, "the map is over nothing")
	}
	if p.MaxParallel < 0 {
		v.fault(CodeInvalid, path+".map.max_parallel", "leave it out to run all at once", "max_parallel %d is negative", p.MaxParallel)
	}
	if p.Tolerate < -1 {
		v.fault(CodeInvalid, path+".map.tolerate", "write -1 for any number", "tolerate %d is negative", p.Tolerate)
	}
	if p.Workflow != nil {
		v.fault(CodeInvalid, path+".map", "leave it out", "the items of a map are made when its list is known")
	}
	if json.Valid(j.Payload) && !TakesInputs(j.Payload) && len(j.With) == 0 {
		v.fault(CodeInvalid, path+".payload", "write the payload as an object, or leave it out", "the items of a map get item and index beside the payload, which is not an object")
	}
}

// subWorkflow completes and checks a workflow that is a job.
func (v *validator) subWorkflow(path string, j *job.Job, p *Parts) {
	at := path + ".workflow"
	if j.Queue != WorkflowQueue {
		v.fault(CodeInvalid, path+".queue", "leave it out", "no worker serves a job that is a workflow, so it has no queue")
	}
	if p.Workflow == nil {
		v.fault(CodeInvalid, at, "write workflow: {jobs: [...]}", "job %q is a workflow, and there is none", j.Name)
		return
	}
	if p.Workflow.Schedule != nil {
		v.fault(CodeInvalid, at+".schedule", "give it to the whole workflow", "a workflow that is a job runs when the job may, not by a schedule")
	}
	v.adopt(j, p.Workflow)
	inner := validatorOf(p.Workflow, v.path+at+".", v.report)
	inner.header()
	if len(p.Workflow.Jobs) == 0 {
		inner.fault(CodeInvalid, "jobs", "add at least one job", "the workflow has no jobs")
	}
	inner.body()
}

// adopt gives the workflow that a job is made of what it does not say itself.
func (v *validator) adopt(j *job.Job, w *Workflow) {
	if w.ID == (job.ID{}) {
		w.ID = job.NewID()
	}
	if w.Name == "" {
		w.Name = beginning(v.w.Name+"/"+j.Name, job.MaxName)
	}
	w.Retry = cmp.Or(w.Retry, j.Retry, v.w.Retry)
	w.Priority = cmp.Or(w.Priority, j.Priority, v.w.Priority)
	w.TraceID = cmp.Or(w.TraceID, j.TraceID, v.w.TraceID)
	w.CorrelationID = cmp.Or(w.CorrelationID, j.CorrelationID, v.w.CorrelationID)
}

// itemsName checks that the items of a job can be named after it.
func (v *validator) itemsName(path string, j *job.Job) {
	if len(j.Name) > maxItemsName {
		v.fault(CodeInvalid, path+".name", "", "the job name has %d characters; its items are named after it, so that at most %d are allowed", len(j.Name), maxItemsName)
	}
}

// ItemName is the name of an item of a batch or a map, by its place.
func ItemName(name string, i int) string { return fmt.Sprintf("%s[%d]", name, i) }

func isNull(payload json.RawMessage) bool {
	return len(payload) == 0 || string(payload) == "null"
}

// beginning cuts a text at its end.
func beginning(s string, limit int) string {
	if r := []rune(s); len(r) > limit {
		return string(r[:limit])
	}
	return s
}
