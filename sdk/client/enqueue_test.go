package client_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/sdk/client"
)

func TestAJobIsStoredAsItWasHandedIn(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		c := open(t, url)
		parent, err := c.Enqueue(t.Context(), one("parent"))
		if err != nil {
			t.Fatal(err)
		}
		j := one("child").DependsOnIDs(parent.ID).WithPriority(job.High).WithRetry(job.RetryPolicy{MaxAttempts: 7}).WithCorrelationID("c")
		done, err := c.Enqueue(t.Context(), j)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "id", done.ID, j.ID)
		equal(t, "existing", done.Existing, false)
		got, err := c.Job(t.Context(), j.ID)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "names", got.Name+" "+got.Queue, "child q")
		equal(t, "payload", string(got.Payload), `{"n":1}`)
		equal(t, "status", got.Status, job.Pending)
		equal(t, "dependency status", got.DependencyStatus, job.Waiting)
		equal(t, "parents", fmt.Sprint(got.DependsOn), fmt.Sprint([]job.ID{parent.ID}))
		equal(t, "priority", got.Priority, job.High)
		equal(t, "attempts", got.MaxAttempts, 7)
		equal(t, "correlation id", got.CorrelationID, "c")
		if got.CreatedAt.IsZero() || !got.FinishedAt.IsZero() {
			t.Errorf("created %s, finished %s", got.CreatedAt, got.FinishedAt)
		}
	})
}

func TestWhatIsInvalidIsReportedWithEveryFaultAndNothingIsStored(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		c := open(t, url)
		bad := func() *job.Job { return job.New("", make(chan int)) }
		for name, enqueue := range map[string]func() error{
			"a job":  func() error { _, err := c.Enqueue(t.Context(), bad()); return err },
			"jobs":   func() error { _, err := c.EnqueueMany(t.Context(), []*job.Job{one("good"), bad()}); return err },
			"a flow": func() error { _, err := c.EnqueueWorkflow(t.Context(), chain("good").Add(bad())); return err },
		} {
			var invalid *workflow.Error
			if err := enqueue(); !errors.As(err, &invalid) || len(invalid.Faults) != 2 {
				t.Errorf("%s: %v", name, err)
			}
		}
		for name, enqueue := range map[string]func() error{
			"no job":         func() error { _, err := c.Enqueue(t.Context(), nil); return err },
			"no job of jobs": func() error { _, err := c.EnqueueMany(t.Context(), []*job.Job{one("a"), nil}); return err },
			"no flow":        func() error { _, err := c.EnqueueWorkflow(t.Context(), nil); return err },
			"no job of flows": func() error {
				_, err := c.EnqueueWorkflow(t.Context(), &workflow.Workflow{Name: "w", Jobs: []*job.Job{nil}})
				return err
			},
		} {
			if err := enqueue(); err == nil || !strings.HasSuffix(err.Error(), "is nil") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if list := names(t, c, client.JobFilter{}); len(list) != 0 {
			t.Errorf("stored: %v", list)
		}
	})
}

func TestAParentThatIsNotStoredIsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		c := open(t, url)
		if _, err := c.Enqueue(t.Context(), one("a").DependsOnIDs(job.NewID())); !errors.Is(err, client.ErrUnknownParent) {
			t.Errorf("job: %v", err)
		}
		if _, err := c.EnqueueWorkflow(t.Context(), workflow.NewWorkflow("w").Add(one("a").DependsOnIDs(job.NewID()))); !errors.Is(err, client.ErrUnknownParent) {
			t.Errorf("workflow: %v", err)
		}
	})
}

func TestManyJobsAreStoredTogetherOrNotAtAll(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		c := open(t, url)
		const number = 500
		jobs := make([]*job.Job, number)
		for i := range jobs {
			jobs[i] = one(fmt.Sprint("j", i))
			if i > 0 {
				jobs[i].DependsOnJobs(jobs[i-1])
			}
		}
		list, err := c.EnqueueMany(t.Context(), jobs)
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range list {
			if e.ID != jobs[i].ID || e.Existing {
				t.Fatalf("job %d: %+v", i, e)
			}
		}
		equal(t, "stored", len(names(t, c, client.JobFilter{Queue: "q"})), number)
		if list, err := c.EnqueueMany(t.Context(), nil); list != nil || err != nil {
			t.Errorf("none at all: %v, %v", list, err)
		}
		if _, err := c.EnqueueMany(t.Context(), []*job.Job{one("new"), one("bad").DependsOnIDs(job.NewID())}); err == nil {
			t.Error("accepted")
		}
		equal(t, "stored in the end", len(names(t, c, client.JobFilter{})), number)
	})
}

func TestEnqueueingTheSameThingAgainChangesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		c := open(t, url)
		a, b, w := one("a"), one("b"), chain("x", "y")
		for i := range 2 {
			list, err := c.EnqueueMany(t.Context(), []*job.Job{a, b})
			if err != nil || list[0].ID != a.ID || list[1].ID != b.ID || list[0].Existing != (i == 1) {
				t.Fatalf("jobs: %+v, %v", list, err)
			}
			done, err := c.EnqueueWorkflow(t.Context(), w)
			if err != nil || done.ID != w.ID || done.Existing != (i == 1) {
				t.Fatalf("workflow: %+v, %v", done, err)
			}
		}
		if done, err := c.Enqueue(t.Context(), a); err != nil || !done.Existing {
			t.Errorf("a job of them alone: %+v, %v", done, err)
		}
		if _, err := c.EnqueueMany(t.Context(), []*job.Job{a, one("new")}); !errors.Is(err, client.ErrExists) {
			t.Errorf("some of them: %v", err)
		}
		equal(t, "stored", len(names(t, c, client.JobFilter{})), 4)
	})
}

