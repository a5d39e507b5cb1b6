package client_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/sdk/client"
	"github.com/hammerwork/hammerwork/sdk/hammerworktest"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

// picky returns an engine whose worker fails what is asked to fail, and else
// returns the payload.
func picky(t *testing.T, url string) *hammerworktest.Engine {
	t.Helper()
	e := engine(t, url)
	if err := e.Work(func(w *worker.Worker) error {
		return worker.HandleTyped(w, "q", func(_ context.Context, j *worker.Job, p struct{ Fail bool }) (string, error) {
			if p.Fail {
				return "", worker.Permanent(errors.New(j.Name + " is broken"))
			}
			return j.Name, nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	return e
}

// fragile is a chain whose first job fails.
func fragile(policy workflow.FailurePolicy) *workflow.Workflow {
	w := chain("extract", "transform", "load")
	w.FailurePolicy = policy
	w.Jobs[0].Payload = []byte(`{"fail": true}`)
	return w
}

// until looks at a workflow until it is as wished.
func until(t *testing.T, c *client.Client, id job.ID, wish func(client.WorkflowRecord) bool) client.WorkflowRecord {
	t.Helper()
	ctx := within(t)
	for {
		w, err := c.Workflow(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if wish(w) {
			return w
		}
	}
}

func undecided(w client.WorkflowRecord) bool { return w.Status == workflow.Paused && w.Undecided == 1 }

func TestSomebodyDecidesAboutAFailure(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		e := picky(t, url)
		c, w := e.Client, fragile(workflow.Manual)
		if _, err := c.EnqueueWorkflow(t.Context(), w); err != nil {
			t.Fatal(err)
		}
		until(t, c, w.ID, undecided)
		if err := c.ResumeWorkflow(t.Context(), w.ID); !errors.Is(err, job.ErrWrongState) {
			t.Errorf("resume: %v", err)
		}
		again := client.Decision{Job: "extract", Action: workflow.ActionRetry, Payload: map[string]any{"fail": true, "n": 2}}
		if err := c.Decide(t.Context(), w.ID, again, client.By("ann"), client.Because("once more")); err != nil {
			t.Fatal(err)
		}
		until(t, c, w.ID, undecided)
		if err := c.Decide(t.Context(), w.ID, client.Decision{Job: "extract", Action: workflow.ActionComplete, Result: "by hand: a<b"}); err != nil {
			t.Fatal(err)
		}
		done, err := c.WaitWorkflow(within(t), w.ID)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "status", done.Status, workflow.Completed)
		j, err := c.Job(t.Context(), w.Jobs[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "result", string(j.Result), `"by hand: a<b"`)
		equal(t, "decision", j.Decision, workflow.ActionComplete)
		equal(t, "earlier runs", len(j.Runs), 1)
		equal(t, "earlier attempts", j.EarlierAttempts, 1)
		var audit []string
		for r, err := range c.Audit(t.Context(), w.ID) {
			if err != nil {
				t.Fatal(err)
			}
			audit = append(audit, strings.Join([]string{r.Actor, r.Action, r.Comment}, "|"))
		}
		equal(t, "audit", strings.Join(audit, " "), "ann|decide.retry|once more client|decide.complete|")
	})
}

func TestAJobWithoutAWorkflowRunsAgain(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		e := picky(t, url)
		c := e.Client
		j := job.New("q", []byte(`{"fail": true}`)).WithName("extract")
		if _, err := c.Enqueue(t.Context(), j); err != nil {
			t.Fatal(err)
		}
		done, err := c.WaitJob(within(t), j.ID)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "status", done.Status, job.Failed)
		if err := c.RetryJob(t.Context(), j.ID, map[string]any{"fail": false}, client.By("ann")); err != nil {
			t.Fatal(err)
		}
		if done, err = c.WaitJob(within(t), j.ID); err != nil {
			t.Fatal(err)
		}
		equal(t, "status", done.Status, job.Completed)
		equal(t, "earlier runs", len(done.Runs), 1)
		equal(t, "earlier attempts", done.EarlierAttempts, 1)
		if err := c.RetryJob(t.Context(), j.ID, nil); !errors.Is(err, job.ErrWrongState) {
			t.Errorf("retry of what completed: %v", err)
		}
		if err := c.RetryJob(t.Context(), j.ID, func() {}); err == nil {
			t.Error("a payload that is no JSON is taken")
		}
	})
}

