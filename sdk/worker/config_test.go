package worker_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/hammerwork/hammerwork/sdk/worker"
)

const nowhere = "nats://127.0.0.1:1" // where nobody listens

func nothing(context.Context, *worker.Job) (any, error) { return nil, nil }

// built returns a worker that was not started.
func built(t *testing.T, cfg worker.Config) *worker.Worker {
	t.Helper()
	if cfg.NATSURL == "" {
		cfg.NATSURL = nowhere
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	w, err := worker.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestEveryWrongSettingIsNamedAtOnce(t *testing.T) {
	_, err := worker.New(worker.Config{Name: "a\nb", Concurrency: -1, DrainTimeout: -1, HandlerGrace: -1})
	if err == nil {
		t.Fatal("accepted")
	}
	want := []string{
		"worker.nats_url: no nats url",
		`worker.name "a\nb" is longer than 200 bytes or contains a control character`,
		"worker.concurrency is -1; it must be between 1 and 100000",
		"worker.drain_timeout is -1ns; it must not be negative",
		"worker.handler_grace is -1ns; it must not be negative",
	}
	if got := strings.Split(err.Error(), "\n"); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%v", err)
	}
}

func TestAWrongNATSURLIsRefusedBeforeAnythingStartsAndItsPasswordIsNotShown(t *testing.T) {
	for url, want := range map[string]string{
		"http://u:hush@host":                  `the nats url has the scheme "http"`,
		"nats://u:hush@":                      "the nats url names no host",
		"nats://u:hush@host:99999":            "the nats url has the port 99999",
		"nats://u:hush@ho st":                 "the nats url cannot be read",
		"nats://a,nats://u:hush@b:x":          "the nats url cannot be read",
		"nats://127.0.0.1:4222,, nats://good": "the nats url names no host",
	} {
		_, err := worker.New(worker.Config{NATSURL: url})
		if err == nil || !strings.HasPrefix(err.Error(), "worker.nats_url: "+want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", url, err)
		}
	}
	for _, url := range []string{"127.0.0.1:4222", "nats://a", "tls://u:hush@a:4222, nats://b", "wss://a/path"} {
		if _, err := worker.New(worker.Config{NATSURL: url}); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestAnOptionOfNATSThatCannotBeUsedIsRefusedAtNew(t *testing.T) {
	_, err := worker.New(worker.Config{NATSURL: nowhere, NATSOptions: []nats.Option{nats.RootCAs(t.TempDir() + "/absent.pem")}})
	if err == nil || !strings.Contains(err.Error(), "absent.pem") {
		t.Errorf("error: %v", err)
	}
	if _, err := worker.New(worker.Config{NATSURL: nowhere, NATSOptions: []nats.Option{nil}}); err == nil {
		t.Error("no option at all was accepted")
	}
}

func TestWorkersWithoutANameGetDifferentOnes(t *testing.T) {
	one, two := built(t, worker.Config{}), built(t, worker.Config{})
	if one.Name() == "" || one.Name() == two.Name() {
		t.Errorf("names %q and %q", one.Name(), two.Name())
	}
}

func TestAHandlerThatCannotBeRegisteredIsAnErrorAtOnceAndOfRun(t *testing.T) {
	typed := func(context.Context, *worker.Job, int) (string, error) { return "", nil }
	for name, c := range map[string]struct {
		add  func(w *worker.Worker) error
		want string
	}{
		"no slots":        {func(w *worker.Worker) error { return worker.Handle(w, "q", nothing, worker.Concurrency(0)) }, `handler of queue "q": concurrency is 0`},
		"negative slots":  {func(w *worker.Worker) error { return worker.HandleAll(w, nothing, worker.Concurrency(-1)) }, "handler of every queue: concurrency is -1"},
		"no handler":      {func(w *worker.Worker) error { return worker.Handle(w, "q", nil) }, `the handler of queue "q" is nil`},
		"no typed one":    {func(w *worker.Worker) error { return worker.HandleTyped[int, int](w, "q", nil) }, `the handler of queue "q" is nil`},
		"no queue":        {func(w *worker.Worker) error { return worker.Handle(w, "", nothing) }, "the queue's name is empty"},
		"no typed queue":  {func(w *worker.Worker) error { return worker.HandleTyped(w, "", typed) }, "the queue's name is empty"},
		"a second":        {func(w *worker.Worker) error { return worker.Handle(w, "taken", nothing) }, `there is a handler of queue "taken" already`},
		"a typed second":  {func(w *worker.Worker) error { return worker.HandleTyped(w, "taken", typed) }, `there is a handler of queue "taken" already`},
		"a second of all": {func(w *worker.Worker) error { _ = worker.HandleAll(w, nothing); return worker.HandleAll(w, nothing) }, "there is a handler of every queue already"},
	} {
		t.Run(name, func(t *testing.T) {
			w := built(t, worker.Config{})
			if err := worker.Handle(w, "taken", nothing); err != nil {
				t.Fatal(err)
			}
			err := c.add(w)
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("error %v, want %s", err, c.want)
			}
			if run := w.Run(t.Context()); run == nil || run.Error() != err.Error() {
				t.Errorf("error of Run: %v", run)
			}
		})
	}
}

func TestAWorkerWithoutHandlersDoesNotRun(t *testing.T) {
	if err := built(t, worker.Config{}).Run(t.Context()); err == nil || err.Error() != "the worker has no handlers" {
		t.Errorf("error: %v", err)
	}
}