func TestAKeyMakesOneJobHoweverOftenItIsUsed(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		c := open(t, url)
		first, err := c.Enqueue(t.Context(), one("a"), client.IdempotencyKey("k"))
		if err != nil || first.Existing {
			t.Fatalf("%+v, %v", first, err)
		}
		again, err := c.Enqueue(t.Context(), one("a"), client.IdempotencyKey("k"))
		if err != nil || !again.Existing || again.ID != first.ID {
			t.Errorf("the same request: %+v, %v", again, err)
		}
		if _, err := c.Enqueue(t.Context(), one("b"), client.IdempotencyKey("k")); !errors.Is(err, client.ErrKeyReused) {
			t.Errorf("another request: %v", err)
		}
		if other, err := c.Enqueue(t.Context(), job.New("r", nil), client.IdempotencyKey("k")); err != nil || other.Existing {
			t.Errorf("another queue: %+v, %v", other, err)
		}
		equal(t, "stored", len(names(t, c, client.JobFilter{})), 2)
	})
}

func TestAKeyMakesOneWorkflowWhateverItsIDs(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		c := open(t, url)
		first, err := c.EnqueueWorkflow(t.Context(), chain("a", "b"), client.IdempotencyKey("k"))
		if err != nil || first.Existing {
			t.Fatalf("%+v, %v", first, err)
		}
		again, err := c.EnqueueWorkflow(t.Context(), chain("a", "b"), client.IdempotencyKey("k"))
		if err != nil || !again.Existing || again.ID != first.ID {
			t.Errorf("the same request: %+v, %v", again, err)
		}
		if _, err := c.EnqueueWorkflow(t.Context(), chain("a", "c"), client.IdempotencyKey("k")); !errors.Is(err, client.ErrKeyReused) {
			t.Errorf("another request: %v", err)
		}
	})
}

func TestOfManyJobsTheNewOnesAreStored(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		c := open(t, url)
		batch := func(names ...string) []*job.Job {
			var jobs []*job.Job
			for _, n := range names {
				jobs = append(jobs, one(n))
			}
			return jobs
		}
		first, err := c.EnqueueMany(t.Context(), batch("a", "b"), client.IdempotencyKeys("a", "b"))
		if err != nil {
			t.Fatal(err)
		}
		second, err := c.EnqueueMany(t.Context(), batch("b", "c", "d"), client.IdempotencyKeys("b", "c", ""))
		if err != nil {
			t.Fatal(err)
		}
		if !second[0].Existing || second[0].ID != first[1].ID || second[1].Existing || second[2].Existing {
			t.Errorf("got %+v after %+v", second, first)
		}
		list := names(t, c, client.JobFilter{})
		slices.Sort(list)
		equal(t, "stored", strings.Join(list, " "), "a b c d")
	})
}

func TestKeysThatMakeNoSenseAreRefused(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		c := open(t, url)
		jobs := []*job.Job{one("a"), one("b")}
		for want, enqueue := range map[string]func() error{
			"the idempotency key is empty":   func() error { _, err := c.Enqueue(t.Context(), jobs[0], client.IdempotencyKey("")); return err },
			"IdempotencyKeys is for Enqueue": func() error { _, err := c.Enqueue(t.Context(), jobs[0], client.IdempotencyKeys("k")); return err },
			"IdempotencyKeys is for EnqueueM": func() error {
				_, err := c.EnqueueWorkflow(t.Context(), chain("a"), client.IdempotencyKeys("k"))
				return err
			},
			"IdempotencyKey is for one job": func() error { _, err := c.EnqueueMany(t.Context(), jobs, client.IdempotencyKey("k")); return err },
			"3 idempotency keys for 2 jobs": func() error {
				_, err := c.EnqueueMany(t.Context(), jobs, client.IdempotencyKeys("k", "l", "m"))
				return err
			},
			"an idempotency key of 256 bytes": func() error {
				_, err := c.Enqueue(t.Context(), jobs[0], client.IdempotencyKey(strings.Repeat("k", 256)))
				return err
			},
			"an idempotency key of 1 bytes": func() error { _, err := c.Enqueue(t.Context(), jobs[0], client.IdempotencyKey("\x00")); return err },
		} {
			if err := enqueue(); err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%v, want %s", err, want)
			}
		}
		equal(t, "stored", len(names(t, c, client.JobFilter{})), 0)
	})
}

func TestAJobBelongsToTheTraceOfItsCaller(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		c := open(t, url)
		span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
		ctx := trace.ContextWithSpanContext(t.Context(), span)
		own := strings.Repeat("ab", 16)
		list, err := c.EnqueueMany(ctx, []*job.Job{one("a"), one("b").WithTraceID(own)})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{span.TraceID().String(), own} {
			j, err := c.Job(t.Context(), list[i].ID)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "trace of "+j.Name, j.TraceID, want)
		}
		done, err := c.EnqueueWorkflow(ctx, chain("x"))
		if err != nil {
			t.Fatal(err)
		}
		w, err := c.Workflow(t.Context(), done.ID)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "trace of the workflow", w.TraceID, span.TraceID().String())
	})
}

func TestAnEnqueueEndsWithItsContext(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		c := open(t, url)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		began := time.Now()
		if _, err := c.Enqueue(ctx, one("a")); !errors.Is(err, context.Canceled) {
			t.Errorf("error: %v", err)
		}
		if d := time.Since(began); d > 5*time.Second {
			t.Errorf("it took %s", d)
		}
	})
}
