package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/wire"
	"github.com/hammerwork/hammerwork/pkg/job"
)

const manual = `{"name": "manual", "failure_policy": "manual", "jobs": [
	{"name": "extract", "queue": "etl", "retry": {"max_attempts": 1}, "payload": {"day": 1}},
	{"name": "transform", "queue": "etl", "depends_on": ["extract"]},
	{"name": "load", "queue": "db", "depends_on": ["transform"]}]}`

func (r *rig) workflow(id string) wire.Workflow {
	r.t.Helper()
	return into[wire.Workflow](r.get("/api/v1/workflows/"+id), http.StatusOK)
}

// job returns a job of a workflow, alone, by its name.
func (r *rig) job(id, name string) wire.Job {
	r.t.Helper()
	jobs := r.workflow(id).Jobs
	i := slices.IndexFunc(jobs, func(j wire.Job) bool { return j.Name == name })
	if i < 0 {
		r.t.Fatalf("there is no job %s", name)
	}
	return into[wire.Job](r.get("/api/v1/jobs/"+jobs[i].ID), http.StatusOK)
}

func (r *rig) steer(id, verb, body string, changes ...change) wire.WorkflowItem {
	r.t.Helper()
	return into[wire.WorkflowItem](r.post("/api/v1/workflows/"+id+"/"+verb, body, changes...), http.StatusOK)
}

func TestAFailureUnderManualWaitsForADecisionWhichTheAnswersName(t *testing.T) {
	r := start(t, config(), nil)
	id := r.create(manual)
	r.finish("extract")
	w := r.workflow(id)
	if w.Status != "paused" || w.UserPaused || w.Undecided != 1 || !slices.Equal(w.UndecidedJobs, []string{"extract"}) {
		t.Errorf("it is %s, user_paused %v, undecided %d %v", w.Status, w.UserPaused, w.Undecided, w.UndecidedJobs)
	}
	if list := into[wire.List[wire.WorkflowItem]](r.get("/api/v1/workflows?status=paused"), http.StatusOK); len(list.Items) != 1 || list.Items[0].Undecided != 1 {
		t.Errorf("the list of what is paused has %+v", list.Items)
	}
	if j := r.job(id, "extract"); j.Decision != "open" || j.Status != "failed" {
		t.Errorf("the job is %s, decision %q", j.Status, j.Decision)
	}
	heard := r.hears(bus.ReadySubject("etl"))
	if w := r.steer(id, "decide", `{"job": "extract", "action": "retry", "payload": {"day": 2}}`); w.Status != "running" || w.Undecided != 0 {
		t.Errorf("after the decision it is %s, undecided %d", w.Status, w.Undecided)
	}
	hear(t, heard, bus.ReadySubject("etl"))
	if j := r.job(id, "extract"); string(j.Payload) != `{"day":2}` && string(j.Payload) != `{"day": 2}` {
		t.Errorf("the payload is %s", j.Payload)
	}
	r.finish("extract")
	r.steer(id, "decide", `{"job": "extract", "action": "complete", "result": {"rows": 7}}`)
	claimed := r.claim(10)
	if len(claimed) != 1 || claimed[0].Name != "transform" || len(claimed[0].Parents) != 1 || !strings.Contains(string(claimed[0].Parents[0].Result), "7") {
		t.Fatalf("after a completion by hand, claimed %+v", claimed)
	}
	j := r.job(id, "extract")
	if j.Decision != "complete" || j.Status != "failed" || len(j.Runs) != 1 || j.Runs[0].Status != "failed" || !strings.Contains(string(j.Runs[0].Payload), "1") || j.EarlierAttempts != 1 || j.Attempt != 2 {
		t.Errorf("the job is %+v", j)
	}
}

func TestACancelByADecisionStopsWhatRuns(t *testing.T) {
	r := start(t, config(), nil)
	id := r.create(strings.Replace(manual, `"depends_on": ["extract"]`, `"payload": 1`, 1))
	var failed, runs job.Fence
	for _, c := range r.claim(10) {
		if c.Name == "extract" {
			failed = c.Fence
		} else {
			runs = c.Fence
		}
	}
	if _, err := r.store.Resolve(t.Context(), []job.Outcome{{Fence: failed, Kind: job.KindFailed, Permanent: true}}); err != nil {
		t.Fatal(err)
	}
	heard := r.hears(bus.ControlSubject("w1"))
	if w := r.steer(id, "decide", `{"job": "extract", "action": "cancel"}`); w.Status != "cancelling" {
		t.Errorf("it is %s", w.Status)
	}
	hear(t, heard, bus.ControlSubject("w1"))
	if runs == (job.Fence{}) {
		t.Error("nothing ran")
	}
}

