package workflow

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow/spelling"
)

// Limits bound the size of one workflow. The zero value of a field means its
// default.
type Limits struct {
	Jobs  int // default 100,000
	Edges int // default 1,000,000
}

// WithDefaults returns l with every zero field set to its default.
func (l Limits) WithDefaults() Limits {
	if l.Jobs == 0 {
		l.Jobs = 100_000
	}
	if l.Edges == 0 {
		l.Edges = 1_000_000
	}
	return l
}

// Validate refuses limits that let nothing through.
func (l Limits) Validate() error {
	if l.Jobs < 0 || l.Edges < 0 {
		return fmt.Errorf("limits of %d jobs and %d dependencies let no workflow through; 0 means the default", l.Jobs, l.Edges)
	}
	return nil
}

// minHealthCheckInterval is the shortest time without movement that says
// anything.
const minHealthCheckInterval = time.Second

// maxFaults bounds a report; the rest is counted in its last line.
const maxFaults = 100

// Validate completes w (ids, names, defaults, parents' ids for names) and
// checks it. It returns nil or an *Error with all faults. A parent id that is
// not among w's jobs is taken to be a job outside; the enqueue checks that it
// exists. Validate takes O(jobs + edges) and may be called again.
func (w *Workflow) Validate() error { return w.ValidateLimits(Limits{}) }

// ValidateLimits is Validate with limits other than the defaults.
func (w *Workflow) ValidateLimits(limits Limits) error {
	return newValidator(w, limits).run()
}

func newValidator(w *Workflow, limits Limits) *validator {
	return validatorOf(w, "", &report{limits: limits.WithDefaults()})
}

// validatorOf checks a workflow at a path: a whole one, or what a job is made of.
func validatorOf(w *Workflow, path string, r *report) *validator {
	return &validator{
		report: r,
		w:      w,
		path:   path,
		byName: make(map[string]int, len(w.Jobs)),
		byID:   make(map[job.ID]int, len(w.Jobs)),
	}
}

// run checks a whole workflow.
func (v *validator) run() error {
	v.header()
	if v.survey() {
		v.body()
	}
	return v.report.err()
}

// body checks the jobs of a workflow that was surveyed.
func (v *validator) body() {
	v.identify()
	for i, j := range v.w.Jobs {
		v.job(i, j)
	}
	v.roles()
	v.crons()
	v.findCycles()
}

// validator checks one workflow.
type validator struct {
	*report
	w       *Workflow
	path    string // of the workflow, with a dot behind it; empty: the outermost
	flat    bool   // jobs without a workflow: names need not be unique
	byName  map[string]int
	byID    map[job.ID]int
	parents [][]int // node → its parents within the workflow
}

// report is what is known of a workflow and of all that its jobs are made of.
type report struct {
	limits  Limits
	homes   map[job.ID]*Workflow // of all jobs
	effort  int                  // bytes compared by nearest so far
	faults  []Fault
	dropped int
	cycles  []error
}

func (v *validator) fault(code Code, path, hint, format string, args ...any) {
	if len(v.faults) == maxFaults {
		v.dropped++
		return
	}
	v.faults = append(v.faults, Fault{Code: code, Path: v.path + path, Hint: hint, Message: fmt.Sprintf(format, args...)})
}

func (r *report) err() error {
	if len(r.faults) == 0 {
		return nil
	}
	if r.dropped > 0 {
		r.faults = append(r.faults, Fault{Code: CodeInvalid, Message: fmt.Sprintf("and %d more faults", r.dropped)})
	}
	return &Error{Faults: r.faults, cycles: r.cycles}
}

func (v *validator) header() {
	w := v.w
	if w.ID == (job.ID{}) {
		w.ID = job.NewID()
	}
	if w.FailurePolicy == "" {
		w.FailurePolicy = FailFast
	}
	if len(w.Metadata) == 0 {
		w.Metadata = json.RawMessage("{}")
	}
	v.text("name", "workflow name", w.Name, true)
	v.freeText("description", w.Description)
	v.text("correlation_id", "correlation id", w.CorrelationID, false)
	v.traceID("trace_id", w.TraceID)
	v.metadata()
	v.policy()
	v.priority("priority", w.Priority)
	v.retry("retry", w.Retry)
	v.schedule("schedule", w.Schedule)
	if w.Timeout < 0 {
		v.fault(CodeInvalid, "timeout", "", "timeout %s is negative", w.Timeout)
	}
	switch h := w.HealthCheckInterval; {
	case h < 0:
		v.fault(CodeInvalid, "health_check_interval", "", "health check interval %s is negative", h)
	case h > 0 && h < minHealthCheckInterval:
		v.fault(CodeInvalid, "health_check_interval", "jobs that wait for a worker for a moment are no stall", "health check interval %s is below %s", h, minHealthCheckInterval)
	}
}

