package worker_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/sdk/hammerworktest"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

// check ends an example that went wrong.
func check(err error) {
	if err != nil {
		panic(err)
	}
}

// open runs everything but a worker.
func open(ctx context.Context) *hammerworktest.Engine {
	e, err := hammerworktest.Open(ctx)
	check(err)
	return e
}

// do enqueues a job, waits for its end and tells of it.
func do(ctx context.Context, e *hammerworktest.Engine, j *job.Job) {
	_, err := e.Client.Enqueue(ctx, j)
	check(err)
	done, err := e.Client.WaitJob(ctx, j.ID)
	check(err)
	fmt.Println(done.Status, cmp.Or(done.Error, string(done.Result)))
}

func ExampleNew() {
	ctx, stop := context.WithCancel(context.Background()) // a program takes signal.NotifyContext
	e := open(ctx)
	defer e.Close()

	w, err := worker.New(worker.Config{NATSURL: e.NATSURL, Name: "mailer-1"})
	check(err)
	check(worker.Handle(w, "mail", func(_ context.Context, j *worker.Job) (any, error) {
		return "sent by " + w.Name(), nil
	}))
	ended := make(chan error)
	go func() { ended <- w.Run(ctx) }()

	do(ctx, e, job.New("mail", nil))
	fmt.Println("connected:", w.Connected())
	stop() // Run lets handlers end, then returns
	fmt.Println(<-ended)
	// Output:
	// completed "sent by mailer-1"
	// connected: true
	// <nil>
}

func ExampleHandle() {
	ctx := context.Background()
	e := open(ctx)
	defer e.Close()

	check(e.Work(func(w *worker.Worker) error {
		return worker.Handle(w, "resize", func(ctx context.Context, j *worker.Job) (any, error) {
			var p struct{ Width, Height int }
			if err := j.Decode(&p); err != nil {
				return nil, err
			}
			return map[string]int{"pixels": p.Width * p.Height}, nil
		}, worker.Concurrency(4)) // at most four side by side
	}))
	do(ctx, e, job.New("resize", map[string]int{"width": 640, "height": 480}))
	// Output: completed {"pixels":307200}
}

func ExampleHandleTyped() {
	type size struct {
		Width  int `json:"width"`
		Height int `json:"height"`
	}
	type area struct {
		Pixels int `json:"pixels"`
	}
	ctx := context.Background()
	e := open(ctx)
	defer e.Close()

	check(e.Work(func(w *worker.Worker) error {
		return worker.HandleTyped(w, "resize", func(_ context.Context, _ *worker.Job, s size) (area, error) {
			return area{s.Width * s.Height}, nil
		})
	}))
	do(ctx, e, job.New("resize", size{640, 480}))
	do(ctx, e, job.New("resize", map[string]string{"width": "wide"})) // not what the handler takes
	// Output:
	// completed {"pixels":307200}
	// failed payload: field width: the string does not fit into int
}

func ExampleHandleAll() {
	ctx := context.Background()
	e := open(ctx)
	defer e.Close()

	check(e.Work(func(w *worker.Worker) error {
		return worker.HandleAll(w, func(_ context.Context, j *worker.Job) (any, error) { return j.Queue, nil })
	}))
	do(ctx, e, job.New("mail", nil))
	do(ctx, e, job.New("resize", nil))
	// Output:
	// completed "mail"
	// completed "resize"
}

func ExamplePermanent() {
	ctx := context.Background()
	e := open(ctx)
	defer e.Close()

	check(e.Work(func(w *worker.Worker) error {
		return worker.Handle(w, "mail", func(_ context.Context, j *worker.Job) (any, error) {
			return nil, worker.Permanent(errors.New("no such address"))
		})
	}))
	do(ctx, e, job.New("mail", nil).WithRetry(job.RetryPolicy{MaxAttempts: 10})) // tried once
	// Output: failed no such address
}

func ExampleRetryAfter() {
	ctx := context.Background()
	e := open(ctx)
	defer e.Close()

	check(e.Work(func(w *worker.Worker) error {
		return worker.Handle(w, "call", func(_ context.Context, j *worker.Job) (any, error) {
			if j.Attempt == 1 {
				return nil, worker.RetryAfter(errors.New("too many requests"), 10*time.Millisecond)
			}
			return j.Attempt, nil
		})
	}))
	do(ctx, e, job.New("call", nil))
	// Output: completed 2
}

func ExampleJob_Progress() {
	ctx := context.Background()
	e := open(ctx)
	defer e.Close()

	seen := make(chan struct{})
	check(e.Work(func(w *worker.Worker) error {
		return worker.Handle(w, "import", func(ctx context.Context, j *worker.Job) (any, error) {
			j.Progress(50, "half of the rows") // as often as you like; it is told once a second
			<-seen
			return nil, nil
		})
	}))
	j := job.New("import", nil)
	_, err := e.Client.Enqueue(ctx, j)
	check(err)
	for {
		got, err := e.Client.Job(ctx, j.ID)
		check(err)
		if p := got.Progress; p.Message != "" {
			fmt.Printf("%g%%: %s\n", p.Percent, p.Message)
			break
		}
		<-time.After(50 * time.Millisecond)
	}
	close(seen)
	// Output: 50%: half of the rows
}