func TestAPausedWorkflowGivesNothingUntilItIsResumed(t *testing.T) {
	r := start(t, config(), nil)
	id := r.create(pipeline)
	for range 2 {
		if w := r.steer(id, "pause", ""); w.Status != "paused" || !w.UserPaused {
			t.Errorf("it is %s, user_paused %v", w.Status, w.UserPaused)
		}
	}
	if got := r.claim(10); len(got) != 0 {
		t.Errorf("a paused workflow gave %d jobs", len(got))
	}
	heard := r.hears(bus.ReadySubject("etl"))
	for range 2 {
		if w := r.steer(id, "resume", `{}`); w.Status != "running" || w.UserPaused {
			t.Errorf("it is %s, user_paused %v", w.Status, w.UserPaused)
		}
	}
	hear(t, heard, bus.ReadySubject("etl"))
	if got := r.claim(10); len(got) != 1 {
		t.Errorf("after the resume it gave %d jobs", len(got))
	}
	if audit := into[wire.List[wire.AuditEntry]](r.get("/api/v1/workflows/"+id+"/audit"), http.StatusOK); len(audit.Items) != 2 {
		t.Errorf("what changed nothing is in the audit: %+v", audit.Items)
	}
}

func TestARetryIsPlannedAndThenRun(t *testing.T) {
	r := start(t, config(), nil)
	id := r.create(pipeline)
	r.finish("extract")
	w := r.workflow(id)
	want := wire.Cause{JobID: w.Jobs[0].ID, Job: "extract", Status: "failed", Error: "broken", Count: 2}
	if w.Status != "failed" || len(w.RootCauses) != 1 || w.RootCauses[0] != want || w.Jobs[2].Cause != "extract" {
		t.Errorf("it is %s, causes %+v, of load %q", w.Status, w.RootCauses, w.Jobs[2].Cause)
	}
	if list := into[wire.List[wire.Cause]](r.get("/api/v1/workflows/"+id+"/causes?limit=1"), http.StatusOK); len(list.Items) != 1 || list.Items[0] != want {
		t.Errorf("causes %+v", list.Items)
	}
	if j := r.job(id, "load"); j.Cause != "extract" {
		t.Errorf("alone it is because of %q", j.Cause)
	}
	names := func(p wire.RetryPlan) (list []string) {
		for _, j := range p.Jobs {
			list = append(list, j.Name+" "+j.Status)
		}
		return list
	}
	plan := into[wire.RetryPlan](r.post("/api/v1/workflows/"+id+"/retry", `{"dry_run": true, "payloads": {"extract": 2}}`), http.StatusOK)
	if got := names(plan); !plan.DryRun || plan.Run != 2 || plan.Status != "failed" || !slices.Equal(got, []string{"extract failed", "transform upstream_failed", "load upstream_failed"}) {
		t.Errorf("the plan is %+v", plan)
	}
	if w := r.workflow(id); w.Status != "failed" || w.Run != 1 || len(r.claim(10)) != 0 {
		t.Errorf("a plan changed it: %s, run %d", w.Status, w.Run)
	}
	heard := r.hears(bus.ReadySubject("etl"))
	plan = into[wire.RetryPlan](r.post("/api/v1/workflows/"+id+"/retry", `{"payloads": {"extract": 2}}`), http.StatusOK)
	if plan.DryRun || plan.Run != 2 || plan.Status != "running" || len(plan.Jobs) != 3 {
		t.Errorf("the retry is %+v", plan)
	}
	hear(t, heard, bus.ReadySubject("etl"))
	for range 3 {
		r.finish()
	}
	w = r.workflow(id)
	if w.Status != "completed" || w.Run != 2 || len(w.RootCauses) != 0 {
		t.Errorf("after the retry it is %s, run %d, %+v", w.Status, w.Run, w.RootCauses)
	}
	j := r.job(id, "extract")
	if string(j.Payload) != "2" || j.Run != 2 || len(j.Runs) != 1 || j.Runs[0].Status != "failed" || j.Runs[0].Error != "broken" || j.Runs[0].Run != 1 {
		t.Errorf("the job is %+v", j)
	}
	plan = into[wire.RetryPlan](r.post("/api/v1/workflows/"+id+"/retry", `{"from": "transform"}`), http.StatusOK)
	if got := names(plan); !slices.Equal(got, []string{"transform completed", "load completed"}) || plan.Run != 3 {
		t.Errorf("from transform: %+v", plan)
	}
}

