package request_test

import (
	"encoding/hex"
	"encoding/json"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/request"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
)

// graph is a workflow that names one parent by id and one by name. change may
// make it another.
func graph(t *testing.T, change ...func(*workflow.Workflow)) [32]byte {
	t.Helper()
	a := job.New("q", json.RawMessage(`{"n": 1}`)).WithName("a")
	b := job.New("q", nil).WithName("b").DependsOnJobs(a)
	c := job.New("q", nil).WithName("c").DependsOnNames("b").DependsOnIDs(outside)
	w := workflow.NewWorkflow("w").AddParallel(a, b, c)
	for _, f := range change {
		f(w)
	}
	if err := w.Validate(); err != nil {
		t.Fatal(err)
	}
	return request.HashWorkflow(w)
}

var outside = job.ID{1}

func TestTheSameRequestMadeTwiceHasOneHash(t *testing.T) {
	first := graph(t)
	for name, same := range map[string]func(*workflow.Workflow){
		"with other ids":       func(*workflow.Workflow) {},
		"with other trace ids": func(w *workflow.Workflow) { w.WithTraceID("4bf92f3577b34da6a3ce929d0e0e4736").WithCorrelationID("c") },
		"with traces of jobs": func(w *workflow.Workflow) {
			w.Jobs[0].WithTraceID("4bf92f3577b34da6a3ce929d0e0e4736").WithCorrelationID("c")
		},
		"with a default said":      func(w *workflow.Workflow) { w.WithFailurePolicy(workflow.FailFast) },
		"with other white space":   func(w *workflow.Workflow) { w.Jobs[0].Payload = json.RawMessage(`{"n":1}`) },
		"with a parent by its id":  func(w *workflow.Workflow) { w.Jobs[2].DependsOn[0] = job.Dependency{Parent: w.Jobs[1].ID} },
		"with its own empty texts": func(w *workflow.Workflow) { w.Metadata = json.RawMessage("{}") },
	} {
		if graph(t, same) != first {
			t.Errorf("%s: another hash", name)
		}
	}
}

func TestEveryDifferenceOfARequestMakesAnotherHash(t *testing.T) {
	seen := map[[32]byte]string{graph(t): "the first"}
	for name, change := range map[string]func(*workflow.Workflow){
		"name":            func(w *workflow.Workflow) { w.Name = "v" },
		"description":     func(w *workflow.Workflow) { w.Description = "d" },
		"metadata":        func(w *workflow.Workflow) { w.WithMetadata(map[string]int{"a": 1}) },
		"policy":          func(w *workflow.Workflow) { w.WithFailurePolicy(workflow.ContinueOnFailure) },
		"priority":        func(w *workflow.Workflow) { w.WithPriority(job.High) },
		"retry":           func(w *workflow.Workflow) { w.WithRetry(job.RetryPolicy{MaxAttempts: 9}) },
		"timeout":         func(w *workflow.Workflow) { w.WithTimeout(time.Hour) },
		"a job's name":    func(w *workflow.Workflow) { w.Jobs[2].Name = "d" },
		"its queue":       func(w *workflow.Workflow) { w.Jobs[0].Queue = "r" },
		"its payload":     func(w *workflow.Workflow) { w.Jobs[0].Payload = json.RawMessage(`{"n": 2}`) },
		"its parents":     func(w *workflow.Workflow) { w.Jobs[2].DependsOnNames("a") },
		"its outer ones":  func(w *workflow.Workflow) { w.Jobs[2].DependsOn[1].Parent = job.ID{2} },
		"its priority":    func(w *workflow.Workflow) { w.Jobs[0].WithPriority(job.High) },
		"its retry":       func(w *workflow.Workflow) { w.Jobs[0].WithRetry(job.RetryPolicy{MaxAttempts: 9}) },
		"its timeout":     func(w *workflow.Workflow) { w.Jobs[0].WithTimeout(time.Hour) },
		"its deadline":    func(w *workflow.Workflow) { w.Jobs[0].WithDeadline(time.Hour) },
		"its delay":       func(w *workflow.Workflow) { w.Jobs[0].WithDelay(time.Hour) },
		"its time":        func(w *workflow.Workflow) { w.Jobs[0].WithScheduledAt(time.Unix(1, 0)) },
		"its condition":   func(w *workflow.Workflow) { w.Jobs[1].WithCondition("n > 1") },
		"its tolerance":   func(w *workflow.Workflow) { w.Jobs[0].AllowFailure = true },
		"a gate":          func(w *workflow.Workflow) { w.AddParallel(job.NewApproval("x")) },
		"its expiry":      func(w *workflow.Workflow) { w.AddParallel(job.NewApproval("x").WithExpiry(time.Hour)) },
		"a batch":         func(w *workflow.Workflow) { w.AddParallel(workflow.NewBatch("q", []any{1}).WithName("x")) },
		"its items":       func(w *workflow.Workflow) { w.AddParallel(workflow.NewBatch("q", []any{2}).WithName("x")) },
		"a map":           func(w *workflow.Workflow) { w.AddParallel(workflow.NewMap("q", "[1]", nil).WithName("x")) },
		"its list":        func(w *workflow.Workflow) { w.AddParallel(workflow.NewMap("q", "[2]", nil).WithName("x")) },
		"a workflow":      func(w *workflow.Workflow) { w.AddParallel(workflow.NewWorkflow("v").Add(job.New("q", 1)).AsJob("x")) },
		"one more job":    func(w *workflow.Workflow) { w.AddParallel(job.New("q", nil)) },
		"the jobs' order": func(w *workflow.Workflow) { w.Jobs[0], w.Jobs[1] = w.Jobs[1], w.Jobs[0] },
	} {
		h := graph(t, change)
		if other, taken := seen[h]; taken {
			t.Errorf("%s has the hash of %s", name, other)
		}
		seen[h] = name
	}
}

func TestParentsAmongJobsWithoutAWorkflowCountByTheirPlace(t *testing.T) {
	hashes := func(parent int) [][32]byte {
		a, b := job.New("q", 1), job.New("q", 2)
		c := job.New("q", 3).DependsOnJobs([]*job.Job{a, b}[parent])
		jobs := []*job.Job{a, b, c}
		if err := workflow.ValidateJobs(jobs); err != nil {
			t.Fatal(err)
		}
		return request.HashJobs(jobs)
	}
	first, again, other := hashes(0), hashes(0), hashes(1)
	for i := range first {
		if first[i] != again[i] {
			t.Errorf("job %d: another hash for the same request", i)
		}
	}
	if first[2] == other[2] {
		t.Error("another parent has the same hash")
	}
}

// Hashes are stored: a change of this one refuses the repetition of requests
// that were made before it.
func TestAHashStaysWhatItIs(t *testing.T) {
	j := job.New("mail", json.RawMessage(`{"to": "a"}`)).WithPriority(job.High).WithTimeout(time.Minute)
	if err := workflow.ValidateJobs([]*job.Job{j}); err != nil {
		t.Fatal(err)
	}
	h := request.HashJobs([]*job.Job{j})[0]
	if got := hex.EncodeToString(h[:]); got != stored {
		t.Errorf("hash %s, want %s", got, stored)
	}
	w := graph(t)
	if got := hex.EncodeToString(w[:]); got != whole {
		t.Errorf("hash of a workflow %s, want %s", got, whole)
	}
}

const (
	stored = "2748fde63b081e11615d93f9096b775ff94365ef97ad968c9a524e62feb5868c"
	whole  = "ca3669e06678927731d44b2cd0e105e43704185bc668a39ae9ded2d1d3d2144d"
)
