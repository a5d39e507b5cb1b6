package simulation_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/simulation"
)

// named gives a job a name and parents.
func named(j *job.Job, name string, parents ...string) *job.Job {
	return j.WithName(name).DependsOnNames(parents...)
}

func TestGatesAreAnsweredAndTimersTakeTheirTime(t *testing.T) {
	w := of(t, "", on("a"), named(job.NewApproval(""), "ok", "a"), named(job.NewTimer("", time.Hour), "later", "ok"), on("b", "later"))
	r := simulation.Run(w, simulation.Script{Handle: acted(map[string]play{"a": {took: time.Second}})})
	happens(t, r, `
		1s a completed #1
		1s ok suspended
		1s ok completed
		1s later suspended
		1h0m1s later completed
		1h0m1s b completed #1
		1h0m1s completed`)
	if ok := find(t, r, "ok"); string(ok.Result) != `{"approved":true}` {
		t.Errorf("the approval: %+v", ok)
	}
}

func TestAGateThatNobodyAnswersExpiresOrWaits(t *testing.T) {
	gates := func() *workflow.Workflow {
		return of(t, workflow.ContinueOnFailure,
			named(job.NewSignal("").WithExpiry(time.Minute), "gone"), named(job.NewSignal("").WithPayloadOnExpiry(time.Minute, 7), "seven"),
			named(job.NewApproval("").WithApprovalOnExpiry(time.Minute), "yes"), named(job.NewApproval(""), "no"), named(job.NewSignal(""), "open"))
	}
	answer := func(path string, _ *job.Gate) simulation.Answer { return simulation.Answer{Reject: path == "no"} }
	r := simulation.Run(gates(), simulation.Script{Handle: acted(nil), Answer: answer})
	happens(t, r, `
		0s gone suspended
		0s seven suspended
		0s yes suspended
		0s no suspended
		0s open suspended
		0s no failed rejected
		1m0s gone failed expired
		1m0s seven completed
		1m0s yes completed`)
	if r.Status != workflow.Running || string(find(t, r, "seven").Result) != "7" || find(t, r, "open").Status != job.Suspended {
		t.Errorf("it is %s: %+v", r.Status, r.Jobs)
	}
}

func TestATimerUntilATimeWaitsForThat(t *testing.T) {
	start := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	w := of(t, "", named(job.NewTimerUntil("", start.Add(time.Minute)), "soon"), named(job.NewTimerUntil("", start.Add(-time.Minute)), "over"))
	happens(t, simulation.Run(w, simulation.Script{Handle: acted(nil), Start: start}), `
		0s soon suspended
		0s over suspended
		0s over completed
		1m0s soon completed
		1m0s completed`)
}

func TestTheItemsOfABatchRunAndItsResultSaysHow(t *testing.T) {
	w := of(t, "", named(workflow.NewBatch("q", []any{1, 2}), "batch"), on("after", "batch"))
	r := simulation.Run(w, simulation.Script{Handle: acted(map[string]play{"batch[0]": {took: time.Second}, "batch[1]": {fails: -1, end: &job.Outcome{Kind: job.KindFailed, Permanent: true, Error: "no luck"}}})})
	happens(t, r, `
		0s batch suspended
		0s batch[1] failed permanent #1
		1s batch[0] completed #1
		1s batch completed
		1s after completed #1
		1s completed`)
	batch := find(t, r, "batch")
	if want := `{"total":2,"completed":1,"failed":1,"errors":[{"index":1,"name":"batch[1]","error":"no luck"}]}`; string(batch.Result) != want || batch.Parts.Status != workflow.Failed || len(batch.Parts.Jobs) != 2 {
		t.Errorf("the batch: %s, %+v", batch.Result, batch.Parts)
	}
}

func TestAMapRunsSoManyItemsAtOnce(t *testing.T) {
	m := named(workflow.WithTolerate(workflow.WithMaxParallel(workflow.NewMap("q", "deps.a.result", map[string]int{"x": 1}), 2), 1), "m", "a").WithRetry(noJitter(1, 0))
	w := of(t, "", on("a"), m)
	var payloads []string
	plays := acted(map[string]play{"a": {result: "[10,20,30]"}, "m[0]": {took: 2 * time.Second, result: "1"}, "m[1]": {took: time.Second, fails: -1}, "m[2]": {took: time.Second, result: "3"}})
	r := simulation.Run(w, simulation.Script{Handle: func(a simulation.Attempt) (time.Duration, job.Outcome) {
		payloads = append(payloads, string(a.Payload))
		return plays(a)
	}})
	happens(t, r, `
		0s a completed #1
		0s m suspended
		1s m[1] dead exhausted #1
		2s m[0] completed #1
		2s m[2] completed #1
		2s m completed
		2s completed`)
	if got := find(t, r, "m"); string(got.Result) != `[1,null,3]` || payloads[3] != `{"index":2,"item":30,"x":1}` {
		t.Errorf("the map: %s of %q", got.Result, payloads)
	}
}

