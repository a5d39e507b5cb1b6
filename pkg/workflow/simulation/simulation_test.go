package simulation_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/pkg/workflow/simulation"
)

// play is how the attempts of a job go.
type play struct {
	took   time.Duration
	fails  int // the first so many; below 0: all
	result string
	end    *job.Outcome // of the attempts that fail
}

// acted makes a handler of plays; a job without one completes at once.
func acted(plays map[string]play) simulation.Handler {
	return func(a simulation.Attempt) (time.Duration, job.Outcome) {
		p := plays[a.Job.Name]
		switch {
		case (p.fails < 0 || a.Number <= p.fails) && p.end != nil:
			return p.took, *p.end
		case p.fails < 0 || a.Number <= p.fails:
			return p.took, job.Outcome{Kind: job.KindFailed, Error: "no luck"}
		}
		return p.took, job.Outcome{Kind: job.KindCompleted, Result: json.RawMessage(p.result)}
	}
}

// on makes a job that depends on parents: "a", "a?" optionally, "!a" on its
// failure, "*a" when it is done.
func on(name string, parents ...string) *job.Job {
	j := job.New("q", nil).WithName(name)
	for _, p := range parents {
		d := job.Dependency{Name: strings.Trim(p, "!*?"), Optional: strings.HasSuffix(p, "?")}
		switch p[0] {
		case '!':
			d.On = job.OnFailure
		case '*':
			d.On = job.OnDone
		}
		j.DependsOn = append(j.DependsOn, d)
	}
	return j
}

func with(j *job.Job, change func(j *job.Job)) *job.Job { change(j); return j }

// of makes a valid workflow.
func of(t *testing.T, policy workflow.FailurePolicy, jobs ...*job.Job) *workflow.Workflow {
	t.Helper()
	w := workflow.NewWorkflow("w")
	w.FailurePolicy, w.Jobs = policy, jobs
	return valid(t, w)
}

func valid(t *testing.T, w *workflow.Workflow) *workflow.Workflow {
	t.Helper()
	if err := w.Validate(); err != nil {
		t.Fatal(err)
	}
	return w
}