func (v *validator) metadata() {
	if v.w.err != nil {
		v.fault(CodeInvalid, "metadata", "", "metadata cannot be encoded as JSON: %v", v.w.err)
		return
	}
	m := v.w.Metadata
	if len(m) > job.MaxMetadata {
		v.fault(CodeTooLarge, "metadata", "keep large data outside and store its place here", "metadata has %d bytes; at most %d are allowed", len(m), job.MaxMetadata)
	}
	var object map[string]any
	if err := json.Unmarshal(m, &object); err != nil || object == nil {
		v.fault(CodeInvalid, "metadata", "", "metadata is not a JSON object")
	} else if containsNUL(object) {
		v.fault(CodeInvalid, "metadata", "remove the character", "metadata contains U+0000")
	}
}

// identify gives every job an id and a name and fills the two indices.
func (v *validator) identify() {
	for i, j := range v.w.Jobs {
		placeWorkless(j)
		path := jobPath(i)
		if first, taken := v.byID[j.ID]; taken {
			v.fault(CodeDuplicateName, path, "add each job once", "the job has the same id as %s", v.path+jobPath(first))
		} else {
			v.byID[j.ID] = i
			if v.homes[j.ID] != v.w {
				v.fault(CodeDuplicateName, path, "add each job once", "the job has the same id as one of another part of the workflow")
			}
		}
		if j.Name == "" {
			continue
		}
		if !namePattern.MatchString(j.Name) {
			v.fault(CodeInvalid, path+".name", "use letters, digits, _ . and -, at most 200 characters", "job name %s is not allowed", quote(j.Name))
		}
		if first, taken := v.byName[j.Name]; taken && !v.flat {
			v.fault(CodeDuplicateName, path+".name", "names are unique within a workflow", "job name %q is already taken by %s", j.Name, v.path+jobPath(first))
		} else {
			v.byName[j.Name] = i
		}
	}
	numbered := make(map[string]int)
	for i, j := range v.w.Jobs {
		if j.Name == "" {
			j.Name = v.freeName(j.Queue, numbered)
			v.byName[j.Name] = i
		}
	}
}

// freeName names a job without a name after its queue: resize, resize-2, ….
func (v *validator) freeName(queue string, numbered map[string]int) string {
	base := nameAfter(queue)
	for {
		numbered[base]++
		name := base
		if n := numbered[base]; n > 1 {
			name = fmt.Sprintf("%s-%d", base, n)
		}
		if _, taken := v.byName[name]; !taken {
			return name
		}
	}
}

// roomForNumber is for the numbers behind names that are made up.
const roomForNumber = 8

// nameAfter makes a name of a queue's, with room for a number behind it.
func nameAfter(queue string) string {
	base := notNameChar.ReplaceAllString(queue, "-")
	if base == "" {
		return "job"
	}
	return base[:min(len(base), job.MaxName-roomForNumber)]
}

// lastYear is the last one a job may wait for. RFC 3339, which every answer
// writes times in, has no years after 9999.
const lastYear = 9998

func (v *validator) job(i int, j *job.Job) {
	path := jobPath(i)
	v.queue(path+".queue", j.Queue)
	v.attempts(path, path+".payload", j)
	if j.Barrier && len(j.DependsOn) == 0 {
		v.fault(CodeInvalid, path+".depends_on", "let it depend on the jobs that it waits for", "a barrier depends on nothing")
	}
	v.join(path+".join", j)
	v.parents = append(v.parents, v.dependencies(i, path, j))
	v.expressions(path, j)
	v.workless(path, j)
}