func TestAMapOverNothingIsOver(t *testing.T) {
	w := of(t, "", on("a"), named(workflow.NewMap("q", "deps.a.result", nil), "m", "a"))
	r := simulation.Run(w, simulation.Script{Handle: acted(map[string]play{"a": {result: "[]"}})})
	happens(t, r, `
		0s a completed #1
		0s m completed
		0s completed`)
	if m := find(t, r, "m"); string(m.Result) != "[]" || m.Parts != nil {
		t.Errorf("the map: %+v", m)
	}
	bad := simulation.Run(w, simulation.Script{Handle: acted(map[string]play{"a": {result: "7"}})})
	if m := find(t, bad, "m"); m.Reason != job.ReasonInputError || m.Error != "map over: it is a whole number, not a list" {
		t.Errorf("over a number: %+v", m)
	}
}

func TestAWorkflowWithinAnotherRunsAsItsJob(t *testing.T) {
	inner := workflow.NewWorkflow("").Add(on("draw")).Then(on("publish"))
	inner.Timeout = time.Hour
	w := of(t, workflow.ContinueOnFailure, on("a"), inner.AsJob("report").DependsOnNames("a"), on("after", "report"))
	plays := map[string]play{"a": {took: time.Minute}, "publish": {took: time.Minute, result: `"done"`}}
	r := simulation.Run(w, simulation.Script{Handle: acted(plays)})
	happens(t, r, `
		1m0s a completed #1
		1m0s report suspended
		1m0s report/draw completed #1
		2m0s report/publish completed #1
		2m0s report completed
		2m0s after completed #1
		2m0s completed`)
	report := find(t, r, "report")
	if string(report.Result) != `{"publish":"done"}` || time.Duration(report.Parts.Duration) != time.Minute || len(report.Parts.Steps) != 0 {
		t.Errorf("the workflow: %s, %+v", report.Result, report.Parts)
	}
	plays["publish"] = play{took: 2 * time.Hour}
	r = simulation.Run(w, simulation.Script{Handle: acted(plays)})
	happens(t, r, `
		1m0s a completed #1
		1m0s report suspended
		1m0s report/draw completed #1
		1h1m0s report/publish cancelled deadline #1
		1h1m0s report timed_out deadline
		1h1m0s after upstream_failed upstream report
		1h1m0s failed`)
}

func TestADecisionRunsWhatFailedOfAWorkflowAgain(t *testing.T) {
	inner := workflow.NewWorkflow("").Add(on("draw")).Then(on("publish").WithRetry(noJitter(1, 0)))
	w := of(t, workflow.Manual, inner.AsJob("report"))
	r := simulation.Run(w, simulation.Script{
		Handle: acted(map[string]play{"publish": {fails: 1}}),
		Decide: func(string) (workflow.Action, json.RawMessage) { return workflow.ActionRetry, nil },
	})
	happens(t, r, `
		0s report suspended
		0s report/draw completed #1
		0s report/publish dead exhausted #1
		0s report failed parts
		0s report undecided
		0s paused
		0s report decided retry
		0s report suspended
		0s running
		0s report/publish completed #2
		0s report completed
		0s completed`)
}

func TestTheCancelOfAWorkflowGoesDown(t *testing.T) {
	w := of(t, "", workflow.NewWorkflow("").Add(on("long")).AsJob("sub"), named(workflow.NewBatch("q", []any{1}), "batch", "sub"))
	w.Timeout = time.Minute
	r := simulation.Run(w, simulation.Script{Handle: acted(map[string]play{"long": {took: time.Hour}})})
	happens(t, r, `
		0s sub suspended
		1m0s batch cancelled deadline
		1m0s cancelling deadline
		1m0s sub/long cancelled user #1
		1m0s sub cancelled deadline
		1m0s failed`)
	if find(t, r, "batch").Parts != nil {
		t.Error("a batch that did not begin has items")
	}
}