// told writes a report as a person would tell it, a step a line.
func told(r *simulation.Report) string {
	var b strings.Builder
	for _, s := range r.Steps {
		fmt.Fprintf(&b, "%s", s.At)
		for _, word := range []string{s.Job, s.Outcome, string(s.Reason), s.Cause} {
			if word != "" {
				b.WriteString(" " + word)
			}
		}
		if s.Attempt > 0 {
			fmt.Fprintf(&b, " #%d", s.Attempt)
		}
		if s.Again != nil {
			fmt.Fprintf(&b, " again in %s", *s.Again)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// happens checks what a report tells.
func happens(t *testing.T, r *simulation.Report, want string) {
	t.Helper()
	want = strings.TrimSpace(strings.ReplaceAll(want, "\t", "")) + "\n"
	if got := told(r); got != want {
		t.Errorf("it tells\n%s\nwant\n%s", got, want)
	}
}

func find(t *testing.T, r *simulation.Report, name string) simulation.Job {
	t.Helper()
	for _, j := range r.Jobs {
		if j.Name == name {
			return j
		}
	}
	t.Fatalf("no job %s", name)
	return simulation.Job{}
}

func noJitter(attempts int, delay time.Duration) job.RetryPolicy {
	return job.RetryPolicy{MaxAttempts: attempts, InitialDelay: job.Duration(delay), Jitter: job.NoJitter}
}

func TestJobsRunWhenTheirParentsHaveEnded(t *testing.T) {
	w := of(t, "", on("a"), on("slow"), on("b", "a", "slow"))
	r := simulation.Run(w, simulation.Script{Handle: acted(map[string]play{"a": {took: time.Second}, "slow": {took: time.Minute}, "b": {took: time.Hour, result: `{"n": 1}`}})})
	happens(t, r, `
		1s a completed #1
		1m0s slow completed #1
		1h1m0s b completed #1
		1h1m0s completed`)
	b := find(t, r, "b")
	if r.Status != workflow.Completed || time.Duration(r.Duration) != time.Hour+time.Minute || b.WaitedFor != "slow" ||
		*b.ReadyAt != job.Duration(time.Minute) || *b.StartedAt != *b.ReadyAt || *b.FinishedAt != r.Duration || string(b.Result) != `{"n": 1}` {
		t.Errorf("got %+v, %+v", r, b)
	}
}

func TestNothingIsSpawnedBeforeWhatComesBeforeIt(t *testing.T) {
	slow := on("slow")
	slow.Delay = time.Hour
	w := of(t, "", on("a"), slow, on("between", "a", "slow").WithJoin(job.JoinAny), on("split", "between"))
	r := simulation.Run(w, simulation.Script{Handle: spawning("split", "slow")})
	if got := find(t, r, "split"); r.Status != workflow.Failed || !strings.Contains(got.Error, `job "part" is spawned before "slow", which comes before it`) || len(r.Jobs) != 4 {
		t.Errorf("got %s, %+v", r.Status, got)
	}
}

func TestAWorkflowDoesNotGrowBeyondItsLimit(t *testing.T) {
	jobs := []*job.Job{on("split")}
	for i := range 9 {
		jobs = append(jobs, on(fmt.Sprint("job-", i)))
	}
	r := simulation.Run(of(t, workflow.FailFast, jobs...), simulation.Script{Handle: spawning("split"), Workers: 1, Limits: workflow.Limits{Jobs: 10}})
	if got := find(t, r, "split"); !strings.Contains(got.Error, "would have 11 jobs with what is spawned; at most 10 are allowed") {
		t.Errorf("got %+v", got)
	}
}

// spawning lets a job of a name spawn another one before some.
func spawning(name string, before ...string) simulation.Handler {
	return func(a simulation.Attempt) (time.Duration, job.Outcome) {
		o := job.Outcome{Kind: job.KindCompleted}
		if a.Job.Name == name {
			o.Spawned = []job.Spawned{{Job: on("part"), Before: before}}
		}
		return time.Second, o
	}
}

func TestFewWorkersTakeTheHighestPriorityFirst(t *testing.T) {
	all := map[string]play{}
	for _, name := range []string{"low", "a", "b", "high"} {
		all[name] = play{took: time.Second}
	}
	w := of(t, "", on("low").WithPriority(job.Low), on("a"), on("b"), on("high").WithPriority(job.High))
	r := simulation.Run(w, simulation.Script{Handle: acted(all), Workers: 1})
	happens(t, r, `
		1s high completed #1
		2s a completed #1
		3s b completed #1
		4s low completed #1
		4s completed`)
	if low := find(t, r, "low"); *low.ReadyAt != 0 || *low.StartedAt != job.Duration(3*time.Second) {
		t.Errorf("low: %+v", low)
	}
	if r = simulation.Run(w, simulation.Script{Handle: acted(all), Workers: 2}); time.Duration(r.Duration) != 2*time.Second {
		t.Errorf("two workers take %s", r.Duration)
	}
}

func TestAJobWaitsForItsTime(t *testing.T) {
	start := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	w := of(t, "", on("a").WithDelay(time.Minute), on("b").WithScheduledAt(start.Add(time.Hour)), on("past").WithScheduledAt(start.Add(-time.Hour)))
	happens(t, simulation.Run(w, simulation.Script{Handle: acted(nil), Start: start}), `
		0s past completed #1
		1m0s a completed #1
		1h0m0s b completed #1
		1h0m0s completed`)
}

func TestRetriesBackOff(t *testing.T) {
	w := of(t, "", on("a").WithRetry(noJitter(3, time.Second)), on("b", "a"))
	happens(t, simulation.Run(w, simulation.Script{Handle: acted(map[string]play{"a": {took: time.Minute, fails: 2}})}), `
		1m0s a retrying #1 again in 1s
		2m1s a retrying #2 again in 2s
		3m3s a completed #3
		3m3s b completed #1
		3m3s completed`)
	happens(t, simulation.Run(w, simulation.Script{Handle: acted(map[string]play{"a": {fails: -1}})}), `
		0s a retrying #1 again in 1s
		1s a retrying #2 again in 2s
		3s a dead exhausted #3
		3s b upstream_failed upstream a
		3s failed`)
}

func TestJitterTakesTheMiddle(t *testing.T) {
	w := of(t, "", on("a").WithRetry(job.RetryPolicy{InitialDelay: job.Duration(10 * time.Second)}))
	happens(t, simulation.Run(w, simulation.Script{Handle: acted(map[string]play{"a": {fails: 1}})}), `
		0s a retrying #1 again in 5s
		5s a completed #2
		5s completed`)
}

func TestTheRetryPolicyOfTheWorkflowHoldsForJobsWithoutOne(t *testing.T) {
	w := of(t, workflow.ContinueOnFailure, on("a"), on("own").WithRetry(noJitter(1, time.Second)))
	policy := noJitter(2, time.Minute)
	w.Retry = &policy
	happens(t, simulation.Run(w, simulation.Script{Handle: acted(map[string]play{"a": {fails: -1}, "own": {fails: -1}})}), `
		0s a retrying #1 again in 1m0s
		0s own dead exhausted #1
		1m0s a dead exhausted #2
		1m0s failed`)
}

func TestAPermanentFailureIsNotTriedAgain(t *testing.T) {
	permanent := &job.Outcome{Kind: job.KindFailed, Permanent: true, Error: "bad payload"}
	r := simulation.Run(of(t, "", on("a")), simulation.Script{Handle: acted(map[string]play{"a": {fails: -1, end: permanent}})})
	if a := find(t, r, "a"); a.Status != job.Failed || a.Reason != job.ReasonPermanent || a.Attempts != 1 || a.Error != "bad payload" {
		t.Errorf("a: %+v", a)
	}
}

func TestFailFastStopsWhatHasNotStarted(t *testing.T) {
	w := of(t, workflow.FailFast, on("bad").WithRetry(noJitter(1, 0)), on("slow"), on("next", "slow"), on("clean", "!bad"), with(on("last"), func(j *job.Job) { j.Finally = true }))
	r := simulation.Run(w, simulation.Script{Handle: acted(map[string]play{"bad": {took: time.Second, fails: -1}, "slow": {took: time.Minute}})})
	happens(t, r, `
		1s bad dead exhausted #1
		1s failing
		1s next cancelled fail_fast
		1s clean completed #1
		1m0s slow completed #1
		1m0s last completed #1
		1m0s failed`)
	if last := find(t, r, "last"); !last.Finally || last.WaitedFor != "" {
		t.Errorf("last: %+v", last)
	}
}

func TestFailFastCanStopWhatRuns(t *testing.T) {
	w := workflow.NewWorkflow("w")
	w.Running = workflow.CancelRunning
	w.Jobs = []*job.Job{on("bad").WithRetry(noJitter(1, 0)), on("slow")}
	r := simulation.Run(valid(t, w), simulation.Script{Handle: acted(map[string]play{"bad": {took: time.Second, fails: -1}, "slow": {took: time.Minute}})})
	if slow := find(t, r, "slow"); r.Status != workflow.Failed || time.Duration(r.Duration) != time.Second || slow.Reason != job.ReasonFailFast {
		t.Errorf("after %s: %+v", r.Duration, slow)
	}
}

func TestContinueOnFailureRunsWhatTheJoinsAllow(t *testing.T) {
	w := of(t, workflow.ContinueOnFailure, on("bad").WithRetry(noJitter(1, 0)), on("good"), on("after", "bad"), on("later", "after"),
		with(on("any", "bad", "good"), func(j *job.Job) { j.Join.Rule = job.JoinAny }), on("done", "*later"))
	r := simulation.Run(w, simulation.Script{Handle: acted(map[string]play{"bad": {fails: -1}})})
	happens(t, r, `
		0s bad dead exhausted #1
		0s after upstream_failed upstream bad
		0s later upstream_failed upstream bad
		0s good completed #1
		0s any completed #1
		0s done completed #1
		0s failed`)
	if any := find(t, r, "any"); any.WaitedFor != "good" {
		t.Errorf("any waited for %q", any.WaitedFor)
	}
}

func TestManualWaitsForADecision(t *testing.T) {
	w := of(t, workflow.Manual, on("bad").WithRetry(noJitter(1, 0)), on("slow"), on("after", "bad"), on("next", "slow"))
	bad := acted(map[string]play{"bad": {fails: -1}, "slow": {took: time.Second}})
	r := simulation.Run(w, simulation.Script{Handle: bad})
	happens(t, r, `
		0s bad dead exhausted #1
		0s bad undecided
		0s paused
		1s slow completed #1`)
	if next := find(t, r, "next"); r.Status != workflow.Paused || next.Status != job.Pending || next.ReadyAt != nil && next.StartedAt != nil || r.Tally["pending"] != 2 {
		t.Errorf("%s, %v, next: %+v", r.Status, r.Tally, next)
	}
	decides := func(a workflow.Action) *simulation.Report {
		return simulation.Run(w, simulation.Script{Handle: bad, Decide: func(string) (workflow.Action, json.RawMessage) { return a, json.RawMessage("7") }})
	}
	happens(t, decides(workflow.ActionSkip), `
		0s bad dead exhausted #1
		0s bad undecided
		0s paused
		0s bad decided skip
		0s running
		0s after completed #1
		1s slow completed #1
		1s next completed #1
		1s completed`)
	if r := decides(workflow.ActionComplete); r.Status != workflow.Completed || string(find(t, r, "bad").Result) != "7" {
		t.Errorf("complete: %s, %+v", r.Status, find(t, r, "bad"))
	}
	if r := decides(workflow.ActionAccept); r.Status != workflow.Failed || find(t, r, "after").Status != job.UpstreamFailed {
		t.Errorf("accept: %s", told(r))
	}
	if r := decides(workflow.ActionCancel); r.Status != workflow.Cancelled || find(t, r, "slow").Status != job.Cancelled || find(t, r, "after").WaitedFor != "" || r.Duration != 0 {
		t.Errorf("cancel: %s", told(r))
	}
}

func TestNothingStartsWhileAFailureWaitsForADecision(t *testing.T) {
	w := of(t, workflow.Manual, on("bad").WithRetry(noJitter(1, 0)), on("line"), on("later").WithDelay(time.Minute))
	w.Timeout = time.Hour
	bad := acted(map[string]play{"bad": {fails: -1, took: time.Second}})
	happens(t, simulation.Run(w, simulation.Script{Handle: bad, Workers: 1}), `
		1s bad dead exhausted #1
		1s bad undecided
		1s paused`)
	w.DecisionTimeout, w.DecisionDefault = time.Minute, workflow.ActionSkip
	happens(t, simulation.Run(w, simulation.Script{Handle: bad, Workers: 1}), `
		1s bad dead exhausted #1
		1s bad undecided
		1s paused
		1m1s bad decided skip
		1m1s running
		1m1s line completed #1
		1m1s later completed #1
		1m1s completed`)
}

func TestADecisionToRetryIsTakenOnce(t *testing.T) {
	w := of(t, workflow.Manual, on("bad").WithRetry(noJitter(1, 0)), on("after", "bad"))
	retry := func(string) (workflow.Action, json.RawMessage) { return workflow.ActionRetry, nil }
	happens(t, simulation.Run(w, simulation.Script{Handle: acted(map[string]play{"bad": {fails: 1}}), Decide: retry}), `
		0s bad dead exhausted #1
		0s bad undecided
		0s paused
		0s bad decided retry
		0s running
		0s bad completed #2
		0s after completed #1
		0s completed`)
	r := simulation.Run(w, simulation.Script{Handle: acted(map[string]play{"bad": {fails: -1}}), Decide: retry})
	if bad := find(t, r, "bad"); r.Status != workflow.Paused || bad.Attempts != 2 || bad.Decision != workflow.Undecided {
		t.Errorf("%s, %+v", r.Status, bad)
	}
}

func TestADecisionThatNobodyMakesTimesOut(t *testing.T) {
	w := of(t, workflow.Manual, on("bad").WithRetry(noJitter(1, 0)), on("after", "bad"))
	w.DecisionTimeout, w.DecisionDefault = time.Hour, workflow.ActionSkip
	happens(t, simulation.Run(w, simulation.Script{Handle: acted(map[string]play{"bad": {fails: -1}})}), `
		0s bad dead exhausted #1
		0s bad undecided
		0s paused
		1h0m0s bad decided skip
		1h0m0s running
		1h0m0s after completed #1
		1h0m0s completed`)
	w.DecisionDefault = ""
	if r := simulation.Run(w, simulation.Script{Handle: acted(map[string]play{"bad": {fails: -1}})}); r.Status != workflow.Cancelled {
		t.Errorf("without a default: %s", told(r))
	}
}

func TestATimeoutEndsTheAttemptADeadlineTheJob(t *testing.T) {
	w := of(t, workflow.ContinueOnFailure, on("a").WithTimeout(time.Second).WithRetry(noJitter(2, time.Second)), on("b").WithDeadline(time.Minute))
	happens(t, simulation.Run(w, simulation.Script{Handle: acted(map[string]play{"a": {took: time.Hour}, "b": {took: time.Hour}})}), `
		1s a retrying #1 again in 1s
		3s a timed_out timeout #2
		1m0s b timed_out deadline #1
		1m0s failed`)
}

func TestWhatADeadlineEndedStaysEnded(t *testing.T) {
	w := of(t, workflow.ContinueOnFailure, on("a").WithDeadline(time.Second), on("b"))
	r := simulation.Run(w, simulation.Script{Workers: 1, Handle: acted(map[string]play{"a": {took: time.Minute, result: "1"}, "b": {took: time.Hour}})})
	if a := find(t, r, "a"); a.Status != job.TimedOut || string(a.Result) != "null" || time.Duration(r.Duration) != time.Hour+time.Second {
		t.Errorf("after %s: %+v", r.Duration, a)
	}
}

func TestWhatHandlesAFailureIsTriedAgain(t *testing.T) {
	last := with(on("last"), func(j *job.Job) { j.Finally = true }).WithRetry(noJitter(2, time.Second))
	w := of(t, workflow.FailFast, on("bad").WithRetry(noJitter(1, 0)), on("alert", "!bad").WithRetry(noJitter(2, time.Second)), last)
	happens(t, simulation.Run(w, simulation.Script{Handle: acted(map[string]play{"bad": {fails: -1}, "alert": {fails: 1}, "last": {fails: 1}})}), `
		0s bad dead exhausted #1
		0s failing
		0s alert retrying #1 again in 1s
		1s alert completed #2
		1s last retrying #1 again in 1s
		2s last completed #2
		2s failed`)
	w = workflow.NewWorkflow("w")
	w.Timeout, w.Jobs = time.Minute, []*job.Job{on("a"), last}
	happens(t, simulation.Run(valid(t, w), simulation.Script{Handle: acted(map[string]play{"a": {took: time.Hour}, "last": {fails: 1}})}), `
		1m0s cancelling deadline
		1m0s a cancelled deadline #1
		1m0s last retrying #1 again in 1s
		1m1s last completed #2
		1m1s failed`)
}

func TestTheTimeoutOfAWorkflowCancelsIt(t *testing.T) {
	w := workflow.NewWorkflow("w")
	w.Timeout = time.Minute
	w.Jobs = []*job.Job{on("a"), on("b", "a"), with(on("last"), func(j *job.Job) { j.Finally = true })}
	happens(t, simulation.Run(valid(t, w), simulation.Script{Handle: acted(map[string]play{"a": {took: time.Hour}})}), `
		1m0s b cancelled deadline
		1m0s cancelling deadline
		1m0s a cancelled deadline #1
		1m0s last completed #1
		1m0s failed`)
}

func TestParentsInOtherWorkflowsComplete(t *testing.T) {
	outside := job.NewID()
	r := simulation.Run(of(t, "", on("a").DependsOnIDs(outside), on("b", "a")), simulation.Script{Handle: acted(nil)})
	if a := find(t, r, "a"); r.Status != workflow.Completed || a.WaitedFor != outside.String() || a.DependsOn[0] != outside.String() || r.Tally["completed"] != 2 {
		t.Errorf("%s, %v, a: %+v", r.Status, r.Tally, a)
	}
}

func TestLargeWorkflowsAreSimulated(t *testing.T) {
	const n = 20_000
	jobs := []*job.Job{on("j0")}
	plays := map[string]play{}
	for i := 1; i < n; i++ {
		name := fmt.Sprint("j", i)
		jobs = append(jobs, on(name, fmt.Sprint("j", i/2)))
		plays[name] = play{took: time.Duration(i) * time.Millisecond}
	}
	jobs[1] = on("j1", "j0")
	r := simulation.Run(of(t, "", jobs...), simulation.Script{Handle: acted(plays), Workers: 10})
	if r.Status != workflow.Completed || r.Tally[string(job.Completed)] != n {
		t.Errorf("%s, %v", r.Status, r.Tally)
	}
}

func TestLargeWorkflowsWithHandlersAreSimulated(t *testing.T) {
	const n = 10_000
	once := noJitter(1, 0)
	jobs := []*job.Job{on("bad").WithRetry(once), on("alert", "!bad")}
	plays := map[string]play{"bad": {fails: -1, took: n * time.Millisecond}}
	for i := range n {
		caught, late := fmt.Sprint("caught", i), fmt.Sprint("late", i) // late ends when the workflow is failing
		jobs = append(jobs, on(caught).WithRetry(once), on(fmt.Sprint("catch", i), "!"+caught).AsCatch(), on(late))
		plays[caught] = play{fails: -1, took: time.Duration(i) * time.Millisecond}
		plays[late] = play{took: time.Duration(n+1+i) * time.Millisecond}
	}
	r := simulation.Run(of(t, workflow.FailFast, jobs...), simulation.Script{Handle: acted(plays)})
	want := map[string]int{"dead": n + 1, "completed": 2*n + 1}
	if r.Status != workflow.Failed || !maps.Equal(r.Tally, want) {
		t.Errorf("%s, %v", r.Status, r.Tally)
	}
}
