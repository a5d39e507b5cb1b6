package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/hammerwork/hammerwork/cmd/hammerwork/internal/handler"
	"github.com/hammerwork/hammerwork/internal/health"
	"github.com/hammerwork/hammerwork/internal/history/watch"
	"github.com/hammerwork/hammerwork/internal/telemetry"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/sdk/worker"
)

// workerFlags are the flags of worker.
type workerFlags struct {
	queues       []string
	allQueues    bool
	handler      string
	concurrency  int
	natsURL      string
	url          string
	env          []string
	name         string
	drain        time.Duration
	healthListen string
	log          logFlags
	history      historyFlag
}

var handlerNames = []string{"auto", "exec", "http", "simulate"}

func newWorker(a *app) *cobra.Command {
	var f workerFlags
	c := &cobra.Command{
		Use:   "worker --queue NAME[=N]…|--all-queues",
		Short: "Run a worker without code",
		Long: `worker runs jobs until it is told to stop. It needs NATS only; without --nats-url
it asks the API at --server where NATS is.

What a job does is said by its payload and --handler:

  exec      runs payload.command, a list of program and arguments, without a
            shell; what it prints is the result
  http      posts the job to payload.url, or to --url; the answer is the result
  simulate  sleeps payload.sleep_ms, fails the first payload.fail_times attempts,
            spawns payload.spawn, returns payload.result
  auto      exec for payload.command, http for payload.url, else simulate

On SIGTERM running jobs may end within --drain-timeout.`,
		Example: `  hammerwork worker --all-queues
  hammerwork worker --queue mail=20 --queue reports=2 --handler exec
  hammerwork worker --queue hooks --handler http --url https://example.com/run --nats-url nats://host:4222`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return a.work(c.Context(), f) },
	}
	flags := c.Flags()
	flags.StringSliceVar(&f.queues, "queue", nil, "serve the queue `NAME`, N jobs side by side with NAME=N; may be repeated")
	flags.BoolVar(&f.allQueues, "all-queues", false, "serve every queue")
	flags.StringVar(&f.handler, "handler", "auto", "what runs the jobs: auto, exec, http or simulate")
	flags.IntVar(&f.concurrency, "concurrency", 10, "`number` of jobs of a queue, or of all queues, that run side by side")
	secretFlag(flags, &f.natsURL, "nats-url", "`URL` of NATS, several separated by commas")
	flags.StringVar(&f.url, "url", "", "`URL` that http posts jobs to that have none of their own")
	flags.StringSliceVar(&f.env, "env", nil, "pass this environment `variable` on to commands; may be repeated")
	flags.StringVar(&f.name, "name", "", "`name` of the worker; no two that live may share it (default: the host's name and a random suffix)")
	flags.DurationVar(&f.drain, "drain-timeout", 30*time.Second, "`time` that running jobs may take when the worker stops")
	flags.StringVar(&f.healthListen, "health-listen", "", "answer /livez, /readyz and /metrics on this `address`")
	f.log.add(c)
	f.history.add(c)
	a.serverFlags(c)
	complete(c, "handler", handlerNames...)
	c.AddCommand(newWorkerList(a))
	return c
}

// served is a queue and how many of its jobs run side by side.
type served struct {
	queue string // empty: every queue
	slots int
}

// served reads --queue and --all-queues.
func (f workerFlags) served() ([]served, error) {
	switch {
	case f.concurrency < 1 || f.concurrency > maxConcurrency:
		return nil, &usageError{fmt.Errorf("--concurrency %d is not between 1 and %d", f.concurrency, maxConcurrency), "10 is the default"}
	case f.allQueues && len(f.queues) > 0:
		return nil, &usageError{errors.New("--queue and --all-queues exclude each other"), "leave one of them out"}
	case f.allQueues:
		return []served{{"", f.concurrency}}, nil
	case len(f.queues) == 0:
		return nil, &usageError{errors.New("no queue is named"), "--queue NAME, or --all-queues"}
	}
	var list []served
	for _, text := range f.queues {
		s := served{text, f.concurrency}
		if i := strings.LastIndexByte(text, '='); i >= 0 {
			n, err := strconv.Atoi(text[i+1:])
			if err != nil || n < 1 || n > maxConcurrency {
				return nil, &usageError{fmt.Errorf("--queue %q: after = comes a number between 1 and %d", text, maxConcurrency), "like --queue mail=20"}
			}
			s = served{text[:i], n}
		}
		if s.queue == "" {
			return nil, &usageError{fmt.Errorf("--queue %q names no queue", text), "--all-queues serves every queue"}
		}
		if utf8.RuneCountInString(s.queue) > job.MaxName || strings.ContainsFunc(s.queue, unicode.IsControl) {
			return nil, &usageError{fmt.Errorf("--queue %.60q is not a name that a queue can have", s.queue), fmt.Sprintf("use at most %d characters without control characters", job.MaxName)}
		}
		if slices.ContainsFunc(list, func(o served) bool { return o.queue == s.queue }) {
			return nil, &usageError{fmt.Errorf("--queue %s is there twice", s.queue), "name each queue once"}
		}
		list = append(list, s)
	}
	return list, nil
}

