package client_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/sdk/client"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

func TestAWorkflowIsWorkedOnAndWaitedFor(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		e := engine(t, url)
		if err := e.Work(func(w *worker.Worker) error {
			return worker.HandleTyped(w, "q", func(_ context.Context, j *worker.Job, p struct{ N int }) (string, error) {
				if j.Name == "bad" {
					return "", worker.Permanent(errors.New("no"))
				}
				return j.Name, nil
			})
		}); err != nil {
			t.Fatal(err)
		}
		w := chain("a", "b", "bad", "never")
		if _, err := e.Client.EnqueueWorkflow(t.Context(), w); err != nil {
			t.Fatal(err)
		}
		done, err := e.Client.WaitWorkflow(within(t), w.ID)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "status", done.Status, workflow.Failed)
		want := client.Stats{Total: 4, Completed: 2, Failed: 1, UpstreamFailed: 1, CompletionPercentage: 100}
		equal(t, "stats", done.Stats, want)
		stats, err := e.Client.WorkflowStats(t.Context(), w.ID)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "stats asked for", stats, want)
		jobs, err := e.Client.WorkflowJobs(t.Context(), w.ID)
		if err != nil || len(jobs) != 4 {
			t.Fatalf("%d jobs, %v", len(jobs), err)
		}
		for i, want := range []job.Status{job.Completed, job.Completed, job.Failed, job.UpstreamFailed} {
			equal(t, jobs[i].Name, jobs[i].Status, want)
		}
		equal(t, "result", string(jobs[0].Result), `"a"`)
		bad, err := e.Client.WaitJob(within(t), w.Jobs[2].ID)
		if err != nil || len(bad.History) != 1 {
			t.Fatalf("%+v, %v", bad, err)
		}
		equal(t, "error", bad.Error, "no")
		equal(t, "outcome of the attempt", bad.History[0].Outcome, job.KindFailed)
		equal(t, "cause", jobs[3].CauseID, bad.ID)
		if err := e.Client.CancelWorkflow(t.Context(), w.ID); !errors.Is(err, job.ErrWrongState) {
			t.Errorf("cancel of what has ended: %v", err)
		}
	})
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		c := open(t, url)
		w := chain("a")
		if _, err := c.EnqueueWorkflow(t.Context(), w); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := c.WaitWorkflow(ctx, w.ID); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error: %v", err)
		}
	})
}

func TestWhatIsCancelledEndsAndItsHandlerLearnsWhy(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		e := engine(t, url)
		began, causes := make(chan string, 2), make(chan error, 2)
		if err := e.Work(func(w *worker.Worker) error {
			return worker.Handle(w, "q", func(ctx context.Context, j *worker.Job) (any, error) {
				began <- j.Name
				<-ctx.Done()
				causes <- context.Cause(ctx)
				return nil, ctx.Err()
			})
		}); err != nil {
			t.Fatal(err)
		}
		w, alone := chain("a", "b"), one("alone")
		if _, err := e.Client.EnqueueWorkflow(t.Context(), w); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Client.Enqueue(t.Context(), alone); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			<-began
		}
		if err := errors.Join(e.Client.CancelWorkflow(t.Context(), w.ID), e.Client.CancelJob(t.Context(), alone.ID)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if cause := <-causes; !errors.Is(cause, worker.ErrCancelled) {
				t.Errorf("cause: %v", cause)
			}
		}
		done, err := e.Client.WaitWorkflow(within(t), w.ID)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "workflow", done.Status, workflow.Cancelled)
		j, err := e.Client.WaitJob(within(t), alone.ID)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "job", j.Status, job.Cancelled)
		equal(t, "reason", j.Reason, job.ReasonUser)
	})
}

func TestAPausedQueueGivesNothingUntilItIsResumed(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		e := engine(t, url)
		if err := e.Client.PauseQueue(t.Context(), "q"); err != nil {
			t.Fatal(err)
		}
		if err := e.Work(func(w *worker.Worker) error {
			return worker.HandleAll(w, func(context.Context, *worker.Job) (any, error) { return nil, nil })
		}); err != nil {
			t.Fatal(err)
		}
		held, free := one("held"), job.New("free", nil)
		if _, err := e.Client.EnqueueMany(t.Context(), []*job.Job{held, free}); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Client.WaitJob(within(t), free.ID); err != nil {
			t.Fatal(err)
		}
		j, err := e.Client.Job(t.Context(), held.ID)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "status while paused", j.Status, job.Pending)
		queues, err := e.Client.Queues(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(queues) != 1 || queues[0].Name != "q" || queues[0].PausedAt.IsZero() || queues[0].Ready != 1 {
			t.Errorf("queues %+v", queues)
		}
		if err := e.Client.ResumeQueue(t.Context(), "q"); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Client.WaitJob(within(t), held.ID); err != nil {
			t.Fatal(err)
		}
	})
}

func TestProgressReachesThoseWhoLook(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		e := engine(t, url)
		goOn := make(chan struct{})
		if err := e.Work(func(w *worker.Worker) error {
			return worker.Handle(w, "q", func(_ context.Context, j *worker.Job) (any, error) {
				j.Progress(42, "of 100")
				<-goOn
				return nil, nil
			})
		}); err != nil {
			t.Fatal(err)
		}
		j := one("a")
		if _, err := e.Client.Enqueue(t.Context(), j); err != nil {
			t.Fatal(err)
		}
		ctx := within(t)
		poll := time.NewTicker(20 * time.Millisecond)
		defer poll.Stop()
		for {
			got, err := e.Client.Job(ctx, j.ID)
			if err != nil {
				t.Fatal(err)
			}
			if got.Progress != (client.Progress{}) {
				equal(t, "progress", got.Progress, client.Progress{Percent: 42, Message: "of 100"})
				break
			}
			<-poll.C
		}
		close(goOn)
		if _, err := e.Client.WaitJob(ctx, j.ID); err != nil {
			t.Fatal(err)
		}
	})
}