func ExampleJob_Log() {
	ctx := context.Background()
	plain := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelWarn, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == "msg" || a.Key == "queue" || a.Key == "attempt" {
			return a // ids and times differ each time
		}
		return slog.Attr{}
	}}))
	e, err := hammerworktest.Open(ctx)
	check(err)
	defer e.Close()
	w, err := worker.New(worker.Config{NATSURL: e.NATSURL, Logger: plain})
	check(err)
	check(worker.Handle(w, "mail", func(_ context.Context, j *worker.Job) (any, error) {
		j.Log().Warn("slow server") // with the ids of the job
		return nil, nil
	}))
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan error)
	go func() { ended <- w.Run(ctx) }()

	do(ctx, e, job.New("mail", nil))
	stop()
	<-ended
	// Output:
	// msg="slow server" queue=mail attempt=1
	// completed null
}

func ExampleJob_ParentResults() {
	ctx := context.Background()
	e := open(ctx)
	defer e.Close()

	check(e.Work(func(w *worker.Worker) error {
		return errors.Join(
			worker.Handle(w, "count", func(_ context.Context, j *worker.Job) (any, error) { return len(j.Name), nil }),
			worker.Handle(w, "sum", func(ctx context.Context, j *worker.Job) (any, error) {
				left, err := j.Parent(ctx, "left") // one of them, by its name
				if err != nil {
					return nil, err
				}
				text := string(left.Result)
				for p, err := range j.ParentResults(ctx) { // all of them
					if err != nil {
						return nil, err
					}
					text += " " + p.Name + "=" + string(p.Result)
				}
				return text, nil
			}),
		)
	}))
	sum := job.New("sum", nil)
	w := workflow.NewWorkflow("sum").AddParallel(job.New("count", nil).WithName("left"), job.New("count", nil).WithName("right")).Then(sum)
	_, err := e.Client.EnqueueWorkflow(ctx, w)
	check(err)
	done, err := e.Client.WaitJob(ctx, sum.ID)
	check(err)
	fmt.Println(string(done.Result))
	// Output: "4 left=4 right=5"
}

// A handler learns why its context has ended.
func Example_cause() {
	ctx := context.Background()
	e := open(ctx)
	defer e.Close()

	began := make(chan job.ID)
	check(e.Work(func(w *worker.Worker) error {
		return worker.Handle(w, "long", func(ctx context.Context, j *worker.Job) (any, error) {
			began <- j.ID()
			<-ctx.Done()
			switch cause := context.Cause(ctx); {
			case errors.Is(cause, worker.ErrCancelled):
				return "saved what there was", nil // still counts
			case errors.Is(cause, worker.ErrLeaseLost):
				return nil, cause // counts for nothing: another worker has it
			default: // worker.ErrTimeout, worker.ErrStopping
				return nil, cause
			}
		})
	}))
	j := job.New("long", nil)
	_, err := e.Client.Enqueue(ctx, j)
	check(err)
	check(e.Client.CancelJob(ctx, <-began))
	done, err := e.Client.WaitJob(ctx, j.ID)
	check(err)
	fmt.Println(done.Status, string(done.Result))
	// Output: completed "saved what there was"
}

// A job finds out what there is to do, and lets the last job of its workflow
// wait for all of it.
func ExampleJob_Spawn() {
	ctx := context.Background()
	e, err := hammerworktest.Open(ctx)
	check(err)
	defer e.Close()

	check(e.Work(func(w *worker.Worker) error {
		return errors.Join(
			worker.Handle(w, "scan", func(_ context.Context, j *worker.Job) (any, error) {
				for _, file := range []string{"a.csv", "b.csv"} {
					if err := j.Spawn(job.New("import", file).WithName("import-"+file), "report"); err != nil {
						return nil, err
					}
				}
				return nil, nil
			}),
			worker.Handle(w, "import", func(context.Context, *worker.Job) (any, error) { return 100, nil }),
			worker.Handle(w, "report", func(ctx context.Context, j *worker.Job) (any, error) {
				rows := 0
				for p, err := range j.ParentResults(ctx) {
					if err != nil {
						return nil, err
					}
					var n int
					_ = json.Unmarshal(p.Result, &n)
					rows += n
				}
				return rows, nil
			}),
		)
	}))

	report := job.New("report", nil)
	w := workflow.NewWorkflow("imports").Add(job.New("scan", nil)).Then(report)
	_, err = e.Client.EnqueueWorkflow(ctx, w)
	check(err)
	done, err := e.Client.WaitWorkflow(ctx, w.ID)
	check(err)
	last, err := e.Client.Job(ctx, report.ID)
	check(err)
	fmt.Println(done.Status, done.Stats.Total, "jobs,", string(last.Result), "rows")
	for j, err := range e.Client.Spawned(ctx, w.Jobs[0].ID) {
		check(err)
		fmt.Println("spawned", j.Name)
	}
	// Output:
	// completed 4 jobs, 200 rows
	// spawned import-a.csv
	// spawned import-b.csv
}
