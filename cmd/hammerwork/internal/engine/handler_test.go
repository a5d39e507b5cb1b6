package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus/embedded"
	"github.com/hammerwork/hammerwork/internal/service"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

// serveWith gives e a worker that add registers handlers with.
func serveWith(t *testing.T, e *Engine, cfg worker.Config, add func(*worker.Worker) error) {
	t.Helper()
	cfg.Logger = e.cfg.Log
	w, err := worker.New(embedded.WithBus(cfg, e.bus))
	if err == nil {
		err = add(w)
	}
	if err != nil {
		t.Fatal(err)
	}
	e.workers = []service.Service{w}
}

func noHandler(context.Context, *worker.Job) (any, error) { return nil, errors.New("not called") }

func TestEveryWayAHandlerEndsIsRecorded(t *testing.T) {
	t.Parallel()
	released := make(chan struct{})
	handlers := map[string]worker.Handler{
		"fine":  func(context.Context, *worker.Job) (any, error) { return json.RawMessage(`{"a":  1}`), nil },
		"panic": func(context.Context, *worker.Job) (any, error) { panic("boom") },
		"permanent": func(context.Context, *worker.Job) (any, error) {
			return nil, worker.Permanent(errors.New("bad payload"))
		},
		"later": func(_ context.Context, j *worker.Job) (any, error) {
			if j.Attempt == 1 {
				return nil, worker.RetryAfter(errors.New("not yet"), time.Millisecond) // not the policy's hour
			}
			return j.Attempt, nil
		},
		"slow": func(ctx context.Context, _ *worker.Job) (any, error) { return nil, soon(ctx, time.Hour) },
		"deaf": func(context.Context, *worker.Job) (any, error) { <-released; return nil, nil },
		"large": func(context.Context, *worker.Job) (any, error) {
			return strings.Repeat("x", job.MaxResult), nil
		},
		"unencodable": func(context.Context, *worker.Job) (any, error) { return func() {}, nil },
	}
	e := open(t, Config{Handler: noHandler})
	serveWith(t, e, worker.Config{HandlerGrace: time.Second}, func(w *worker.Worker) error {
		return worker.HandleAll(w, func(ctx context.Context, j *worker.Job) (any, error) { return handlers[j.Name](ctx, j) }, worker.Concurrency(2))
	})
	start(t, e)
	defer close(released)
	id := submit(t, e,
		task("deaf").WithTimeout(50*time.Millisecond).WithPriority(job.Critical), // first: the others share one slot
		task("fine"), task("panic"), task("permanent"), task("slow").WithTimeout(50*time.Millisecond), task("large"), task("unencodable"),
		task("later").WithRetry(job.RetryPolicy{MaxAttempts: 2, InitialDelay: job.Duration(time.Hour), MaxDelay: job.Duration(time.Hour), Jitter: job.NoJitter}))
	rec, jobs, _ := finish(t, e, id)
	equal(t, "workflow", rec.Status, workflow.Failed)
	for name, want := range map[string]struct {
		status job.Status
		reason job.Reason
		err    string
		result string
	}{
		"fine":        {job.Completed, "", "", `{"a":  1}`},
		"panic":       {job.Dead, job.ReasonExhausted, "handler panicked: boom", ""},
		"permanent":   {job.Failed, job.ReasonPermanent, "bad payload", ""},
		"later":       {job.Completed, "", "", "2"},
		"slow":        {job.TimedOut, job.ReasonTimeout, "the attempt ran out of time", ""},
		"deaf":        {job.TimedOut, job.ReasonTimeout, "the attempt ran out of time, and the handler did not return within 1s", ""},
		"large":       {job.Failed, job.ReasonResultTooLarge, worker.ErrResultTooLarge.Error(), ""},
		"unencodable": {job.Failed, job.ReasonPermanent, "encode result: json: unsupported type: func()", ""},
	} {
		j := jobs[name]
		equal(t, name+"'s status", j.Status, want.status)
		equal(t, name+"'s reason", j.Reason, want.reason)
		equal(t, name+"'s result", string(j.Result), want.result)
		if want.status != job.Completed {
			equal(t, name+"'s error", j.Error, want.err)
		}
	}
}