// attempts checks what concerns the attempts of a job.
func (v *validator) attempts(path, payload string, j *job.Job) {
	v.payload(payload, j)
	v.priority(path+".priority", j.Priority)
	v.retry(path+".retry", j.Retry)
	v.traceID(path+".trace_id", j.TraceID)
	v.text(path+".correlation_id", "correlation id", j.CorrelationID, false)
	for _, d := range []struct {
		field string
		value int64
	}{{"timeout", int64(j.Timeout)}, {"deadline", int64(j.Deadline)}, {"delay", int64(j.Delay)}} {
		if d.value < 0 {
			v.fault(CodeInvalid, path+"."+d.field, "", "%s is negative", d.field)
		}
	}
	if !storable(j.ScheduledAt) {
		v.fault(CodeInvalid, path+".scheduled_at", "leave it out to run the job at once", "scheduled_at is not between the years 1 and %d", lastYear)
	}
}

// storable reports whether a time can be stored and written.
func storable(t time.Time) bool { y := t.UTC().Year(); return y >= 1 && y <= lastYear }

// join checks a join and calls its rule by our own name.
func (v *validator) join(path string, j *job.Job) {
	if j.Join.Rule != "" {
		j.Join.Rule = j.Join.Rule.Canonical()
	}
	switch j.Join.Rule {
	case "", job.JoinAll, job.JoinMerge, job.JoinAny, job.JoinDone:
		if j.Join.Quorum != 0 {
			v.fault(CodeInvalid, path, "use the join quorum, or leave the number out", "the join %s has a quorum of %d", cmp.Or(j.Join.Rule, job.JoinAll), j.Join.Quorum)
		}
	case job.JoinQuorum:
		switch n := len(j.DependsOn); {
		case n == 0:
			v.fault(CodeInvalid, path, "let it depend on the jobs of which some are enough", "the job has a quorum of %d and no dependencies", j.Join.Quorum)
		case j.Join.Quorum < 1 || j.Join.Quorum > n:
			v.fault(CodeInvalid, path, "", "quorum %d is not between 1 and its %d dependencies", j.Join.Quorum, n)
		}
	default:
		v.fault(CodeInvalid, path, "write {quorum: n} for n of its parents", "join %q is not one of all, merge, any, done, quorum", j.Join.Rule)
	}
}

// dependencies resolves the names of j's parents and returns those within the
// workflow.
func (v *validator) dependencies(i int, path string, j *job.Job) []int {
	var inside []int
	seen := make(map[job.ID]bool, len(j.DependsOn))
	for k := range j.DependsOn {
		d := &j.DependsOn[k]
		at := fmt.Sprintf("%s.depends_on[%d]", path, k)
		if d.Parent == (job.ID{}) {
			p, ok := v.byName[d.Name]
			if !ok {
				v.fault(CodeUnknownParent, at, v.nearest(d.Name), "job %q depends on %s, which does not exist", j.Name, quote(d.Name))
				continue
			}
			d.Parent = v.w.Jobs[p].ID
		}
		p, ok := v.byID[d.Parent]
		if ok {
			d.Name = v.w.Jobs[p].Name
		}
		switch d.On {
		case "":
			d.On = job.OnSuccess
		case job.OnSuccess, job.OnFailure, job.OnDone:
		default:
			v.fault(CodeInvalid, at+".on", "", "on %q is not one of success, failure, done", d.On)
		}
		home, known := v.homes[d.Parent]
		switch {
		case known && home != v.w:
			v.fault(CodeInvalid, at, "let the job that is made of the other depend on it, or the other way round", "job %q depends on a job that is not of its own workflow, but around it or within it", j.Name)
		case ok && p == i:
			v.fault(CodeCycle, at, "remove the dependency", "job %q depends on itself", j.Name)
		case seen[d.Parent]:
			v.fault(CodeInvalid, at, "name each parent once", "job %q depends on %q twice", j.Name, d.Name)
		case ok:
			inside = append(inside, p)
		}
		seen[d.Parent] = true
	}
	return inside
}

func (v *validator) queue(path, name string) {
	if name == "" {
		v.fault(CodeInvalid, path, "a queue names the handler that serves the job", "the job has no queue")
		return
	}
	v.text(path, "queue name", name, true)
}

