package workflowfile

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/plainjson"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// decoder makes a workflow of a tree. It goes on after a fault, as though the
// faulty value were not there, so that one report holds them all.
type decoder struct {
	faults  []workflow.Fault
	dropped int             // faults over maxFaults
	bad     map[string]bool // paths that have a fault: what Validate says about them is not news
	budget  int             // bytes of payloads and metadata that may still be made; negative: used up
	encoded map[*node]json.RawMessage
	depth   int // of the workflow being read; 0: the outermost
	inner   int // jobs that others are made of, so far
	most    int // of those
}

func (d *decoder) add(f workflow.Fault) {
	if len(d.faults) == maxFaults {
		d.dropped++
		return
	}
	d.faults = append(d.faults, f)
}

// fault reports what is wrong at a place of the tree.
func (d *decoder) fault(at position, path, hint, format string, args ...any) {
	d.bad[path] = true
	d.add(workflow.Fault{
		Code: workflow.CodeInvalid, Path: path, Line: int(at.line), Column: int(at.column),
		Message: fmt.Sprintf(format, args...), Hint: hint,
	})
}

// covered reports whether path, or what contains it, has a fault already.
func (d *decoder) covered(path string) bool {
	for path != "" {
		if d.bad[path] {
			return true
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return d.bad[""]
}

// fields calls read for every known field of an object. A misspelt field is
// reported and then read as the one it probably means, so that nothing else is
// reported because of it.
func (d *decoder) fields(n *node, path string, words vocabulary, read func(name string, value *node, path string)) bool {
	if !d.is(n, path, object) {
		return false
	}
	for _, f := range n.fields {
		at := join(path, f.name)
		switch {
		case slices.Contains(words.known, f.name):
			read(f.name, f.value, at)
		case slices.Contains(words.later, f.name):
			d.fault(f.at, at, "leave it out; this release does not run it", "%s is not available yet", f.name)
		default:
			meant, hint := words.hint(f.name)
			d.fault(f.at, at, hint, "%s has no field %s", words.of, quote(f.name))
			if meant != "" && n.get(meant) == nil {
				read(meant, f.value, join(path, meant))
			}
		}
	}
	return true
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func indexed(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// is reports whether n is of kind k, and a fault if it is not.
func (d *decoder) is(n *node, path string, k kind) bool {
	if n.kind == k {
		return true
	}
	hint := fmt.Sprintf("write %s here", k)
	switch {
	case n.kind == null:
		hint = "give it a value or leave it out"
	case k == text && n.kind != list && n.kind != object:
		hint = fmt.Sprintf("put it in quotes: %q", n.scalar)
	case k == boolean:
		hint = "write true or false"
	case k == list:
		hint = "write it as a list: [" + shown(n) + "]"
	}
	what := path
	if what == "" {
		what = "the file"
	}
	d.fault(n.at, path, hint, "%s is %s, not %s", what, n.kind, k)
	return false
}

// shown is a short scalar as an example in a hint.
func shown(n *node) string {
	if n.scalar == "" || len(n.scalar) > 40 {
		return "…"
	}
	return n.scalar
}

// workflow reads a workflow at a path; empty: that of the file.
func (d *decoder) workflow(n *node, path string) *workflow.Workflow {
	w := &workflow.Workflow{ID: job.NewID()}
	read := d.fields(n, path, workflowWords, func(name string, v *node, path string) {
		switch name {
		case "$schema": // for editors
			d.text(v, path)
		case "name":
			w.Name = d.text(v, path)
		case "description":
			w.Description = d.text(v, path)
		case "metadata":
			if d.is(v, path, object) {
				w.Metadata = d.json(v, path, job.MaxMetadata)
			}
		case "failure_policy":
			w.FailurePolicy = word(d, v, path, workflow.FailFast, workflow.ContinueOnFailure, workflow.Manual)
		case "running":
			w.Running = word(d, v, path, workflow.DrainRunning, workflow.CancelRunning)
		case "decision_timeout":
			w.DecisionTimeout = d.duration(v, path)
		case "decision_default":
			w.DecisionDefault = workflow.Action(d.text(v, path))
		case "priority":
			w.Priority = d.priority(v, path)
		case "timeout":
			w.Timeout = d.duration(v, path)
		case "schedule":
			w.Schedule = d.schedule(v, path)
		case "retry":
			w.Retry = d.retry(v, path)
		case "health_check_interval":
			w.HealthCheckInterval = d.duration(v, path)
		case "trace_id":
			w.TraceID = d.text(v, path)
		case "correlation_id":
			w.CorrelationID = d.text(v, path)
		case "jobs":
			w.Jobs = d.jobs(v, path)
		}
	})
	if at := join(path, "jobs"); read && len(w.Jobs) == 0 && !d.bad[at] {
		d.fault(n.at, at, "add at least one job", "the workflow has no jobs")
	}
	return w
}

func (d *decoder) jobs(n *node, path string) []*job.Job {
	if !d.is(n, path, list) {
		return nil
	}
	jobs := make([]*job.Job, len(n.items))
	for i, item := range n.items {
		jobs[i] = d.job(item, indexed(path, i))
	}
	return jobs
}

func (d *decoder) job(n *node, path string) *job.Job {
	j := &job.Job{ID: job.NewID()}
	read := d.fields(n, path, jobWords, func(name string, v *node, path string) { d.jobField(j, name, v, path) })
	if read && j.Name == "" && !d.bad[path+".name"] {
		d.fault(n.at, path+".name", "others depend on a job by its name", "the job has no name")
	}
	return j
}

// jobField reads one field of a job.
func (d *decoder) jobField(j *job.Job, name string, v *node, path string) {
	switch name {
	case "name":
		j.Name = d.text(v, path)
		if v.kind == text && j.Name == "" {
			d.fault(v.at, path, "others depend on a job by its name", "the job name is empty")
		}
	case "queue":
		j.Queue = d.text(v, path)
	case "payload":
		j.Payload = d.json(v, path, job.MaxPayload)
	case "depends_on":
		j.DependsOn = d.dependencies(v, path)
	case "join":
		j.Join = d.join(v, path)
	case "condition":
		j.Condition = d.expression(v, path)
	case "unmet":
		j.Unmet = word(d, v, path, job.UnmetSkip, job.UnmetPass, job.UnmetFail)
	case "with":
		j.With = d.inputs(v, path)
	case "allow_failure":
		j.AllowFailure = d.boolean(v, path)
	case "catch":
		j.Catch = d.boolean(v, path)
	case "finally":
		j.Finally = d.boolean(v, path)
	case "priority":
		j.Priority = d.priority(v, path)
	case "inherit":
		j.Inherit = d.boolean(v, path)
	case "timeout":
		j.Timeout = d.duration(v, path)
	case "deadline":
		j.Deadline = d.duration(v, path)
	case "delay":
		j.Delay = d.duration(v, path)
	case "scheduled_at":
		j.ScheduledAt = d.time(v, path)
	case "cron":
		if j.Cron = d.text(v, path); v.kind == text && strings.TrimSpace(j.Cron) == "" {
			d.fault(v.at, path, "leave it out if the job has none", "the cron expression is empty")
		}
	case "retry":
		j.Retry = d.retry(v, path)
	case "trace_id":
		j.TraceID = d.text(v, path)
	case "correlation_id":
		j.CorrelationID = d.text(v, path)
	case "gate":
		j.Gate = d.gate(v, path)
	case "batch", "map", "workflow":
		d.parts(j, name, v, path)
	}
}

// parts reads what a job is made of, of which there is one thing.
func (d *decoder) parts(j *job.Job, name string, v *node, path string) {
	read := map[string]func(n *node, path string) *workflow.Parts{"batch": d.batch, "map": d.mapped, "workflow": d.subWorkflow}
	p := read[name](v, path)
	if before := workflow.PartsOf(j); before != nil {
		d.fault(v.at, path, "make two jobs of it", "the job is a %s, too", before.Kind)
		return
	}
	j.Parts = p
}

func (d *decoder) dependencies(n *node, path string) []job.Dependency {
	if !d.is(n, path, list) {
		return nil
	}
	deps := make([]job.Dependency, len(n.items))
	for i, item := range n.items {
		at := indexed(path, i)
		if item.kind == text {
			deps[i].Name = item.scalar
			continue
		}
		if item.kind != object {
			d.fault(item.at, at, "write a job's name, or {job: name, on: success}", "%s is %s, not a job", at, item.kind)
			continue
		}
		d.fields(item, at, dependencyWords, func(name string, v *node, path string) {
			switch name {
			case "job":
				deps[i].Name = d.text(v, path)
				if d.bad[path] {
					d.bad[at] = true
				}
			case "on":
				deps[i].On = word(d, v, path, job.OnSuccess, job.OnFailure, job.OnDone)
			case "optional":
				deps[i].Optional = d.boolean(v, path)
			}
		})
		if deps[i].Name == "" && !d.bad[at] {
			d.fault(item.at, at, "write {job: name, on: success}", "the dependency names no job")
		}
	}
	return deps
}

// joinNames are the joins that are written as a text.
var joinNames = []job.JoinRule{job.JoinAll, job.JoinMerge, job.JoinAny, job.JoinDone}

func (d *decoder) join(n *node, path string) job.Join {
	switch n.kind {
	case text:
		if rule := job.JoinRule(n.scalar).Canonical(); n.scalar != "" && slices.Contains(joinNames, rule) {
			return job.Join{Rule: rule}
		}
	case object:
		j := job.Join{Rule: job.JoinQuorum}
		d.fields(n, path, quorumWords, func(_ string, v *node, path string) {
			j.Quorum = d.integer(v, path, 1, math.MaxInt32)
		})
		if j.Quorum == 0 && !d.bad[path+".quorum"] {
			d.fault(n.at, path, "write {quorum: 2}", "the join has no quorum")
		}
		if j.Quorum == 0 {
			d.bad[path] = true
		}
		return j
	}
	d.fault(n.at, path, "write {quorum: n} for n of its parents", "%s %s is not one of all, merge, any, done", path, described(n))
	return job.Join{}
}

// expression reads a text in CEL.
func (d *decoder) expression(n *node, path string) string {
	s := d.text(n, path)
	if n.kind == text && strings.TrimSpace(s) == "" {
		d.fault(n.at, path, "leave it out, or say what it depends on", "%s is empty", path)
	}
	return s
}

func (d *decoder) inputs(n *node, path string) map[string]string {
	if !d.is(n, path, object) {
		return nil
	}
	with := make(map[string]string, len(n.fields))
	for _, f := range n.fields {
		with[f.name] = d.expression(f.value, join(path, f.name))
	}
	return with
}

func (d *decoder) retry(n *node, path string) *job.RetryPolicy {
	p := &job.RetryPolicy{}
	d.fields(n, path, retryWords, func(name string, v *node, path string) {
		switch name {
		case "strategy":
			p.Strategy = word(d, v, path, job.Fixed, job.Linear, job.Exponential, job.Fibonacci)
		case "max_attempts":
			p.MaxAttempts = d.integer(v, path, 1, 1000)
		case "initial_delay":
			p.InitialDelay = d.delay(v, path)
		case "increment":
			p.Increment = d.delay(v, path)
		case "multiplier":
			p.Multiplier = d.float(v, path, 1, 1000)
		case "max_delay":
			p.MaxDelay = d.delay(v, path)
		case "jitter":
			p.Jitter = word(d, v, path, job.NoJitter, job.FullJitter, job.EqualJitter)
		}
	})
	return p
}

func (d *decoder) schedule(n *node, path string) *workflow.Schedule {
	s := &workflow.Schedule{}
	read := d.fields(n, path, scheduleWords, func(name string, v *node, path string) {
		switch name {
		case "cron":
			s.Cron = d.text(v, path)
		case "timezone":
			s.Timezone = d.text(v, path)
		case "catch_up":
			if v.kind != object {
				s.CatchUp = word(d, v, path, workflow.CatchUpNone, workflow.CatchUpLatest, workflow.CatchUpAll)
				return
			}
			s.CatchUp = workflow.CatchUpAll
			d.fields(v, path, catchUpWords, func(_ string, v *node, path string) {
				s.CatchUpMax = d.integer(v, path, 1, workflow.MaxCatchUp)
			})
			if len(v.fields) == 0 {
				d.fault(v.at, path, "write {all: 100}", "catch_up is empty")
			}
		case "overlap":
			s.Overlap = word(d, v, path, workflow.OverlapAllow, workflow.OverlapSkip, workflow.OverlapQueue, workflow.OverlapCancelPrevious)
		}
	})
	if !read {
		return nil
	}
	return s
}

func (d *decoder) boolean(n *node, path string) bool {
	return d.is(n, path, boolean) && n.scalar == "true"
}

func (d *decoder) text(n *node, path string) string {
	if !d.is(n, path, text) {
		return ""
	}
	return n.scalar
}

// word reads a text that is one of a few.
func word[T ~string](d *decoder, n *node, path string, allowed ...T) T {
	if n.kind == text && slices.Contains(allowed, T(n.scalar)) {
		return T(n.scalar)
	}
	names := make([]string, len(allowed))
	for i, a := range allowed {
		names[i] = string(a)
	}
	hint := ""
	if meant := nearest(n.scalar, names); meant != "" {
		hint = fmt.Sprintf("did you mean %q?", meant)
	}
	d.fault(n.at, path, hint, "%s %s is not one of %s", path, described(n), strings.Join(names, ", "))
	return ""
}

// described names a wrong value: a list or an object by its kind, others by
// what they are.
func described(n *node) string {
	switch n.kind {
	case text:
		return quote(n.scalar)
	case number, boolean:
		return shown(n)
	}
	return n.kind.String()
}

func (d *decoder) priority(n *node, path string) *job.Priority {
	names := []string{"background", "low", "normal", "high", "critical"}
	p, err := job.ParsePriority(word(d, n, path, names...))
	if err != nil {
		return nil
	}
	return &p
}

func (d *decoder) duration(n *node, path string) time.Duration {
	const hint = "write it like 30s, 5m or 1h30m"
	if n.kind != text && !(n.kind == number && n.scalar == "0") {
		d.fault(n.at, path, hint, "%s is %s, not a duration", path, n.kind)
		return 0
	}
	v, err := time.ParseDuration(n.scalar)
	if err != nil {
		d.fault(n.at, path, hint, "%s is not a duration", quote(n.scalar))
	}
	return v
}

// delay is a duration of a retry policy. There zero means the default, so a
// written zero would not do what it says.
func (d *decoder) delay(n *node, path string) job.Duration {
	v := d.duration(n, path)
	if v == 0 && !d.bad[path] {
		d.fault(n.at, path, "write 1ms for almost at once; left out, it has its default", "%s is zero", path)
	}
	return job.Duration(v)
}

func (d *decoder) time(n *node, path string) time.Time {
	const hint = "write it like 2030-01-31T08:00:00Z"
	if n.kind != text {
		d.fault(n.at, path, hint, "%s is %s, not a time", path, n.kind)
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, n.scalar)
	if err != nil || t.IsZero() {
		d.fault(n.at, path, hint, "%s is not a time of RFC 3339", quote(n.scalar))
		return time.Time{}
	}
	return t
}

func (d *decoder) integer(n *node, path string, low, high int) int {
	v := d.float(n, path, float64(low), float64(high))
	if v != math.Trunc(v) {
		d.fault(n.at, path, "", "%s %s is not a whole number", path, shown(n))
		return 0
	}
	return int(v)
}

func (d *decoder) float(n *node, path string, low, high float64) float64 {
	if !d.is(n, path, number) {
		return 0
	}
	v, err := strconv.ParseFloat(n.scalar, 64)
	if err != nil || v < low || v > high {
		d.fault(n.at, path, "", "%s %s is not between %.f and %.f", path, shown(n), low, high)
		return 0
	}
	return v
}

// json returns a value of at most limit bytes as JSON.
func (d *decoder) json(n *node, path string, limit int) json.RawMessage {
	raw, ok := d.encode(n, limit)
	if !ok {
		what := fmt.Sprintf("%s has more than %d bytes", path, limit)
		if d.budget < 0 {
			what = fmt.Sprintf("the aliases of the file make more than %d bytes", DefaultMaxBytes)
		}
		d.bad[path] = true
		d.add(workflow.Fault{
			Code: workflow.CodeTooLarge, Path: path, Line: int(n.at.line), Column: int(n.at.column),
			Message: what, Hint: "keep large data outside and pass its place",
		})
	}
	return raw
}

// set merges the options' values into the metadata.
func (d *decoder) set(w *workflow.Workflow, values map[string]string) {
	if len(values) == 0 || d.covered("metadata") {
		return
	}
	object := make(map[string]json.RawMessage)
	if len(w.Metadata) > 0 {
		if err := json.Unmarshal(w.Metadata, &object); err != nil {
			d.fault(position{}, "metadata", "", "metadata: %v", err)
			return
		}
	}
	for key, value := range values {
		if !utf8.ValidString(key) || !utf8.ValidString(value) {
			d.fault(position{}, "metadata", "", "the value set for %s is not valid UTF-8", quote(key))
			return
		}
		object[key], _ = plainjson.Marshal(value) // a string: no error is possible
	}
	w.Metadata, _ = plainjson.Marshal(object) // of valid JSON: no error is possible
}