func TestParentsResultsReachTheirChildHoweverLargeAndMany(t *testing.T) {
	const many = 1200
	cases := map[string]struct {
		parents int
		result  func(i int) string
	}{
		"inline":                   {3, func(i int) string { return fmt.Sprintf(`{"n":  %d}`, i) }},
		"too large together":       {5, func(i int) string { return fmt.Sprintf(`"%d%s"`, i, strings.Repeat("x", 100<<10)) }},
		"of quotes, twice as long": {5, func(i int) string { return fmt.Sprintf(`"%d%s"`, i, strings.Repeat(`\"`, 60<<10)) }},
		"too many":                 {many, func(i int) string { return fmt.Sprint(i) }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			join := task("join")
			parents := make([]*job.Job, c.parents)
			for i := range parents {
				parents[i] = job.New("q", i).WithName(fmt.Sprintf("p%d", i))
			}
			join.DependsOnJobs(parents...)
			handler := func(ctx context.Context, j *worker.Job) (any, error) {
				if j.Name != "join" {
					var i int
					if err := j.Decode(&i); err != nil {
						return nil, err
					}
					return json.RawMessage(c.result(i)), nil
				}
				seen := map[string]string{}
				var last job.ID
				for p, err := range j.ParentResults(ctx) {
					if err != nil {
						return nil, err
					}
					if p.ID.String() <= last.String() {
						return nil, fmt.Errorf("%s comes after %s", p.ID, last)
					}
					last, seen[p.Name] = p.ID, string(p.Result)
				}
				for i := range c.parents {
					if got := seen[fmt.Sprintf("p%d", i)]; got != c.result(i) {
						return nil, fmt.Errorf("result of p%d has %d bytes, want %d", i, len(got), len(c.result(i)))
					}
				}
				one, err := j.Parent(ctx, "p2")
				if err != nil || string(one.Result) != c.result(2) || one.Status != job.Completed {
					return nil, fmt.Errorf("p2 alone: %s, %v", one.Status, err)
				}
				if _, err := j.Parent(ctx, "nobody"); !errors.Is(err, job.ErrNotFound) {
					return nil, fmt.Errorf("a parent that does not exist: %v", err)
				}
				return len(seen), nil
			}
			_, jobs, _ := run(t, Config{Handler: handler, Concurrency: 1000}, append(parents, join)...)
			j := jobs["join"]
			if string(j.Result) != fmt.Sprint(c.parents) {
				t.Errorf("join is %s with result %s: %s", j.Status, j.Result, j.Error)
			}
		})
	}
}

func TestEachQueueRunsAsManyJobsAtOnceAsItsHandlerHasSlots(t *testing.T) {
	t.Parallel()
	slots := map[string]int{"a": 3, "b": 1}
	var mu sync.Mutex
	running, most := map[string]int{}, map[string]int{}
	full := make(chan struct{}) // closed when both queues were full together
	count := func(queue string, n int) {
		mu.Lock()
		defer mu.Unlock()
		running[queue] += n
		most[queue] = max(most[queue], running[queue])
		if running["a"] == 3 && running["b"] == 1 {
			select {
			case <-full:
			default:
				close(full)
			}
		}
	}
	e := open(t, Config{Handler: noHandler})
	serveWith(t, e, worker.Config{}, func(w *worker.Worker) error {
		for queue, n := range slots {
			if err := worker.Handle(w, queue, func(ctx context.Context, j *worker.Job) (any, error) {
				count(j.Queue, 1)
				defer count(j.Queue, -1)
				select {
				case <-full:
				case <-time.After(patience):
					return nil, errors.New("the slots were never full")
				}
				return nil, soon(ctx, time.Millisecond)
			}, worker.Concurrency(n)); err != nil {
				return err
			}
		}
		return nil
	})
	start(t, e)
	var jobs []*job.Job
	for i := range 24 {
		queue := []string{"a", "a", "b"}[i%3]
		jobs = append(jobs, job.New(queue, nil).WithName(fmt.Sprint(i)))
	}
	rec, _, _ := finish(t, e, submit(t, e, jobs...))
	equal(t, "status", rec.Status, workflow.Completed)
	for queue, n := range slots {
		equal(t, "most at once of queue "+queue, most[queue], n)
	}
}

func TestACancelReachesTheHandlersOfItsWorkflowAlone(t *testing.T) {
	t.Parallel()
	began := make(chan string, 2)
	causes := make(chan error, 2)
	goOn := make(chan struct{})
	handler := func(ctx context.Context, j *worker.Job) (any, error) {
		began <- j.Name
		select {
		case <-ctx.Done():
			causes <- context.Cause(ctx)
			return nil, ctx.Err()
		case <-goOn:
			return nil, nil
		}
	}
	e := open(t, Config{Handler: handler})
	start(t, e)
	first := task("first")
	cancelled := submit(t, e, first, task("after", first))
	other := submit(t, e, task("other"))
	for range 2 {
		<-began
	}
	if err := e.Cancel(t.Context(), cancelled); err != nil {
		t.Fatal(err)
	}
	rec, jobs, _ := finish(t, e, cancelled)
	equal(t, "workflow", rec.Status, workflow.Cancelled)
	for _, name := range []string{"first", "after"} {
		equal(t, name, jobs[name].Status, job.Cancelled)
		equal(t, name+"'s reason", jobs[name].Reason, job.ReasonUser)
	}
	if cause := <-causes; !errors.Is(cause, worker.ErrCancelled) {
		t.Errorf("cause: %v", cause)
	}
	if err := e.Cancel(t.Context(), cancelled); !errors.Is(err, job.ErrWrongState) {
		t.Errorf("error of a second cancel: %v", err)
	}
	close(goOn)
	rec, _, _ = finish(t, e, other)
	equal(t, "the other workflow", rec.Status, workflow.Completed)
}