func (v *validator) payload(path string, j *job.Job) {
	if err := j.Err(); err != nil {
		v.fault(CodeInvalid, path, "", "payload cannot be encoded as JSON: %v", err)
		return
	}
	if len(j.Payload) == 0 {
		j.Payload = json.RawMessage("null")
	}
	if len(j.Payload) > job.MaxPayload {
		v.fault(CodeTooLarge, path, "keep large data outside and pass its place", "payload has %d bytes; at most %d are allowed", len(j.Payload), job.MaxPayload)
		return
	}
	if !json.Valid(j.Payload) || !utf8.Valid(j.Payload) {
		v.fault(CodeInvalid, path, "", "payload is not valid JSON")
	}
}

func (v *validator) priority(path string, p *job.Priority) {
	if p != nil && !p.Valid() {
		v.fault(CodeInvalid, path, "", "priority %d is not between 0 (background) and 4 (critical)", int(*p))
	}
}

func (v *validator) retry(path string, p *job.RetryPolicy) {
	if p == nil {
		return
	}
	for _, problem := range p.Problems() {
		field, message, _ := strings.Cut(problem, ": ")
		v.fault(CodeInvalid, path+"."+field, "", "retry %s: %s", field, message)
	}
}

func (v *validator) traceID(path, id string) {
	if id != "" && (!traceIDPattern.MatchString(id) || id == strings.Repeat("0", 32)) {
		v.fault(CodeInvalid, path, "a W3C trace id is 32 hex digits, not all zero", "trace id %s is not valid", quote(id))
	}
}

// text checks a one-line text such as a name.
func (v *validator) text(path, what, s string, required bool) {
	switch {
	case s == "" && required:
		v.fault(CodeInvalid, path, "", "the %s is empty", what)
	case !utf8.ValidString(s):
		v.fault(CodeInvalid, path, "", "%s %s is not valid UTF-8", what, quote(s))
	case strings.ContainsFunc(s, unicode.IsControl):
		v.fault(CodeInvalid, path, "remove the character", "%s %s contains a control character", what, quote(s))
	case utf8.RuneCountInString(s) > job.MaxName:
		v.fault(CodeInvalid, path, "", "the %s has %d characters; at most %d are allowed", what, utf8.RuneCountInString(s), job.MaxName)
	}
}

// freeText checks a text that may have several lines.
func (v *validator) freeText(path, s string) {
	if strings.ContainsRune(s, 0) || !utf8.ValidString(s) {
		v.fault(CodeInvalid, path, "remove the character", "%s contains U+0000 or is not valid UTF-8", path)
	}
	if len(s) > job.MaxMetadata {
		v.fault(CodeTooLarge, path, "", "%s has %d bytes; at most %d are allowed", path, len(s), job.MaxMetadata)
	}
}

// maxEffort bounds what nearest compares for one report, in bytes.
const maxEffort = 50_000_000

// nearest suggests the name a misspelt one probably means. It stops looking
// when a report with many faults has cost too much.
func (v *validator) nearest(name string) string {
	best, bestDistance := "", max(2, len(name)/3)+1
	if len(v.faults) == maxFaults || len(name) > job.MaxName {
		return ""
	}
	for candidate := range v.byName {
		if v.effort++; v.effort > maxEffort {
			return ""
		}
		if max(len(name)-len(candidate), len(candidate)-len(name)) > bestDistance {
			continue
		}
		v.effort += len(name) * len(candidate)
		d := spelling.Distance(name, candidate)
		if d < bestDistance || d == bestDistance && best != "" && candidate < best {
			best, bestDistance = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", best)
}

var (
	namePattern    = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,200}$`)
	notNameChar    = regexp.MustCompile(`[^A-Za-z0-9_.-]+`)
	traceIDPattern = regexp.MustCompile(`^[0-9a-f]{32}$`)
)

func jobPath(i int) string { return fmt.Sprintf("jobs[%d]", i) }

// quote shows a text from outside, shortened and with control characters
// escaped.
func quote(s string) string {
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "…"
	}
	return fmt.Sprintf("%q", s)
}

func containsNUL(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.ContainsRune(v, 0)
	case []any:
		for _, e := range v {
			if containsNUL(e) {
				return true
			}
		}
	case map[string]any:
		for k, e := range v {
			if strings.ContainsRune(k, 0) || containsNUL(e) {
				return true
			}
		}
	}
	return false
}