func TestAWorkflowRunsAgainAsItWasPlanned(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		e := picky(t, url)
		c, w := e.Client, fragile(workflow.ContinueOnFailure)
		if _, err := c.EnqueueWorkflow(t.Context(), w); err != nil {
			t.Fatal(err)
		}
		if _, err := c.WaitWorkflow(within(t), w.ID); err != nil {
			t.Fatal(err)
		}
		causes, err := c.Causes(t.Context(), w.ID, 10)
		if err != nil || len(causes) != 1 {
			t.Fatalf("causes %+v, %v", causes, err)
		}
		equal(t, "cause", causes[0], client.Cause{JobID: w.Jobs[0].ID, Name: "extract", Status: job.Failed, Error: "extract is broken", Count: 2})
		repaired := client.Retry{Payloads: map[string]any{"extract": map[string]bool{"fail": false}}}
		plan, err := c.PlanRetry(t.Context(), w.ID, repaired)
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprint(client.RetryPlan{Run: 2, Jobs: []client.PlannedJob{
			{ID: w.Jobs[0].ID, Name: "extract", Status: job.Failed},
			{ID: w.Jobs[1].ID, Name: "transform", Status: job.UpstreamFailed},
			{ID: w.Jobs[2].ID, Name: "load", Status: job.UpstreamFailed},
		}})
		equal(t, "plan", fmt.Sprint(plan), want)
		done, err := c.RetryWorkflow(t.Context(), w.ID, repaired)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "retry", fmt.Sprint(done), want)
		rec := until(t, c, w.ID, func(w client.WorkflowRecord) bool { return w.Status == workflow.Completed })
		equal(t, "run", rec.Run, 2)
		from, err := c.PlanRetry(t.Context(), w.ID, client.Retry{From: "transform"})
		if err != nil || len(from.Jobs) != 2 {
			t.Errorf("from transform: %+v, %v", from, err)
		}
		if _, err := c.RetryWorkflow(t.Context(), w.ID, client.Retry{}); !errors.Is(err, job.ErrWrongState) {
			t.Errorf("nothing failed: %v", err)
		}
	})
}

func TestAPausedWorkflowWaitsForItsResume(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		c, w := open(t, url), chain("a")
		if _, err := c.EnqueueWorkflow(t.Context(), w); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := c.PauseWorkflow(t.Context(), w.ID, client.Because("maintenance")); err != nil {
				t.Fatal(err)
			}
		}
		rec := until(t, c, w.ID, func(client.WorkflowRecord) bool { return true })
		equal(t, "status", rec.Status, workflow.Paused)
		equal(t, "paused by somebody", rec.UserPaused, true)
		if err := c.ResumeWorkflow(t.Context(), w.ID); err != nil {
			t.Fatal(err)
		}
		rec = until(t, c, w.ID, func(client.WorkflowRecord) bool { return true })
		equal(t, "status", rec.Status, workflow.Running)
	})
}

func TestWhatMakesNoSenseIsNotAskedOfTheDatabase(t *testing.T) {
	c, w := open(t, databases["sqlite"](t)), chain("a")
	if _, err := c.EnqueueWorkflow(t.Context(), w); err != nil {
		t.Fatal(err)
	}
	decide := func(d client.Decision) func() error {
		return func() error { return c.Decide(t.Context(), w.ID, d) }
	}
	retry := func(r client.Retry) func() error {
		return func() error { _, err := c.RetryWorkflow(t.Context(), w.ID, r); return err }
	}
	big := strings.Repeat("x", job.MaxPayload)
	for name, ask := range map[string]func() error{
		`no action "forget"`:          decide(client.Decision{Job: "a", Action: "forget"}),
		"a payload goes with retry":   decide(client.Decision{Job: "a", Action: workflow.ActionSkip, Payload: 1}),
		"a result with complete":      decide(client.Decision{Job: "a", Action: workflow.ActionRetry, Result: 1}),
		"payload has":                 decide(client.Decision{Job: "a", Action: workflow.ActionRetry, Payload: big}),
		"result has":                  decide(client.Decision{Job: "a", Action: workflow.ActionComplete, Result: big}),
		"result cannot be encoded":    decide(client.Decision{Job: "a", Action: workflow.ActionComplete, Result: make(chan int)}),
		`no mode "some"`:              retry(client.Retry{Mode: "some"}),
		"contradicts mode all":        retry(client.Retry{Mode: workflow.RetryAll, From: "a"}),
		"payload cannot be encoded":   retry(client.Retry{Payloads: map[string]any{"a": make(chan int)}}),
		"an actor has at most":        func() error { return c.PauseWorkflow(t.Context(), w.ID, client.By(strings.Repeat("x", 201))) },
		"UTF-8 without U+0000":        func() error { return c.PauseWorkflow(t.Context(), w.ID, client.Because("a\x00")) },
		"are UTF-8":                   func() error { return c.PauseWorkflow(t.Context(), w.ID, client.By("\xff")) },
		"a comment 8192 bytes":        func() error { return c.PauseWorkflow(t.Context(), w.ID, client.Because(strings.Repeat("x", 8193))) },
		`job "b" of workflow`:         decide(client.Decision{Job: "b", Action: workflow.ActionSkip}),
		`job "" of workflow`:          retry(client.Retry{Mode: workflow.RetryFrom}),
		"wrong state":                 decide(client.Decision{Job: "a", Action: workflow.ActionSkip}),
		"only one that has ended or ": retry(client.Retry{}),
	} {
		if err := ask(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v; want %q in it", err, name)
		}
	}
	if err := decide(client.Decision{Job: "b", Action: workflow.ActionSkip})(); !errors.Is(err, job.ErrNotFound) {
		t.Errorf("an unknown job: %v", err)
	}
}
