package client_test

import (
	"errors"
	"testing"
	"time"

	"github.com/hammerwork/hammerwork/internal/bus"
	"github.com/hammerwork/hammerwork/internal/bus/natsbus"
	"github.com/hammerwork/hammerwork/internal/bus/natsserver"
	"github.com/hammerwork/hammerwork/pkg/job"
	"github.com/hammerwork/hammerwork/pkg/workflow"
	"github.com/hammerwork/hammerwork/sdk/client"
)

// listener is a client on a NATS of its own, and what is said there.
type listener struct {
	*client.Client
	bus   *natsbus.Bus
	hints chan string // subjects
}

func listening(t *testing.T, url string, poll time.Duration) listener {
	t.Helper()
	server, err := natsserver.Start(natsserver.Options{Listen: "127.0.0.1:0", Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	b, err := natsbus.Connect(t.Context(), natsbus.Config{InProcess: server}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	l := listener{bus: b, hints: make(chan string, 100)}
	if _, err := b.Subscribe("hw.v1.>", "", func(m bus.Message) { l.hints <- m.Subject }); err != nil {
		t.Fatal(err)
	}
	l.Client, err = client.New(t.Context(), client.Config{DatabaseURL: url, NATSURL: server.URL(), Logger: quiet, PollInterval: poll})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// next returns the subject of the next message.
func (l listener) next(t *testing.T) string {
	t.Helper()
	select {
	case s := <-l.hints:
		return s
	case <-time.After(time.Minute):
		t.Fatal("nothing was said")
		return ""
	}
}

func TestAnEnqueueIsHintedAtOnceAndOneInATransactionWhenItsCallerSaysSo(t *testing.T) {
	onEachCaller(t, func(t *testing.T, url string, app caller) {
		l := listening(t, url, 0)
		if _, err := l.Enqueue(t.Context(), one("a").WithDelay(time.Hour)); err != nil {
			t.Fatal(err)
		}
		equal(t, "hint of a delayed job", l.next(t), bus.Timers)
		tx := app.begin()
		done, err := l.EnqueueTx(t.Context(), tx, one("b"))
		if err != nil {
			t.Fatal(err)
		}
		list, err := l.EnqueueManyTx(t.Context(), tx, nil)
		if err != nil || list != nil {
			t.Errorf("no jobs: %v, %v", list, err)
		}
		if err := app.commit(tx); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Enqueue(t.Context(), one("c").DependsOnIDs(done.ID)); err != nil {
			t.Fatal(err)
		}
		equal(t, "the first hint after the commit", l.next(t), bus.CheckEdges) // c's: nobody said anything of b
		l.Hint(t.Context(), done, done, client.Enqueued{})
		equal(t, "hint of the caller", l.next(t), bus.ReadySubject("q"))
		if _, err := l.EnqueueWorkflow(t.Context(), workflow.NewWorkflow("w").Add(one("d"))); err != nil {
			t.Fatal(err)
		}
		equal(t, "hint of a workflow", l.next(t), bus.ReadySubject("q"))
		if _, err := l.Enqueue(t.Context(), job.New("end", nil)); err != nil {
			t.Fatal(err)
		}
		equal(t, "the last hint", l.next(t), bus.ReadySubject("end")) // the caller's came once
	})
}

func TestAnEventEndsAWaitBeforeTheNextLook(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		l := listening(t, url, time.Hour)
		w := chain("a")
		if _, err := l.EnqueueWorkflow(t.Context(), w); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() {
			_, err := l.WaitWorkflow(within(t), w.ID)
			ended <- err
		}()
		// By another client, which has no NATS: the event is said by hand, again
		// and again, for nobody knows when the wait has begun.
		if err := open(t, url).CancelWorkflow(t.Context(), w.ID); err != nil {
			t.Fatal(err)
		}
		event, err := bus.Encode("id", bus.Event{Workflows: []bus.WorkflowEvent{{Workflow: w.ID, Status: "cancelled"}}})
		if err != nil {
			t.Fatal(err)
		}
		again := time.NewTicker(10 * time.Millisecond)
		defer again.Stop()
		for {
			select {
			case err := <-ended:
				if err != nil {
					t.Error(err)
				}
				return
			case <-again.C:
				if err := l.bus.Publish(bus.EventSubject("workflow"), event); err != nil {
					t.Fatal(err)
				}
			case <-l.hints: // not looked at
			}
		}
	})
}

func TestWhatSteeringLetsRunIsHintedAt(t *testing.T) {
	onEach(t, func(t *testing.T, url string) {
		l := listening(t, url, time.Hour)
		w := chain("a")
		if _, err := l.EnqueueWorkflow(t.Context(), w); err != nil {
			t.Fatal(err)
		}
		equal(t, "hint of the enqueue", l.next(t), bus.ReadySubject("q"))
		if err := errors.Join(l.PauseWorkflow(t.Context(), w.ID), l.ResumeWorkflow(t.Context(), w.ID)); err != nil {
			t.Fatal(err)
		}
		ready(t, l)
		if err := l.CancelWorkflow(t.Context(), w.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := l.RetryWorkflow(t.Context(), w.ID, client.Retry{Mode: workflow.RetryAll}); err != nil {
			t.Fatal(err)
		}
		ready(t, l)
	})
}

// ready waits for the hint at queue q; events come besides.
func ready(t *testing.T, l listener) {
	t.Helper()
	for l.next(t) != bus.ReadySubject("q") {
	}
}