// handle makes the handler that the flags ask for.
func (f workerFlags) handle() (h worker.Handler, simulated func() int64, err error) {
	none := func() int64 { return 0 }
	exec := handler.ExecConfig{Env: f.env}
	post := handler.HTTPConfig{URL: f.url}
	switch f.handler {
	case "auto":
		auto := handler.Auto(handler.Config{Exec: exec, HTTP: post})
		return auto.Handle, auto.Simulated, nil
	case "exec":
		return handler.Exec(exec), none, nil
	case "http":
		return handler.HTTP(post), none, nil
	case "simulate":
		return handler.Simulate(), none, nil
	}
	return nil, nil, &usageError{fmt.Errorf("--handler %q: it is one of %s", f.handler, strings.Join(handlerNames, ", ")), "auto is the default"}
}

func (a *app) work(ctx context.Context, f workerFlags) (err error) {
	queues, err := f.served()
	if err != nil {
		return err
	}
	handle, simulated, err := f.handle()
	if err != nil {
		return err
	}
	if err := errors.Join(checkEnv(f.env), f.log.check()); err != nil {
		return err
	}
	stopped, release := a.untilStopped(ctx)
	defer release()
	tracing, stopTracing, err := telemetry.NewTracing(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopTracing(context.WithoutCancel(ctx))) }()
	cfg := worker.Config{
		NATSURL: f.natsURL, Name: f.name, DrainTimeout: f.drain, HandlerGrace: handlerGrace,
		Logger: telemetry.NewLogger(a.err, f.log.level, f.log.format), TracerProvider: tracing,
	}
	if f.natsURL == "" {
		if cfg.NATSURL, err = a.findNATS(stopped); err != nil {
			return err
		}
		cfg.FindNATS = a.findNATS
	}
	recorder, err := f.history.open("worker", f.name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, recorder.Close()) }()
	w, err := worker.New(watch.WithHistory(cfg, recorder))
	if err != nil {
		return &usageError{err, "hammerwork worker --help shows the flags"}
	}
	for _, q := range queues {
		if q.queue == "" {
			err = worker.HandleAll(w, handle, worker.Concurrency(q.slots))
		} else {
			err = worker.Handle(w, q.queue, handle, worker.Concurrency(q.slots))
		}
		if err != nil {
			return &usageError{err, "hammerwork worker --help shows the flags"}
		}
	}
	if f.healthListen != "" {
		stop, err := a.workerHealth(ctx, f.healthListen, w, cfg)
		if err != nil {
			return err
		}
		defer stop()
	}
	err = w.Run(stopped)
	if n := int(simulated()); n > 0 {
		a.say("note:", simulatedNote(n))
	}
	return err
}

// handlerGrace is how long a handler may ignore the end of its context: a
// little longer than the built-in ones give a program to stop.
const handlerGrace = 10 * time.Second

// workerHealth answers health checks of a worker until stop is called.
func (a *app) workerHealth(ctx context.Context, address string, w *worker.Worker, cfg worker.Config) (stop func(), err error) {
	status := health.NewStatus()
	status.Add("nats", func(context.Context) error {
		if !w.Connected() {
			return errors.New("not connected")
		}
		return nil
	})
	status.Set("")
	server, err := health.Listen(ctx, address, status, telemetry.NewRegistry(), cfg.Logger)
	if err != nil {
		return nil, portTaken(err, "health-listen", address)
	}
	up, down := context.WithCancel(ctx)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		if err := server.Run(up); err != nil {
			cfg.Logger.Error("health checks", "error", err)
		}
	}()
	return func() { down(); <-answered }, nil
}