func TestTheAuditSaysWhoDidWhatAndWhy(t *testing.T) {
	r := start(t, config(), nil)
	id := r.create(manual)
	r.finish("extract")
	who := with("X-Hammerwork-Actor", "ann")
	r.steer(id, "decide", `{"job": "extract", "action": "skip", "comment": "by hand\nagain"}`, who)
	r.steer(id, "pause", `{"actor": "bob 🦊"}`)
	r.steer(id, "resume", `{"actor": "ann"}`, who)
	r.steer(id, "cancel", `{"grace": "0s", "comment": "wrong day"}`)
	var got []string
	cursor, pages := "", 0
	for {
		list := into[wire.List[wire.AuditEntry]](r.get("/api/v1/workflows/"+id+"/audit?limit=2&cursor="+cursor), http.StatusOK)
		pages++
		for _, e := range list.Items {
			if e.At == nil || e.ID == "" || (e.Job == "") != (e.JobID == "") {
				t.Errorf("an entry is %+v", e)
			}
			got = append(got, strings.Join([]string{e.Actor, e.Action, e.Job, e.Comment}, "|"))
		}
		if cursor = list.NextCursor; cursor == "" {
			break
		}
	}
	want := []string{"ann|decide.skip|extract|by hand\nagain", "bob 🦊|pause||", "ann|resume||", "api|cancel||wrong day"}
	if !slices.Equal(got, want) || pages != 3 {
		t.Errorf("%d pages: %q; want %q", pages, got, want)
	}
	if list := into[wire.List[wire.AuditEntry]](r.get("/api/v1/workflows/"+r.create(pipeline)+"/audit"), http.StatusOK); len(list.Items) != 0 {
		t.Errorf("nothing was done, and the audit has %+v", list.Items)
	}
}

func TestWhatAConditionCameToIsShown(t *testing.T) {
	r := start(t, config(), nil)
	id := r.create(`{"name": "w", "jobs": [{"name": "a", "queue": "q"},
		{"name": "b", "queue": "q", "depends_on": ["a"], "condition": "rows > 5"},
		{"name": "c", "queue": "q", "depends_on": ["a"], "condition": "rows < 5", "with": {"twice": "rows * 2"}, "unmet": "fail"}]}`)
	r.finish()
	b, c := r.job(id, "b"), r.job(id, "c")
	if b.Status != "skipped" || b.Condition != "rows > 5" || b.Evaluation == nil || b.Evaluation.Value == nil || *b.Evaluation.Value || b.Evaluation.At == nil {
		t.Errorf("b is %+v, %+v", b, b.Evaluation)
	}
	if c.Unmet != "fail" || c.With["twice"] != "rows * 2" || c.Evaluation == nil || !*c.Evaluation.Value || string(c.Evaluation.With) != `{"twice":6}` {
		t.Errorf("c is %+v, %+v", c, c.Evaluation)
	}
}

func TestManyUndecidedFailuresAreCountedAndSomeAreNamed(t *testing.T) {
	r := start(t, config(), nil)
	var jobs []string
	for i := range wire.MaxUndecided + 5 {
		jobs = append(jobs, fmt.Sprintf(`{"name": "j%d", "queue": "q", "retry": {"max_attempts": 1}}`, i))
	}
	id := r.create(`{"name": "w", "failure_policy": "manual", "jobs": [` + strings.Join(jobs, ",") + `]}`)
	var outcomes []job.Outcome
	for _, c := range r.claim(100) {
		outcomes = append(outcomes, job.Outcome{Fence: c.Fence, Kind: job.KindFailed, Error: "broken", Permanent: len(outcomes)%2 == 0})
	}
	if _, err := r.store.Resolve(t.Context(), outcomes); err != nil {
		t.Fatal(err)
	}
	w := r.workflow(id)
	if w.Undecided != len(jobs) || len(w.UndecidedJobs) != wire.MaxUndecided {
		t.Errorf("%d undecided, %d named", w.Undecided, len(w.UndecidedJobs))
	}
	first := w.UndecidedJobs[0]
	r.steer(id, "decide", `{"job": "`+first+`", "action": "accept"}`)
	if w := r.workflow(id); w.Undecided != len(jobs)-1 || slices.Contains(w.UndecidedJobs, first) {
		t.Errorf("after a decision %d are undecided, %v", w.Undecided, w.UndecidedJobs)
	}
}

func TestARefusalToRetryAJobNamesTheCallThatRunsItAgain(t *testing.T) {
	r := start(t, config(), nil)
	refused := func(id string) wire.Problem {
		return r.post("/api/v1/jobs/"+id+"/retry", "").problem(http.StatusConflict, wire.CodeWrongState)
	}
	alone := r.enqueue(`{"queue": "alone"}`)
	if p := refused(alone); !strings.Contains(p.Detail, "it is pending") || !strings.Contains(p.Hint, "job explain "+alone) {
		t.Errorf("one without a workflow that waits: %+v", p)
	}
	r.finish()
	if p := refused(alone); !strings.Contains(p.Detail, "it is completed") || !strings.Contains(p.Hint, "job enqueue") {
		t.Errorf("one without a workflow that completed: %+v", p)
	}
	cause := r.enqueue(`{"queue": "alone", "name": "cause"}`)
	after := r.enqueue(`{"queue": "alone", "depends_on": ["` + cause + `"]}`)
	r.finish("cause")
	if _, err := r.store.CheckEdges(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	if p := refused(after); p.Hint != "hammerwork job retry "+cause {
		t.Errorf("one without a workflow that could not run: %+v", p)
	}
	id := r.create(pipeline)
	extract := r.job(id, "extract").ID
	if p := refused(extract); !strings.Contains(p.Detail, "has not ended") || !strings.Contains(p.Hint, "job show "+extract) {
		t.Errorf("one that waits: %+v", p)
	}
	r.finish()
	if p := refused(extract); !strings.Contains(p.Hint, "workflow pause "+id) || !strings.Contains(p.Hint, "workflow retry "+id+" --from extract") {
		t.Errorf("of a workflow that runs: %+v", p)
	}
	r.steer(id, "cancel", "")
	if p := refused(extract); p.Hint != "hammerwork workflow retry "+id+" --from extract" {
		t.Errorf("of a workflow that has ended: %+v", p)
	}
	r.post("/api/v1/jobs/"+job.NewID().String()+"/retry", "").problem(http.StatusNotFound, wire.CodeNotFound)
}

func TestAPayloadThatInputsCannotBeAddedToIsRefused(t *testing.T) {
	r := start(t, config(), nil)
	id := r.create(`{"name": "w", "jobs": [{"name": "a", "queue": "q", "with": {"n": "1"}, "retry": {"max_attempts": 1}}]}`)
	if _, err := r.store.CheckEdges(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	r.finish("a")
	p := r.post("/api/v1/workflows/"+id+"/retry", `{"payloads": {"a": "text"}}`).problem(http.StatusUnprocessableEntity, wire.CodeInvalidRequest)
	if !strings.Contains(p.Detail, "must be an object") {
		t.Errorf("the problem is %+v", p)
	}
}

func TestAJobWithoutAWorkflowRunsAgain(t *testing.T) {
	r := start(t, config(), nil)
	id := r.enqueue(`{"queue": "mail", "name": "send", "payload": {"to": "a"}}`)
	r.finish("send")
	heard := r.hears(bus.ReadySubject("mail"))
	j := into[wire.Job](r.post("/api/v1/jobs/"+id+"/retry", `{"payload": {"to": "b"}, "comment": "wrong address", "actor": "ann"}`), http.StatusOK)
	if j.Status != "pending" || j.EarlierAttempts != 1 || j.Run != 2 || len(j.Runs) != 1 || j.Runs[0].Status != "failed" || !strings.Contains(string(j.Payload), `"b"`) {
		t.Errorf("the job is %+v", j)
	}
	hear(t, heard, bus.ReadySubject("mail"))
	r.finish()
	if j := into[wire.Job](r.get("/api/v1/jobs/"+id), http.StatusOK); j.Status != "completed" {
		t.Errorf("the job is %s", j.Status)
	}
	r.post("/api/v1/jobs/"+id+"/retry", `{"payload": {"to": "b"}`).problem(http.StatusUnprocessableEntity, wire.CodeInvalidRequest)
}

func TestWrongUseIsRefusedWithACodeAndAHint(t *testing.T) {
	r := start(t, config(), nil)
	waits := r.create(manual)
	r.finish("extract")
	runs, done, cancelled := r.create(pipeline), r.create(`{"name": "one", "jobs": [{"name": "a", "queue": "one"}]}`), r.create(pipeline)
	for _, c := range r.claim(10) {
		if c.Queue == "one" {
			if _, err := r.store.Resolve(t.Context(), []job.Outcome{{Fence: c.Fence, Kind: job.KindCompleted, Result: json.RawMessage("1")}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.steer(cancelled, "cancel", `{"grace": "1h"}`)
	unknown := job.NewID().String()
	big := `"` + strings.Repeat("x", job.MaxPayload) + `"`
	const (
		invalid  = http.StatusUnprocessableEntity
		conflict = http.StatusConflict
	)
	for _, c := range []struct {
		id, verb, body string
		status         int
		code           wire.Code
		hint           string // a part of it
	}{
		{waits, "resume", "", conflict, wire.CodeWrongState, "workflow decide " + waits + " --job extract --action retry"},
		{done, "resume", "", conflict, wire.CodeWrongState, "workflow retry " + done + " --all"},
		{done, "pause", "", conflict, wire.CodeWrongState, "workflow retry " + done},
		{cancelled, "pause", "", conflict, wire.CodeWrongState, "workflow wait " + cancelled},
		{done, "cancel", "", conflict, wire.CodeWrongState, "workflow show " + done},
		{runs, "retry", "", conflict, wire.CodeWrongState, "workflow pause " + runs},
		{cancelled, "retry", "", conflict, wire.CodeWrongState, "workflow wait " + cancelled},
		{done, "retry", "", conflict, wire.CodeWrongState, "--all --dry-run"},
		{waits, "retry", `{"mode": "from", "from": "load", "payloads": {"extract": 1}}`, conflict, wire.CodeWrongState, "--dry-run"},
		{waits, "decide", `{"job": "load", "action": "skip"}`, conflict, wire.CodeWrongState, "--job extract"},
		{done, "decide", `{"job": "a", "action": "skip"}`, conflict, wire.CodeWrongState, "workflow retry " + done + " --from a"},
		{runs, "decide", `{"job": "extract", "action": "skip"}`, conflict, wire.CodeWrongState, "failure_policy manual"},

		{waits, "decide", `{"job": "extrat", "action": "skip"}`, http.StatusNotFound, wire.CodeNotFound, `did you mean "extract"?`},
		{waits, "decide", `{"job": "nothing-like-it", "action": "skip"}`, http.StatusNotFound, wire.CodeNotFound, "job list --workflow " + waits},
		{waits, "decide", `{"job": "` + strings.Repeat("x", 100_000) + `", "action": "skip"}`, http.StatusNotFound, wire.CodeNotFound, "job list"},
		{waits, "retry", `{"from": "laod"}`, http.StatusNotFound, wire.CodeNotFound, `did you mean "load"?`},
		{waits, "retry", `{"payloads": {"Extract": 1}}`, http.StatusNotFound, wire.CodeNotFound, `did you mean "extract"?`},
		{unknown, "pause", "", http.StatusNotFound, wire.CodeNotFound, "list"},
		{unknown, "resume", "", http.StatusNotFound, wire.CodeNotFound, "list"},
		{unknown, "retry", "", http.StatusNotFound, wire.CodeNotFound, "list"},
		{unknown, "retry", `{"from": "a"}`, http.StatusNotFound, wire.CodeNotFound, "list"},
		{unknown, "decide", `{"job": "a", "action": "skip"}`, http.StatusNotFound, wire.CodeNotFound, "list"},
		{"x", "decide", `{"job": "a", "action": "skip"}`, http.StatusNotFound, wire.CodeNotFound, "an id looks like"},

		{waits, "decide", "", invalid, wire.CodeInvalidRequest, `"job"`},
		{waits, "decide", `{"action": "skip"}`, invalid, wire.CodeInvalidRequest, `"job"`},
		{waits, "decide", `{"job": "extract"}`, invalid, wire.CodeInvalidRequest, "retry, skip"},
		{waits, "decide", `{"job": "extract", "action": "open"}`, invalid, wire.CodeInvalidRequest, "retry, skip"},
		{waits, "decide", `{"job": "extract", "action": "skip", "result": 1}`, invalid, wire.CodeInvalidRequest, "complete"},
		{waits, "decide", `{"job": "extract", "action": "skip", "payload": 1}`, invalid, wire.CodeInvalidRequest, "retry"},
		{waits, "decide", `{"job": ["extract"], "action": "skip"}`, invalid, wire.CodeInvalidRequest, "job"},
		{waits, "decide", `{"job": "extract", "action": "retry", "payload": ` + big + `}`, http.StatusRequestEntityTooLarge, wire.CodeTooLarge, "outside"},
		{waits, "decide", `{"job": "extract", "action": "complete", "result": ` + big + `}`, http.StatusRequestEntityTooLarge, wire.CodeTooLarge, "outside"},
		{waits, "retry", `{"mode": "some"}`, invalid, wire.CodeInvalidRequest, "failed, from or all"},
		{waits, "retry", `{"mode": "from"}`, invalid, wire.CodeInvalidRequest, `"from"`},
		{waits, "retry", `{"from": ""}`, invalid, wire.CodeInvalidRequest, `"from"`},
		{waits, "retry", `{"mode": "all", "from": "load"}`, invalid, wire.CodeInvalidRequest, "leave it out"},
		{waits, "retry", `{"dry_run": "yes"}`, invalid, wire.CodeInvalidRequest, "true"},
		{waits, "retry", `{"payloads": [1]}`, invalid, wire.CodeInvalidRequest, "like"},
		{waits, "retry", `{"payloads": {"load": ` + big + `}}`, http.StatusRequestEntityTooLarge, wire.CodeTooLarge, "outside"},
		{waits, "pause", `{"why": "x"}`, invalid, wire.CodeInvalidRequest, "leave it out"},
		{waits, "pause", `{"comment": "a", "comment": "b"}`, invalid, wire.CodeInvalidRequest, "like"},
		{waits, "pause", `{"comment": 1}`, invalid, wire.CodeInvalidRequest, "comment"},
		{waits, "pause", `{"comment": "` + strings.Repeat("x", job.MaxError+1) + `"}`, invalid, wire.CodeInvalidRequest, "short"},
		{waits, "pause", `{"comment": "a\u0000b"}`, invalid, wire.CodeInvalidRequest, "short"},
		{waits, "pause", `{"actor": "a\nb"}`, invalid, wire.CodeInvalidRequest, "200"},
		{waits, "pause", `{"actor": "` + strings.Repeat("x", 201) + `"}`, invalid, wire.CodeInvalidRequest, "200"},
		{waits, "cancel", `{"grace": "25h"}`, invalid, wire.CodeInvalidRequest, `"10s"`},
	} {
		name := c.verb + " " + c.body[:min(len(c.body), 80)]
		p := r.post("/api/v1/workflows/"+c.id+"/"+c.verb, c.body).problem(c.status, c.code)
		if !strings.Contains(p.Hint, c.hint) || len(p.Detail) > 300 {
			t.Errorf("%s: %q, hint %q; want %q in it", name, p.Detail, p.Hint, c.hint)
		}
	}
	p := r.post("/api/v1/workflows/"+waits+"/pause", `{"actor": "ann"}`, with("X-Hammerwork-Actor", "bob")).problem(invalid, wire.CodeInvalidRequest)
	if !strings.Contains(p.Hint, "one of them") {
		t.Errorf("two actors: %+v", p)
	}
	for _, path := range []string{"/audit", "/causes"} {
		r.get("/api/v1/workflows/"+unknown+path).problem(http.StatusNotFound, wire.CodeNotFound)
	}
	r.get("/api/v1/workflows/"+waits+"/audit?cursor=x").problem(invalid, wire.CodeInvalidRequest)
	r.get("/api/v1/workflows/"+waits+"/causes?limit=501").problem(invalid, wire.CodeInvalidRequest)
	if w := r.workflow(waits); w.Status != "paused" || w.Undecided != 1 || w.Run != 1 || w.UserPaused {
		t.Errorf("a refusal changed it: %+v", w.Standing)
	}
	if audit := into[wire.List[wire.AuditEntry]](r.get("/api/v1/workflows/"+waits+"/audit"), http.StatusOK); len(audit.Items) != 0 {
		t.Errorf("refusals are in the audit: %+v", audit.Items)
	}
}
